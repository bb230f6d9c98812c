"""The writes that Redis carries out as one: Lua, each on the keys of a single conversation.

A script is all or nothing and asks nobody else meanwhile, so that two bot processes that answer
the same message cannot both win. Of a conversation, `KEYS[1..4]` are always turns, archive, state
and pending (`ConversationKeys.kept`); they expire together, but for a state that holds a setting.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua script and the name under which Redis keeps it once it was loaded."""

    text: str

    @property
    def sha(self) -> str:
        """The SHA-1 of the text: Redis's own name for the script."""
        return hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


# What was said is forgotten after a quiet month; what an owner has set is not.
_EXPIRE = """
for i = 1, 4 do redis.call('EXPIRE', KEYS[i], ttl) end
local own = redis.call('HGET', KEYS[3], 'system')
if own and own ~= 'null' then redis.call('PERSIST', KEYS[3]) end
"""

# ARGV: ttl, reply, entry, then (turn id, turn) pairs.
# An entry that is there byte for byte was written by this very call, whose answer got lost on the
# way (each call puts its own nonce into the entry): the repetition reports the same success.
JOURNAL = Script(
    """
local ttl, reply, entry = ARGV[1], ARGV[2], ARGV[3]
local known = redis.call('HGET', KEYS[4], reply)
if known == entry then return 1 end
if known or redis.call('HEXISTS', KEYS[1], reply) == 1 then return 0 end
for i = 4, #ARGV, 2 do
  if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 1 then return 0 end
end
redis.call('HSET', KEYS[4], reply, entry)
for i = 4, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
"""
    + _EXPIRE
    + "return 1"
)

# KEYS[5]: sent. ARGV: ttl, how many turns the archive keeps, reply, sent ttl, prompt ('' = leave
# the last one), number of turns, their (id, turn) pairs, number of dropped ids, the ids, and the
# state's (field, value) pairs. The archive is a sorted set, so that a repetition of the call adds
# nothing. Turns are written before they move, so that a turn which is counted
# and cut by the same reply reaches the archive in its newest form.
COMMIT = Script(
    """
local ttl, bound = ARGV[1], tonumber(ARGV[2])
local reply, sent_ttl, prompt = ARGV[3], ARGV[4], ARGV[5]
local at = 7
for _ = 1, tonumber(ARGV[6]) do
  redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
  at = at + 2
end
local dropped = tonumber(ARGV[at])
at = at + 1
for _ = 1, dropped do
  local turn = redis.call('HGET', KEYS[1], ARGV[at])
  if turn then
    local readable, fields = pcall(cjson.decode, turn)
    local n = readable and type(fields) == 'table' and tonumber(fields.n) or 0
    redis.call('ZADD', KEYS[2], n, turn)
    redis.call('HDEL', KEYS[1], ARGV[at])
  end
  at = at + 1
end
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -bound - 1)
for i = at, #ARGV, 2 do redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]) end
if prompt ~= '' then redis.call('SET', KEYS[5], prompt, 'EX', sent_ttl) end
redis.call('HDEL', KEYS[4], reply)
"""
    + _EXPIRE
    + "return 1"
)

# ARGV: ttl, then the state's (field, value) pairs.
SAVE_STATE = Script(
    """
local ttl = ARGV[1]
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]) end
"""
    + _EXPIRE
    + "return 1"
)

# KEYS[5]: sent. ARGV: ttl, then the state's fields that tell of the turns. Answers how many turns
# there were, live and archived, and the ids of the replies that were owed.
CLEAR = Script(
    """
local ttl = ARGV[1]
local turns = redis.call('HLEN', KEYS[1]) + redis.call('ZCARD', KEYS[2])
local owed = redis.call('HKEYS', KEYS[4])
redis.call('DEL', KEYS[1], KEYS[2], KEYS[4], KEYS[5])
for i = 2, #ARGV do redis.call('HDEL', KEYS[3], ARGV[i]) end
"""
    + _EXPIRE
    + "return {turns, owed}"
)

# KEYS[1]: an owner's schemas. ARGV: how many there may be, name, record. Answers whether it fits.
SAVE_SCHEMA = Script(
    """
local known = redis.call('HEXISTS', KEYS[1], ARGV[2]) == 1
if not known and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
return 1
"""
)

# ARGV: ttl, turn id, turn. Answers whether the turn is in the window.
AMEND = Script(
    """
local ttl = ARGV[1]
if redis.call('HEXISTS', KEYS[1], ARGV[2]) == 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
"""
    + _EXPIRE
    + "return 1"
)

# KEYS of all scripts about reminders: due, saved, claimed, and those of one person where one is
# concerned: a hash of ids to numbers, whose field `last` is the newest number. What is numbered is
# never numbered again, so that a late cancellation cannot meet another reminder.

# ARGV: most, ttl, id, due, record. Answers the reminder's number, 0 if there are too many others.
SAVE_REMINDER = Script(
    """
local most, ttl, id = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local known = redis.call('HGET', KEYS[4], id)
if known then return tonumber(known) end
local others = redis.call('HLEN', KEYS[4]) - redis.call('HEXISTS', KEYS[4], 'last')
if others >= most then return 0 end
local number = redis.call('HINCRBY', KEYS[4], 'last', 1)
redis.call('HSET', KEYS[4], id, number)
redis.call('ZADD', KEYS[1], ARGV[4], id)
redis.call('HSET', KEYS[2], id, ARGV[5])
for i = 1, 4 do redis.call('EXPIRE', KEYS[i], ttl) end
return number
"""
)

# Answers numbers and records of one person's reminders, in turn.
LIST_REMINDERS = Script(
    """
local found, numbers = {}, redis.call('HGETALL', KEYS[4])
for i = 1, #numbers, 2 do
  local record = redis.call('HGET', KEYS[2], numbers[i])
  if record then
    found[#found + 1] = numbers[i + 1]
    found[#found + 1] = record
  end
end
return found
"""
)

# ARGV: number. Answers the record of what was cancelled, nil if there is none of that number.
CANCEL_REMINDER = Script(
    """
local numbers = redis.call('HGETALL', KEYS[4])
for i = 1, #numbers, 2 do
  local id = numbers[i]
  if id ~= 'last' and numbers[i + 1] == ARGV[1] then
    local record = redis.call('HGET', KEYS[2], id)
    redis.call('ZREM', KEYS[1], id)
    redis.call('HDEL', KEYS[2], id)
    redis.call('HDEL', KEYS[3], id)
    redis.call('HDEL', KEYS[4], id)
    return record
  end
end
return false
"""
)

# ARGV: now, the end of the claim, how many. Answers records and the times of earlier claims ('' if
# there was none), in turn, and last the time at which the next one is due ('' if there is none).
CLAIM_REMINDERS = Script(
    """
local found = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])) do
  local record = redis.call('HGET', KEYS[2], id)
  if record then
    found[#found + 1] = record
    found[#found + 1] = redis.call('HGET', KEYS[3], id) or ''
    redis.call('ZADD', KEYS[1], ARGV[2], id)
    redis.call('HSET', KEYS[3], id, ARGV[1])
  else
    redis.call('ZREM', KEYS[1], id)
  end
end
found[#found + 1] = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] or ''
return found
"""
)

ALL = (
    JOURNAL,
    COMMIT,
    SAVE_STATE,
    CLEAR,
    SAVE_SCHEMA,
    AMEND,
    SAVE_REMINDER,
    LIST_REMINDERS,
    CANCEL_REMINDER,
    CLAIM_REMINDERS,
)

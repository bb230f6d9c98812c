"""The writes that Redis carries out as one: Lua, each on the keys of a single conversation.

A script is all or nothing and asks nobody else meanwhile, so that two bot processes that answer
the same message cannot both win. Of a conversation, `KEYS[1..8]` are always turns, archive, state,
pending, sent, undone, before and thoughts (`ConversationKeys.every`). The first four expire
together, but for a state that holds a setting; the others have a shorter life of their own.
"""

from __future__ import annotations

from bot.store import (
    fact_scripts,
    library_scripts,
    people_scripts,
    process_scripts,
    revision_scripts,
    use_scripts,
)
from bot.store.script import EXPIRE, TEXT_OF, Script

# A conversation as it is at one moment: turns, state and pending, as fields and values in turn, and
# whether there is an archive.
LOAD = Script(
    """
return {
  redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[3]), redis.call('HGETALL', KEYS[4]),
  redis.call('EXISTS', KEYS[2])
}
"""
)

# Whoever says something new leaves what was taken back behind: it cannot be brought again. Nor can
# what stood there before a file was brought (`b:` tells that nothing was said since).
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
if #ARGV > 4 then redis.call('DEL', KEYS[6]) end
redis.call('HDEL', KEYS[7], 'b:')
"""
    + EXPIRE
    + "return 1"
)

# ARGV: ttl, how many turns the archive keeps, the process that asks, reply, its turn ('' = none),
# the id of the reply that it replaces (''), sent ttl, prompt ('' = leave the last one), number of
# counted turns, their (id, text as it was read, turn) triples, number of dropped ids, the ids, and
# the state's (field, value) pairs. Nothing is written of a reply that is owed no more and was not
# written before: what it answers was forgotten meanwhile. A turn gets its counts only if it is
# still as it was read; what somebody changed or took away meanwhile stays so. A reply that was
# begun before somebody's words were erased here (`erased` is how often that happened) is settled,
# and nothing of it is written: it was made of them. The archive is a sorted set, so that a
# repetition of the call adds nothing. Answers 1 if the reply is owed or was written, 0 if not, and
# 2 if it is another process's by now: then nothing is written.
COMMIT = Script(
    TEXT_OF
    + """
local ttl, bound = ARGV[1], tonumber(ARGV[2])
local me, reply, turn, replaced, sent_ttl = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local prompt = ARGV[8]
local owed = redis.call('HGET', KEYS[4], reply)
if not owed and redis.call('HEXISTS', KEYS[1], reply) == 0 then return 0 end
if owed then
  local readable, entry = pcall(cjson.decode, owed)
  local by = readable and type(entry) == 'table' and entry.by
  if by and by ~= me then return 2 end
end
local at = 10 + 3 * tonumber(ARGV[9])
local erased = redis.call('HGET', KEYS[3], 'erased') or '0'
for i = at + 1 + tonumber(ARGV[at]), #ARGV, 2 do
  if ARGV[i] == 'erased' and ARGV[i + 1] ~= erased then
    redis.call('HDEL', KEYS[4], reply)
    return 0
  end
end
at = 10
for _ = 1, tonumber(ARGV[9]) do
  if text_of(ARGV[at]) == ARGV[at + 1] then
    redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 2])
  end
  at = at + 3
end
if turn ~= '' then
  redis.call('HSET', KEYS[1], reply, turn)
  if replaced ~= '' then redis.call('HDEL', KEYS[1], replaced) end
end
local dropped = tonumber(ARGV[at])
at = at + 1
for _ = 1, dropped do
  local old = redis.call('HGET', KEYS[1], ARGV[at])
  if old then
    local readable, fields = pcall(cjson.decode, old)
    local n = readable and type(fields) == 'table' and tonumber(fields.n) or 0
    redis.call('ZADD', KEYS[2], n, old)
    redis.call('HDEL', KEYS[1], ARGV[at])
  end
  at = at + 1
end
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -bound - 1)
for i = at, #ARGV, 2 do redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]) end
if prompt ~= '' then redis.call('SET', KEYS[5], prompt, 'EX', sent_ttl) end
redis.call('HDEL', KEYS[4], reply)
"""
    + EXPIRE
    + "return 1"
)

# What somebody has set up themselves is lent no more.
_OWN = """
if redis.call('HEXISTS', KEYS[3], 'lent') == 1 then redis.call('HSET', KEYS[3], 'lent', '0') end
"""

# ARGV: ttl, then the state's (field, value) pairs. How often something was erased only grows.
SAVE_STATE = Script(
    """
local ttl = ARGV[1]
for i = 2, #ARGV, 2 do
  if ARGV[i] ~= 'erased' then redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]) end
end
"""
    + _OWN
    + EXPIRE
    + "return 1"
)

# ARGV: ttl, the stage ('' = none).
SAVE_STAGE = Script(
    """
local ttl = ARGV[1]
if ARGV[2] == '' then
  redis.call('HDEL', KEYS[3], 'stage')
else
  redis.call('HSET', KEYS[3], 'stage', ARGV[2])
end
"""
    + _OWN
    + EXPIRE
    + "return 1"
)

# ARGV: ttl, system prompt, stage ('' = none). Nothing is lent where anything was ever set up, so
# that what somebody took away there does not come back.
LEND = Script(
    """
local ttl = ARGV[1]
local own = redis.call('HGET', KEYS[3], 'system')
local set = own and own ~= 'null' or redis.call('HEXISTS', KEYS[3], 'stage') == 1
if not set and redis.call('HEXISTS', KEYS[3], 'lent') == 0 then
  redis.call('HSET', KEYS[3], 'lent', '1')
  if ARGV[2] ~= '' then redis.call('HSET', KEYS[3], 'system', ARGV[2]) end
  if ARGV[3] ~= '' then redis.call('HSET', KEYS[3], 'stage', ARGV[3]) end
end
"""
    + EXPIRE
    + "return 1"
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
    LOAD,
    JOURNAL,
    COMMIT,
    SAVE_STATE,
    SAVE_SCHEMA,
    SAVE_REMINDER,
    LIST_REMINDERS,
    CANCEL_REMINDER,
    CLAIM_REMINDERS,
    *fact_scripts.ALL,
    *library_scripts.ALL,
    *revision_scripts.ALL,
    *people_scripts.ALL,
    SAVE_STAGE,
    LEND,
    use_scripts.COUNT_USE,
    *process_scripts.ALL,
    use_scripts.SPEND,
)

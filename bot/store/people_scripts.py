"""The scripts that serve erasing and retention.

`KEYS[1..4]` are those of a conversation, as in `scripts.py`, but for `CHANGE`. What erases has to
work where memory is full, too: a script that has taken something away first, if only a field that
is not there, may write after that.
"""

from __future__ import annotations

from bot.store.script import EXPIRE, LASTS, Script

# ARGV: ttl. Notes that something was erased: replies and summaries that were begun before are not
# taken any more. The conversation lives no longer for it.
MARK_ERASED = Script(
    """
local known = redis.call('EXISTS', KEYS[3])
redis.call('HDEL', KEYS[3], '')
redis.call('HINCRBY', KEYS[3], 'erased', 1)
redis.call('HINCRBY', KEYS[3], 'changes', 1)
if known == 0 then redis.call('EXPIRE', KEYS[3], ARGV[1]) end
return 1
"""
)

# ARGV: ttl, the server, how long it keeps what is said (seconds, 0: as long as others). Written
# with each question, so that all later writes know it.
KEEP = Script(
    """
local ttl = ARGV[1]
redis.call('HSET', KEYS[3], 'server', ARGV[2])
if ARGV[3] == '0' then
  redis.call('HDEL', KEYS[3], 'keep')
else
  redis.call('HSET', KEYS[3], 'keep', ARGV[3])
end
"""
    + EXPIRE
    + "return 1"
)

# KEYS: those of every script, then copies of them. ARGV: how long is kept otherwise, and here from
# now on (seconds). What is older than that goes at once, but for what an owner has set. Answers
# whether all of it went.
SHORTEN = Script(
    LASTS
    + """
local whole, now = tonumber(ARGV[1]), tonumber(ARGV[2])
local before = math.min(whole, tonumber(redis.call('HGET', KEYS[3], 'keep') or whole))
redis.call('HSET', KEYS[3], 'keep', now)
local left = 0
for i = 1, 4 do left = math.max(left, redis.call('TTL', KEYS[i])) end
if left > 0 then left = now - (before - left) else left = now end
for i = 1, #KEYS do
  if i == 3 and lasts then
    redis.call('PERSIST', KEYS[i])
    if left <= 0 then redis.call('HDEL', KEYS[i], 'summary') end
  elseif left <= 0 then
    redis.call('DEL', KEYS[i])
  elseif i <= 4 or redis.call('TTL', KEYS[i]) > left then
    redis.call('EXPIRE', KEYS[i], left)
  end
end
return left > 0 and 0 or 1
"""
)

# What was said has expired, and with it its summary, also where the state is kept.
FADE = Script(
    """
if redis.call('EXISTS', KEYS[1], KEYS[2]) == 0 then redis.call('HDEL', KEYS[3], 'summary') end
return 1
"""
)

# KEYS[1]: a key of any kind. ARGV: (name, old value, new value) of what is in it; name is the field
# of a hash, else empty. An empty new value takes it away. A hash's field goes whatever it holds by
# then; nothing else is touched that has changed meanwhile.
CHANGE = Script(
    """
local kind = redis.call('TYPE', KEYS[1]).ok
for i = 1, #ARGV, 3 do
  local name, old, new = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if kind == 'hash' then
    local same = redis.call('HGET', KEYS[1], name) == old
    if same or new == '' then redis.call('HDEL', KEYS[1], name) end
    if same and new ~= '' then redis.call('HSET', KEYS[1], name, new) end
  elseif kind == 'set' then
    if redis.call('SREM', KEYS[1], old) == 1 and new ~= '' then redis.call('SADD', KEYS[1], new) end
  elseif kind == 'zset' then
    local score = redis.call('ZSCORE', KEYS[1], old)
    if score then
      redis.call('ZREM', KEYS[1], old)
      if new ~= '' then redis.call('ZADD', KEYS[1], score, new) end
    end
  elseif kind == 'list' then
    if new == '' then redis.call('LREM', KEYS[1], 1, old)
    else
      for at, held in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
        if held == old then
          redis.call('LREM', KEYS[1], 1, '')
          redis.call('LSET', KEYS[1], at - 1, new)
          break
        end
      end
    end
  elseif kind == 'string' and redis.call('GET', KEYS[1]) == old then
    redis.call('DEL', KEYS[1])
  end
end
return 1
"""
)

ALL = (MARK_ERASED, KEEP, SHORTEN, FADE, CHANGE)

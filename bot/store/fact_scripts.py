"""The scripts that are about facts: what people asked the bot to remember."""

from __future__ import annotations

from bot.store.script import Script

# KEYS[1] of all scripts about facts: those of one owner, by the time at which they were told. What
# an early release wrote has no id; it is called by the beginning of its hash.
_FACT = """
local function read(member)
  local readable, fact = pcall(cjson.decode, member)
  if not readable or type(fact) ~= 'table' then fact = {} end
  if not fact.id then fact.id = string.sub(redis.sha1hex(member), 1, 8) end
  return fact
end
"""

# ARGV: ttl. Answers all facts, newest first; what is used is kept longer. Only once a day, since
# it is asked with every reply.
FACTS = Script(
    """
local found = redis.call('ZREVRANGE', KEYS[1], 0, -1)
local ttl = tonumber(ARGV[1])
if #found > 0 and redis.call('TTL', KEYS[1]) < ttl - 86400 then
  redis.call('EXPIRE', KEYS[1], ttl)
end
return found
"""
)

# ARGV: ttl, how many there may be, Unix time, record, its text, its asker. A repetition of the
# call adds nothing; the same words of the same person stay once, pinned if they were.
REMEMBER = Script(
    _FACT
    + """
local there = redis.call('ZRANGE', KEYS[1], 0, -1)
local over = #there + 1 - tonumber(ARGV[2])
local pinned = {}
for _, member in ipairs(there) do
  local fact = read(member)
  if member == ARGV[4] then return 1 end
  pinned[member] = fact.pinned
  if fact.text == ARGV[5] and fact.asker == ARGV[6] then
    if fact.pinned then return 1 end
    redis.call('ZREM', KEYS[1], member)
    over = over - 1
  end
end
for _, member in ipairs(there) do
  if over > 0 and not pinned[member] then
    over = over - redis.call('ZREM', KEYS[1], member)
  end
end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1
"""
)

# ARGV: ttl, id, record ('' = forget it). Answers whether there is such a fact.
CHANGE_FACT = Script(
    _FACT
    + """
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if read(member).id == ARGV[2] then
    local at = redis.call('ZSCORE', KEYS[1], member)
    redis.call('ZREM', KEYS[1], member)
    if ARGV[3] ~= '' then
      redis.call('ZADD', KEYS[1], at, ARGV[3])
      redis.call('EXPIRE', KEYS[1], ARGV[1])
    end
    return 1
  end
end
return 0
"""
)

ALL = (FACTS, REMEMBER, CHANGE_FACT)

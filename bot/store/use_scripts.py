"""Counting the use of a server, and what a reply has cost, as one script each."""

from __future__ import annotations

from bot.store.script import Script

# KEYS: figures, people, seen. ARGV: ttl, how long it is remembered what was counted, reply, number
# of people, the people, then (field, amount) pairs. A reply is counted once, however often its
# commit is repeated.
COUNT_USE = Script(
    """
if redis.call('SADD', KEYS[3], ARGV[3]) == 0 then return 0 end
redis.call('EXPIRE', KEYS[3], ARGV[2])
local people = tonumber(ARGV[4])
for i = 5, 4 + people do redis.call('PFADD', KEYS[2], ARGV[i]) end
for i = 5 + people, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[1])
return 1
"""
)

# KEYS: tokens. ARGV: ttl, reply, its tokens. What the reply has cost before is replaced, so that a
# commit may be repeated.
SPEND = Script(
    """
local before = tonumber(redis.call('HGET', KEYS[1], ARGV[2]) or '0')
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
redis.call('HINCRBY', KEYS[1], '=', tonumber(ARGV[3]) - before)
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1
"""
)

"""The scripts about the bot's processes, and who has which reply."""

from __future__ import annotations

from bot.store.script import Script

# KEYS[1]: who lives, by the time (in milliseconds of the server's clock) until which that holds.
# ARGV: process, for how long, for how many seconds the key is kept. Answers 1 if the sign of this
# process was there and had run out, else 0; the time; and everybody with their times, in turn.
BEAT = Script(
    """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local before = redis.call('ZSCORE', KEYS[1], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[3] * 1000)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
local signs = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
local lapsed = before and tonumber(before) < now and 1 or 0
local answer = {lapsed, string.format('%.0f', now)}
for _, part in ipairs(signs) do answer[#answer + 1] = part end
return answer
"""
)

# KEYS[1]: what is owed in a conversation. ARGV: reply, its entry as it was read, the new entry.
TAKE = Script(
    """
local entry = redis.call('HGET', KEYS[1], ARGV[1])
if entry == ARGV[3] then return 1 end
if entry ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
"""
)

ALL = (BEAT, TAKE)

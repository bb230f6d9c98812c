"""The scripts about the bot's processes, and who has which reply."""

from __future__ import annotations

from bot.store.script import Script

# KEYS[1]: who lives: process -> how often it has said so. ARGV: process, its count, for how many
# seconds the key is kept. Answers whether the process was there before, and all processes with
# their counts, in turn. No clock is needed: others see whether a count still grows.
BEAT = Script(
    """
local known = redis.call('HEXISTS', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return {known, redis.call('HGETALL', KEYS[1])}
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

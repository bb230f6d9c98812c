"""The scripts that keep libraries: characters, lorebooks, and the files (blobs) of both.

`KEYS[1..4]` are always a library's characters, worlds, blobs and unused ones
(`LibraryKeys.scripted`). A blob is needed for as long as a record names it. After that a story may
still be told with it, so it is kept a while longer, from its last use on.
"""

from __future__ import annotations

from bot.store.script import Script

_NEEDED = """
local function needed()
  local found = {}
  for key = 1, 2 do
    for _, raw in ipairs(redis.call('HVALS', KEYS[key])) do
      local readable, record = pcall(cjson.decode, raw)
      if readable and type(record) == 'table' then
        for _, field in ipairs({'card', 'picture', 'book'}) do
          if record[field] then found[record[field]] = true end
        end
      end
    end
  end
  return found
end
local function read(raw)
  local readable, record = pcall(cjson.decode, raw or '')
  return readable and type(record) == 'table' and record or {}
end
"""

# What is not named any more is noted with its owner's id, so that erasing them finds it.
_RETIRE = (
    _NEEDED
    + """
local function used(digest)
  return tonumber(read(redis.call('HGET', KEYS[4], digest)).used) or 0
end
local function forget(digest)
  redis.call('HDEL', KEYS[3], digest)
  redis.call('HDEL', KEYS[4], digest)
end
local function retire(owner, now, kept)
  local still = needed()
  for _, digest in ipairs(redis.call('HKEYS', KEYS[3])) do
    if still[digest] then
      redis.call('HDEL', KEYS[4], digest)
    elseif redis.call('HEXISTS', KEYS[4], digest) == 0 then
      redis.call('HSET', KEYS[4], digest, cjson.encode({owner = owner, used = now}))
    elseif used(digest) < now - kept then
      forget(digest)
    end
  end
end
"""
)

# ARGV: whether it is a character (1) or a world (2), how many there may be, how many bytes, Unix
# time, for how long (seconds) what is not named any more is kept, id, record, then (digest, bytes)
# pairs. What is not named any more gives way first, the longest unused before others. Answers 0,
# and changes nothing, if there is no room.
SAVE = Script(
    _RETIRE
    + """
local records, most, room = KEYS[tonumber(ARGV[1])], tonumber(ARGV[2]), tonumber(ARGV[3])
local now, kept, id = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local before = redis.call('HGET', records, id)
if not before and redis.call('HLEN', records) >= most then return 0 end
local over = -room
for i = 8, #ARGV, 2 do
  if redis.call('HEXISTS', KEYS[3], ARGV[i]) == 0 then over = over + #ARGV[i + 1] end
end
if over > -room then
  local spare, spared = {}, 0
  for _, digest in ipairs(redis.call('HKEYS', KEYS[3])) do
    over = over + redis.call('HSTRLEN', KEYS[3], digest)
  end
  for _, digest in ipairs(redis.call('HKEYS', KEYS[4])) do
    local size = redis.call('HSTRLEN', KEYS[3], digest)
    spare[#spare + 1] = {digest, size, used(digest)}
    spared = spared + size
  end
  if over > spared then return 0 end
  table.sort(spare, function(one, other) return one[3] < other[3] end)
  for _, one in ipairs(spare) do
    if over > 0 then
      forget(one[1])
      over = over - one[2]
    end
  end
end
redis.call('HSET', records, id, ARGV[7])
for i = 8, #ARGV, 2 do redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]) end
retire(read(before).owner or '', now, kept)
return 1
"""
)

# ARGV: whether it is a character (1) or a world (2), Unix time, for how long what is not named any
# more is kept, id. Answers whether there was one.
DELETE = Script(
    _RETIRE
    + """
local records = KEYS[tonumber(ARGV[1])]
local before = redis.call('HGET', records, ARGV[4])
if not before then return 0 end
redis.call('HDEL', records, ARGV[4])
retire(read(before).owner or '', tonumber(ARGV[2]), tonumber(ARGV[3]))
return 1
"""
)

# ARGV: Unix time, digest. Answers the blob; one that no record names is kept longer for its use.
BLOB = Script(
    _NEEDED
    + """
local unused = redis.call('HGET', KEYS[4], ARGV[2])
if unused then
  local owner = read(unused).owner or ''
  redis.call('HSET', KEYS[4], ARGV[2], cjson.encode({owner = owner, used = tonumber(ARGV[1])}))
end
return redis.call('HGET', KEYS[3], ARGV[2])
"""
)

# Takes away the blobs that neither a record nor the list of unused ones names, since the eraser
# has removed what named them. Answers how many that were.
TIDY = Script(
    _NEEDED
    + """
local still, gone = needed(), 0
for _, digest in ipairs(redis.call('HKEYS', KEYS[3])) do
  if not still[digest] and redis.call('HEXISTS', KEYS[4], digest) == 0 then
    gone = gone + redis.call('HDEL', KEYS[3], digest)
  end
end
return gone
"""
)

ALL = (SAVE, DELETE, BLOB, TIDY)

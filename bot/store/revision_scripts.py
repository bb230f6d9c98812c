"""The scripts that change what was said: edits, deletions, what is taken back and brought again.

`KEYS` are those of a conversation, as in `scripts.py`.
"""

from __future__ import annotations

from bot.store.script import EXPIRE, TEXT_OF, Script

# What all changes of what was said have in common: a summary that covers a changed turn is void,
# and so is the prompt that is kept for /context, since it holds the words of before. A summary that
# tells nothing tells nothing of that turn either: what people wanted forgotten stays so. Where a
# reset has put a talk aside, its summary goes with any change. Where a file was brought behind a
# talk, what was put aside is a copy of turns that are still there, and changes with them.
_CHANGED = """
local function number_of(turn)
  local readable, fields = pcall(cjson.decode, turn)
  return readable and type(fields) == 'table' and tonumber(fields.n) or 0
end
local function changed(n)
  redis.call('HINCRBY', KEYS[3], 'changes', 1)
  redis.call('DEL', KEYS[5])
  local raw = redis.call('HGET', KEYS[3], 'summary')
  if not raw then return end
  local readable, summary = pcall(cjson.decode, raw)
  local through = readable and type(summary) == 'table' and tonumber(summary.through)
  if through and summary.text == '' then return end
  if not through or n <= through then redis.call('HDEL', KEYS[3], 'summary') end
end
local function void_forgotten(key)
  if key == 7 then redis.call('HDEL', KEYS[7], 's:summary') end
end
local function renew_copy(id, turn)
  for _, mark in ipairs({'a:', 't:'}) do
    if redis.call('HEXISTS', KEYS[7], mark .. id) == 1 then
      redis.call('HSET', KEYS[7], mark .. id, ' ' .. turn)
      void_forgotten(7)
    end
  end
end
local function shows(turn, message)
  if not string.find(turn, '"' .. message .. '"', 1, true) then return false end
  local readable, fields = pcall(cjson.decode, turn)
  if not readable or type(fields) ~= 'table' then return false end
  if fields.id == message then return true end
  for _, shown in ipairs(type(fields.shown) == 'table' and fields.shown or {}) do
    if shown == message then return true end
  end
  return false
end
"""

# ARGV: ttl, id of a user's message, its new text. A user's turn holds no lists but `shown`, which
# is never empty when it is there, so Lua's JSON gives it back whole. Answers where the turn was
# found (0 nowhere, 1 among the live ones, 2 in the archive, 3 among those that were taken back),
# whether its text is another one now, and the live turns as (id, turn).
EDIT = Script(
    _CHANGED
    + """
local ttl, id, text = ARGV[1], ARGV[2], ARGV[3]
local function edited(turn)
  local readable, fields = pcall(cjson.decode, turn)
  if not readable or type(fields) ~= 'table' or fields.role ~= 'user' or fields.text == text then
    return nil
  end
  fields.text, fields.tokens = text, nil
  return cjson.encode(fields), tonumber(fields.n) or 0
end
local live = redis.call('HGET', KEYS[1], id)
if live then
  local new, n = edited(live)
  if new then
    redis.call('HSET', KEYS[1], id, new)
    renew_copy(id, new)
    changed(n)
"""
    + EXPIRE
    + """
  end
  return {1, new and 1 or 0, redis.call('HGETALL', KEYS[1])}
end
for _, turn in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  if shows(turn, id) then
    local new, n = edited(turn)
    if new then
      redis.call('ZREM', KEYS[2], turn)
      redis.call('ZADD', KEYS[2], n, new)
      renew_copy(id, new)
      changed(n)
    end
    return {2, new and 1 or 0, {}}
  end
end
for key = 6, 7 do
  for _, mark in ipairs({'', 'a:', 't:'}) do
    local kept = redis.call('HGET', KEYS[key], mark .. id)
    local batch, turn = string.match(kept or '', '^(%d* )(.*)$')
    if turn then
      local new = edited(turn)
      if new then
        redis.call('HSET', KEYS[key], mark .. id, batch .. new)
        void_forgotten(key)
      end
      return {3, new and 1 or 0, {}}
    end
  end
end
if redis.call('HEXISTS', KEYS[7], 'h:' .. id) == 1 then return {3, 0, {}} end
return {0, 0, {}}
"""
)

# ARGV: ttl, then ids of messages: of a user, or of any that show a reply. Answers the turns that
# were taken away, live and archived ones.
REMOVE = Script(
    _CHANGED
    + """
local ttl = ARGV[1]
local removed = {}
local function meant(turn)
  for i = 2, #ARGV do
    if shows(turn, ARGV[i]) then return true end
  end
  return false
end
local function away(turn)
  removed[#removed + 1] = turn
  redis.call('DEL', KEYS[8])
  changed(number_of(turn))
end
local live = redis.call('HGETALL', KEYS[1])
for i = 1, #live, 2 do
  if meant(live[i + 1]) then
    redis.call('HDEL', KEYS[1], live[i])
    away(live[i + 1])
  end
end
for _, turn in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  if meant(turn) then
    redis.call('ZREM', KEYS[2], turn)
    away(turn)
  end
end
for key = 6, 7 do
  local kept = redis.call('HGETALL', KEYS[key])
  for i = 1, #kept, 2 do
    local turn = string.match(kept[i + 1], '^%d* (.*)$')
    if turn and meant(turn) then
      redis.call('HDEL', KEYS[key], kept[i])
      void_forgotten(key)
    end
  end
end
return removed
"""
)

# ARGV: ttl, how long what was taken back is kept, ids of turns. They move out of the window, as one
# batch. Answers how many did.
UNDO = Script(
    _CHANGED
    + """
local ttl, moved = ARGV[1], 0
local batch = redis.call('HINCRBY', KEYS[6], '#', 1)
for i = 3, #ARGV do
  local turn = redis.call('HGET', KEYS[1], ARGV[i])
  if turn then
    redis.call('HSET', KEYS[6], ARGV[i], batch .. ' ' .. turn)
    redis.call('HDEL', KEYS[1], ARGV[i])
    changed(number_of(turn))
    moved = moved + 1
  end
end
redis.call('EXPIRE', KEYS[6], ARGV[2])
"""
    + EXPIRE
    + "return moved"
)

# ARGV: ttl. The batch that was taken back last comes into the window again. Answers its turns.
REDO = Script(
    _CHANGED
    + """
local ttl, newest, turns = ARGV[1], 0, {}
local kept = redis.call('HGETALL', KEYS[6])
for i = 1, #kept, 2 do
  newest = math.max(newest, tonumber(string.match(kept[i + 1], '^(%d+) ')) or 0)
end
for i = 1, #kept, 2 do
  local batch, turn = string.match(kept[i + 1], '^(%d+) (.*)$')
  if turn and tonumber(batch) == newest then
    redis.call('HSET', KEYS[1], kept[i], turn)
    redis.call('HDEL', KEYS[6], kept[i])
    changed(number_of(turn))
    turns[#turns + 1] = turn
  end
end
"""
    + EXPIRE
    + "return turns"
)

# ARGV: ttl, then (turn id, turn) pairs. Puts turns into the window without a reply being owed.
ADD = Script(
    """
local ttl = ARGV[1]
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('DEL', KEYS[6])
redis.call('HDEL', KEYS[7], 'b:')
"""
    + EXPIRE
    + "return 1"
)

# ARGV: ttl, how many changes the writer of the summary knew of, the summary ('' = none). A summary
# of what has changed meanwhile is not taken, and each is a change itself: of two that are written
# at once, one is taken. Nor is one that covers more than was cut: that conversation was forgotten
# wholly, its count of changes too. Answers whether it was taken, also when it is repeated.
SUMMARISE = Script(
    """
local ttl = ARGV[1]
if (redis.call('HGET', KEYS[3], 'summary') or '') == ARGV[3] then return 1 end
if (redis.call('HGET', KEYS[3], 'changes') or '0') ~= ARGV[2] then return 0 end
local start = tonumber(redis.call('HGET', KEYS[3], 'start') or '') or 0
if ARGV[3] ~= '' and cjson.decode(ARGV[3]).through >= start then return 0 end
redis.call('HINCRBY', KEYS[3], 'changes', 1)
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[3], 'summary')
else
  redis.call('HSET', KEYS[3], 'summary', ARGV[3])
end
"""
    + EXPIRE
    + "return 1"
)

# ARGV: ttl, turn id, its text as it was read, turn. Answers whether it is in the window, and so.
AMEND = Script(
    TEXT_OF
    + _CHANGED
    + """
local ttl = ARGV[1]
if text_of(ARGV[2]) ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[4])
renew_copy(ARGV[2], ARGV[4])
changed(number_of(ARGV[4]))
"""
    + EXPIRE
    + "return 1"
)

# What stands in a conversation is kept aside, for so many seconds: turns, archive, and the fields
# of the state that ARGV names from `first` to `last`. Of what an earlier call has put aside only
# the ids are kept (`h:`), so that nothing of it is answered once more. Answers how many turns there
# are.
_PUT_ASIDE = """
local function put_aside(kept_for, first, last)
  local live = redis.call('HGETALL', KEYS[1])
  local archived = redis.call('ZRANGE', KEYS[2], 0, -1)
  local count = #live / 2 + #archived
  if kept_for == 0 or count == 0 then return count end
  local earlier = redis.call('HKEYS', KEYS[7])
  redis.call('DEL', KEYS[7])
  for _, field in ipairs(earlier) do
    local mark, id = string.match(field, '^([tah]):(.*)$')
    if mark then redis.call('HSET', KEYS[7], 'h:' .. id, '') end
  end
  for i = 1, #live, 2 do redis.call('HSET', KEYS[7], 't:' .. live[i], ' ' .. live[i + 1]) end
  for _, turn in ipairs(archived) do
    local readable, fields = pcall(cjson.decode, turn)
    if readable and type(fields) == 'table' and fields.id then
      redis.call('HSET', KEYS[7], 'a:' .. fields.id, ' ' .. turn)
    end
  end
  for i = first, last do
    local value = redis.call('HGET', KEYS[3], ARGV[i])
    if value then redis.call('HSET', KEYS[7], 's:' .. ARGV[i], value) end
  end
  redis.call('EXPIRE', KEYS[7], kept_for)
  return count
end
"""

# ARGV: ttl, how long what was forgotten can be brought back (0: it cannot), then the state's fields
# that tell of the turns. Answers how many turns there were, live and archived, and the ids of the
# replies that were owed.
CLEAR = Script(
    _PUT_ASIDE
    + """
local ttl, kept_for = ARGV[1], tonumber(ARGV[2])
local owed = redis.call('HKEYS', KEYS[4])
if kept_for == 0 then redis.call('DEL', KEYS[7]) end
local count = put_aside(kept_for, 3, #ARGV)
redis.call('HDEL', KEYS[7], 'b:')
redis.call('DEL', KEYS[1], KEYS[2], KEYS[4], KEYS[5], KEYS[6], KEYS[8])
for i = 3, #ARGV do redis.call('HDEL', KEYS[3], ARGV[i]) end
redis.call('HINCRBY', KEYS[3], 'changes', 1)
"""
    + EXPIRE
    + "return {count, owed}"
)

# ARGV: ttl, how long what stood there can be brought back, how many turns the archive keeps,
# whether what stands there goes ('1'), how many of the state's fields tell of the turns, these
# fields, `start`, how many more turns count as cut, number of dropped ids, the ids, number of turns
# for the window, their (id, turn) pairs, and the (n, turn) pairs of those for the archive. The mark
# `b:` tells that nothing was said since, so that an undo takes all of it out again. Answers whether
# it is there now, also when it is repeated, and the ids of replies that are owed no more.
BRING = Script(
    _PUT_ASIDE
    + """
local ttl, kept_for, bound, instead = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4] == '1'
local last = 5 + tonumber(ARGV[5])
local start, cut = ARGV[last + 1], tonumber(ARGV[last + 2])
local dropped_to = last + 3 + tonumber(ARGV[last + 3])
local live_to = dropped_to + 1 + 2 * tonumber(ARGV[dropped_to + 1])
if redis.call('HEXISTS', KEYS[1], ARGV[dropped_to + 2]) == 1 then return {1, {}} end
put_aside(tonumber(kept_for), 6, last)
local owed = {}
if instead then
  owed = redis.call('HKEYS', KEYS[4])
  redis.call('DEL', KEYS[1], KEYS[2], KEYS[4], KEYS[8])
  for i = 6, last do redis.call('HDEL', KEYS[3], ARGV[i]) end
end
for i = last + 4, dropped_to do
  local old = redis.call('HGET', KEYS[1], ARGV[i])
  if old then
    local readable, fields = pcall(cjson.decode, old)
    local n = readable and type(fields) == 'table' and tonumber(fields.n) or 0
    redis.call('ZADD', KEYS[2], n, old)
    redis.call('HDEL', KEYS[1], ARGV[i])
  end
end
for i = dropped_to + 2, live_to, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
for i = live_to + 1, #ARGV, 2 do redis.call('ZADD', KEYS[2], ARGV[i], ARGV[i + 1]) end
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -bound - 1)
if cut > 0 then
  redis.call('HSET', KEYS[3], 'start', start)
  redis.call('HINCRBY', KEYS[3], 'cut', cut)
end
redis.call('HDEL', KEYS[3], 'base_tokens')
redis.call('HINCRBY', KEYS[3], 'changes', 1)
redis.call('DEL', KEYS[5], KEYS[6])
redis.call('HSET', KEYS[7], 'b:', '1')
redis.call('EXPIRE', KEYS[7], kept_for)
"""
    + EXPIRE
    + "return {1, owed}"
)

# ARGV: ttl, the state's fields that tell of the turns. Brings back what was forgotten last, if
# nothing has been said since; what came out of a file in its stead, or behind it, goes. Answers how
# many turns that are, live and archived.
RESTORE = Script(
    """
local ttl, count = ARGV[1], 0
if redis.call('HEXISTS', KEYS[7], 'b:') == 1 then
  redis.call('DEL', KEYS[1], KEYS[2], KEYS[5])
  for i = 2, #ARGV do redis.call('HDEL', KEYS[3], ARGV[i]) end
elseif redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
local kept = redis.call('HGETALL', KEYS[7])
for i = 1, #kept, 2 do
  local mark, name = string.match(kept[i], '^(%a):(.*)$')
  local turn = string.sub(kept[i + 1], 2)
  if mark ~= 'h' then redis.call('HDEL', KEYS[7], kept[i]) end
  if mark == 's' then
    redis.call('HSET', KEYS[3], name, kept[i + 1])
  elseif mark == 't' then
    redis.call('HSET', KEYS[1], name, turn)
    count = count + 1
  elseif mark == 'a' then
    local readable, fields = pcall(cjson.decode, turn)
    redis.call('ZADD', KEYS[2], readable and tonumber(fields.n) or 0, turn)
    count = count + 1
  end
end
redis.call('DEL', KEYS[6])
redis.call('HINCRBY', KEYS[3], 'changes', 1)
"""
    + EXPIRE
    + "return count"
)

ALL = (EDIT, REMOVE, AMEND, UNDO, REDO, ADD, SUMMARISE, CLEAR, BRING, RESTORE)

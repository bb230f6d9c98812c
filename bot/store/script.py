"""What a script is, and the Lua that several scripts share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua script and the name under which Redis keeps it once it was loaded."""

    text: str
    sha: str = field(init=False)
    """The SHA-1 of the text: Redis's own name for the script."""

    def __post_init__(self) -> None:
        digest = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()
        object.__setattr__(self, "sha", digest)


LASTS = """
local own = redis.call('HGET', KEYS[3], 'system')
local set = own and own ~= 'null' or redis.call('HEXISTS', KEYS[3], 'stage') == 1
local lasts = set and redis.call('HGET', KEYS[3], 'lent') ~= '1'
"""
"""Whether a state is kept: an owner has set something there that is not only lent by another
conversation (`lent` is 1)."""

# What was said is forgotten after a quiet month, or as soon as its server wants (`keep`, seconds);
# what an owner has set is not.
EXPIRE = (
    """
local keep = tonumber(redis.call('HGET', KEYS[3], 'keep') or '')
if keep and keep < tonumber(ttl) then ttl = keep end
for i = 1, 4 do redis.call('EXPIRE', KEYS[i], ttl) end
"""
    + LASTS
    + """
if lasts then redis.call('PERSIST', KEYS[3]) end
"""
)

TEXT_OF = """
local function text_of(id)
  local turn = redis.call('HGET', KEYS[1], id)
  if not turn then return nil end
  local readable, fields = pcall(cjson.decode, turn)
  return readable and type(fields) == 'table' and (fields.text or '') or nil
end
"""

"""What the server behind the store says about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """A Redis or Valkey server.

    `append_only`: every write goes to a file. `writes_fail`: why the last one to disk failed, ""
    if it did not. `memory` and `max_memory` are in bytes, the latter 0 for no limit; `policy`
    says what happens at it. `keys` counts those of the database in use.
    """

    product: str
    version: str
    append_only: bool
    writes_fail: str
    policy: str
    memory: int
    max_memory: int
    keys: int


class Surveyed(Protocol):
    """What a store tells of its server."""

    async def server(self) -> ServerInfo:
        """Ask the server about itself; raises `StoreUnavailable`."""
        ...

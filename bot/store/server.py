"""What the Redis or Valkey server says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from bot.conversation.server import ServerInfo
from bot.errors import StoreUnavailable
from bot.store.connection import Connection


class ServerRecords:
    """Asks the server about itself."""

    _redis: Connection

    async def server(self) -> ServerInfo:
        """Its version, memory, and how it keeps data. One round trip."""
        found, size = await self._redis.run(("INFO",), ("DBSIZE",))
        if not isinstance(found, Mapping):
            raise StoreUnavailable(detail="INFO was not answered as Redis does")
        return _read(cast("Mapping[str, Any]", found), int(size))


def _read(info: Mapping[str, Any], size: int) -> ServerInfo:
    valkey = info.get("valkey_version")
    kinds = {"rdb_last_bgsave_status": "snapshot", "aof_last_write_status": "append-only file"}
    failed = [name for key, name in kinds.items() if str(info.get(key, "ok")) != "ok"]
    return ServerInfo(
        product="Valkey" if valkey else "Redis",
        version=str(valkey or info.get("redis_version", "of unknown version")),
        append_only=str(info.get("aof_enabled", "0")) == "1",
        writes_fail=" and ".join(failed),
        policy=str(info.get("maxmemory_policy", "")),
        memory=int(info.get("used_memory", 0)),
        max_memory=int(info.get("maxmemory", 0)),
        keys=size,
    )

"""What the store keeps of the settings that servers have made, and of who changed them."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from bot.conversation.config import CHANGES_DAYS, MAX_CHANGES, Change
from bot.store import keys, records
from bot.store.connection import Connection
from bot.store.keys import ConversationKeys
from bot.store.processes import changed

log = logging.getLogger(__name__)

_DAY = 86_400


class ConfigRecords:
    """The part of the store that is about settings; each method is one round trip."""

    _redis: Connection

    async def config(self) -> Mapping[str, str]:
        """What was set, by place."""
        (stored,) = await self._redis.run(("HGETALL", keys.CONFIG))
        return {
            keys.decode(place): text.decode("utf-8", "replace") for place, text in stored.items()
        }

    async def set_config(self, place: str, text: str | None) -> None:
        """Keep what was set in a place, None to forget it."""
        field = keys.encode(place)
        await self._redis.run(
            ("HDEL", keys.CONFIG, field)
            if text is None
            else ("HSET", keys.CONFIG, field, text.encode("utf-8", "replace")),
            *changed("config"),
        )

    async def systems(self, conversations: Sequence[str]) -> Mapping[str, str]:
        """The conversations' own system prompts; who has none is left out."""
        if not conversations:
            return {}
        stored = await self._redis.run(
            *(("HGET", ConversationKeys.of(one).state, "system") for one in conversations)
        )
        found = {
            conversation: records.read_state({b"system": text}).system
            for conversation, text in zip(conversations, stored, strict=True)
            if text is not None
        }
        return {conversation: system for conversation, system in found.items() if system}

    async def log_changes(self, server: str, changes: Sequence[Change]) -> None:
        """Add to a server's log, the oldest change first."""
        if not changes:
            return
        key = keys.config_log(server)
        await self._redis.run(
            ("LPUSH", key, *(_dump(change) for change in changes)),
            ("LTRIM", key, 0, MAX_CHANGES - 1),
            ("EXPIRE", key, CHANGES_DAYS * _DAY),
        )

    async def changes(self, server: str, count: int) -> Sequence[Change]:
        """The newest entries of a server's log, newest first."""
        (found,) = await self._redis.run(("LRANGE", keys.config_log(server), 0, count - 1))
        return [change for change in map(_change, found) if change is not None]


def _dump(change: Change) -> bytes:
    return json.dumps(asdict(change), ensure_ascii=False).encode("utf-8", "replace")


def _change(stored: bytes) -> Change | None:
    try:
        return Change(**json.loads(stored))
    except (ValueError, TypeError) as error:
        log.warning("an entry of a log of settings is damaged: %s", error)
        return None

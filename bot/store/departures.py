"""Servers that the bot has left, in the store: noted, and erased in the end."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping, Set
from typing import Any, cast

from bot.conversation.departures import Departure
from bot.store import keys, survey
from bot.store.connection import Connection
from bot.store.keys import ConversationKeys
from bot.store.processes import changed

log = logging.getLogger(__name__)

_ASKED_AT_ONCE = 500


class DepartureRecords:
    """The part of the store that is about servers that were left."""

    _redis: Connection

    async def note_departure(self, server: str, departure: Departure) -> None:
        """Note that a server was left. One round trip."""
        record = json.dumps({"at": departure.at, "places": departure.places})
        await self._redis.run(("HSET", keys.LEFT, keys.encode(server), record))

    async def departures(self) -> Mapping[str, Departure]:
        """All servers that were left, and are not erased yet. One round trip."""
        (stored,) = await self._redis.run(("HGETALL", keys.LEFT))
        read = {keys.decode(server): _departure(record) for server, record in stored.items()}
        return {server: found for server, found in read.items() if found is not None}

    async def forget_departure(self, server: str) -> None:
        """The bot is back there. One round trip."""
        await self._redis.run(("HDEL", keys.LEFT, keys.encode(server)))

    async def erase_server(self, server: str, places: Collection[str]) -> int:
        """Erase what is kept of a server and of these places; returns the number of keys."""
        tagged = await survey.tagged(self._redis)
        own = {f"server:{server}", *places, *await self._talks_in(server, tagged)}
        fields = tuple(map(keys.encode, own))
        await self._redis.run(
            *(("HDEL", key, *fields) for key in (keys.CONFIG, keys.ENGINES, keys.TOOL_RULES)),
            ("SREM", keys.ALWAYS_ON, *fields),
            *(("HDEL", key, keys.encode(server)) for key in (keys.POLICIES, keys.RETENTION)),
            *(
                command
                for kind in ("config", "engines", "tool-rules", "always-on", "policies")
                for command in changed(kind)
            ),
        )
        own.add(f"discord:server:{server}")
        gone = [name for place, names in tagged.items() if _lies_in(place, own) for name in names]
        await survey.delete(self._redis, gone)
        # Last: whoever is cut off before that begins again.
        await self.forget_departure(server)
        return len(gone)

    async def _talks_in(self, server: str, tagged: Mapping[str, Collection[bytes]]) -> set[str]:
        """The conversations that are known to be a server's: also those of archived threads."""
        talks = [place for place, names in tagged.items() if "state" in map(survey.part_of, names)]
        found: set[str] = set()
        for start in range(0, len(talks), _ASKED_AT_ONCE):
            some = talks[start : start + _ASKED_AT_ONCE]
            known = await self._redis.run(
                *(("HGET", ConversationKeys.of(place).state, "server") for place in some)
            )
            found |= {place for place, of in zip(some, known, strict=True) if of == server.encode()}
        return found


def _lies_in(name: str, places: Set[str]) -> bool:
    """Whether a name is one of the places, or of something in it: a person's, a private talk."""
    parts = name.split(":")
    return any(":".join(parts[:end]) in places for end in range(1, len(parts) + 1))


def _departure(stored: bytes) -> Departure | None:
    try:
        data = cast("dict[str, Any]", json.loads(stored))
        return Departure(float(data["at"]), tuple(map(str, data["places"])))
    except (ValueError, TypeError, KeyError) as error:
        log.warning("a note about a server that was left is damaged: %s", error)
        return None

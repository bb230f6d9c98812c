"""What people asked the bot to remember, in the store."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict

from bot.conversation.ports import MAX_FACTS, Fact
from bot.store import keys
from bot.store.connection import Connection

log = logging.getLogger(__name__)

_SECONDS = 400 * 86_400


class FactRecords:
    """The part of the store that is about facts; each method is one round trip."""

    _redis: Connection

    async def remember(self, owner: str, fact: Fact) -> None:
        """Keep a fact in a place, in place of the oldest if there are too many."""
        key = keys.facts(owner)
        record = json.dumps(asdict(fact), ensure_ascii=False, separators=(",", ":"))
        await self._redis.run(
            # A sorted set, so that a repetition of the call adds nothing.
            ("ZADD", key, fact.at, record.encode("utf-8", "surrogatepass")),
            ("ZREMRANGEBYRANK", key, 0, -MAX_FACTS - 1),
            ("EXPIRE", key, _SECONDS),
        )

    async def facts(self, owner: str) -> Sequence[Fact]:
        """All facts of a place, newest first. What is asked for is kept longer."""
        key = keys.facts(owner)
        found, _ = await self._redis.run(("ZREVRANGE", key, 0, -1), ("EXPIRE", key, _SECONDS))
        return [fact for fact in map(_fact, found) if fact is not None]


def _fact(stored: bytes) -> Fact | None:
    try:
        data = json.loads(stored.decode("utf-8", "surrogatepass"))
        return Fact(**{field: data[field] for field in Fact.__slots__})
    except (ValueError, TypeError, KeyError) as error:
        log.warning("a fact is damaged and left out: %s", error)
        return None

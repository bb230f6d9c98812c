"""What people asked the bot to remember, in the store."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast

from bot.conversation.facts import MAX_FACTS, Fact
from bot.store import fact_scripts, keys
from bot.store.connection import Command, Connection, call

log = logging.getLogger(__name__)

_SECONDS = 400 * 86_400
_TOLD_ALWAYS = ("text", "asker", "name", "at")


def read_facts(owner: str) -> Command:
    """The command whose answer `facts_in` reads."""
    return call(fact_scripts.FACTS, (keys.facts(owner),), _SECONDS)


def facts_in(answer: Sequence[bytes]) -> list[Fact]:
    """The facts of an owner, newest first; a damaged one is left out."""
    return [fact for fact in map(_fact, answer) if fact is not None]


class FactRecords:
    """The part of the store that is about facts; each method is one round trip."""

    _redis: Connection

    async def remember(self, owner: str, fact: Fact) -> None:
        """Keep a fact, in place of the oldest that is not pinned if there are too many."""
        await self._redis.run(
            call(
                fact_scripts.REMEMBER,
                (keys.facts(owner),),
                _SECONDS,
                MAX_FACTS,
                fact.at,
                _record(fact),
                _bytes(fact.text),
                fact.asker,
            )
        )

    async def facts(self, owner: str) -> Sequence[Fact]:
        """All facts of an owner, newest first. What is asked for is kept longer."""
        return (await self.facts_of([owner]))[owner]

    async def facts_of(self, owners: Sequence[str]) -> Mapping[str, Sequence[Fact]]:
        """All facts of several owners, newest first."""
        answers = await self._redis.run(*map(read_facts, owners))
        return {owner: facts_in(some) for owner, some in zip(owners, answers, strict=True)}

    async def change_fact(self, owner: str, fact: Fact) -> bool:
        """Write the fact with this id again; returns whether it is still there."""
        return await self._change(owner, fact.id, _record(fact))

    async def forget_fact(self, owner: str, fact: str) -> bool:
        """Forget the fact with an id; returns whether there was one."""
        return await self._change(owner, fact, b"")

    async def _change(self, owner: str, fact: str, record: bytes) -> bool:
        (there,) = await self._redis.run(
            call(fact_scripts.CHANGE_FACT, (keys.facts(owner),), _SECONDS, fact, record)
        )
        return there == 1


def _record(fact: Fact) -> bytes:
    every = asdict(fact)
    told = {name: value for name, value in every.items() if value or name in _TOLD_ALWAYS}
    return _bytes(json.dumps(told, ensure_ascii=False, separators=(",", ":")))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _fact(stored: bytes) -> Fact | None:
    try:
        data = cast("dict[str, Any]", json.loads(stored.decode("utf-8", "surrogatepass")))
        return Fact(
            text=str(data["text"]),
            asker=str(data["asker"]),
            name=str(data["name"]),
            at=float(data["at"]),
            # What an early release wrote has no id; the scripts call it by the same one.
            id=str(data.get("id") or hashlib.sha1(stored, usedforsecurity=False).hexdigest()[:8]),
            pinned=str(data.get("pinned", "")),
            updated=float(data.get("updated", 0.0)),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        log.warning("a fact is damaged and left out: %s", error)
        return None

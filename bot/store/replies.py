"""What the store counts by the hour: the replies, tokens and tool calls of people and servers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.conversation.ports import Counts, Spending, Tally
from bot.store import keys
from bot.store.connection import Command, Connection, call
from bot.store.keys import encoded
from bot.store.use_scripts import SPEND

_HOUR = 3_600
_TOTAL = "="  # no reply's id


class CountRecords:
    """The part of the store about what is used."""

    _redis: Connection

    async def count(self, counts: Counts) -> None:
        """Look up what some have had in an hour, in one round trip."""
        if counts.wanted:
            note_found(counts, await self._redis.run(*reading(counts)))

    async def tally(self, tally: Tally, name: str) -> None:
        """Count something as a reply that is none, in one round trip; a name counts once."""
        note_counts(tally, await self._redis.run(*counting(tally, name)))

    async def spend(self, spent: Spending, name: str) -> None:
        """Count tokens that are no reply's, in one round trip; a name counts once."""
        await self._redis.run(*spending(spent, name))


def reading(counts: Counts | None) -> tuple[Command, ...]:
    """The commands that look up what was used, one for each."""
    if counts is None:
        return ()
    return tuple(_read(kind, owner, counts.hour) for kind, owner in counts.wanted)


def note_found(counts: Counts | None, answers: Sequence[Any]) -> None:
    """Put the answers to `reading` where they were asked for."""
    if counts is not None:
        counts.found = {
            name: int(answer or 0) for name, answer in zip(counts.wanted, answers, strict=True)
        }


def counting(tally: Tally | None, reply: str) -> tuple[Command, ...]:
    """The commands that count a reply; running them twice counts it once."""
    if tally is None:
        return ()
    found: list[Command] = []
    for owner in tally.owners:
        key = keys.replies(owner, tally.hour)
        found += (("SADD", key, encoded(reply)), ("EXPIRE", key, _HOUR), ("SCARD", key))
    return tuple(found)


def note_counts(tally: Tally | None, answers: Sequence[Any]) -> None:
    """Put the answers to `counting` into the tally."""
    if tally is not None:
        tally.counts = tuple(int(count) for count in answers[2::3])


def spending(spent: Spending | None, reply: str) -> tuple[Command, ...]:
    """The commands that count what a reply has cost; running them twice counts it once."""
    if spent is None:
        return ()
    return tuple(
        call(SPEND, (keys.tokens(owner, spent.hour),), _HOUR, encoded(reply), spent.tokens)
        for owner in spent.owners
    )


def _read(kind: str, owner: str, hour: int) -> Command:
    if kind == "replies":
        return ("SCARD", keys.replies(owner, hour))
    if kind == "tokens":
        return ("HGET", keys.tokens(owner, hour), _TOTAL)
    return ("GET", keys.tool_calls(owner, hour))

"""What the store counts of replies: how many a person, or a server, has had in an hour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.conversation.ports import Tally
from bot.store import keys
from bot.store.connection import Command

_HOUR = 3_600


def counting(tally: Tally | None, reply: str) -> tuple[Command, ...]:
    """The commands that count a reply; running them twice counts it once."""
    if tally is None:
        return ()
    found: list[Command] = []
    for owner in tally.owners:
        key = keys.replies(owner, tally.hour)
        member = reply.encode("utf-8", "surrogatepass")
        found += (("SADD", key, member), ("EXPIRE", key, _HOUR), ("SCARD", key))
    return tuple(found)


def note_counts(tally: Tally | None, answers: Sequence[Any]) -> None:
    """Put the answers to `counting` into the tally."""
    if tally is not None:
        tally.counts = tuple(int(count) for count in answers[2::3])

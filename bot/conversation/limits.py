"""How much one person, or one server, may ask.

Replies are counted by the store, in the round trip that journals them; here is what it answered
last. So a limit costs a reply nothing, and after a restart, or where several processes answer, a
person may get one reply more than set.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.conversation.fair_order import Asker
from bot.conversation.ports import Tally
from bot.errors import LimitReached

_HOUR = 3_600

# Who is refused is told why once; what they write in the next seconds is not worth an answer.
_QUIET = 60.0
_REMEMBERED = 1_000

OwnLimits = Callable[[Asker], tuple[int, int]]
"""What a server allows one person, and itself, in an hour; 0 is no limit of its own."""


@dataclass(frozen=True, slots=True)
class ReplyLimits:
    """What an operator allows; 0 is no limit.

    `per_user` and `per_server` are replies in an hour, `waiting` is how many replies to one person
    may wait for an engine at a time.
    """

    per_user: int = 0
    per_server: int = 0
    waiting: int = 3


class Limits:
    """Who has had how much in this hour. `clock` gives Unix time.

    `own` tells what the server of an asker allows beside the operator: one person there, and all
    of it; the lower limit holds.
    """

    def __init__(
        self,
        allowed: ReplyLimits,
        clock: Callable[[], float] = time.time,
        own: OwnLimits | None = None,
    ) -> None:
        self._allowed = allowed
        self._own = own or _no_limits
        self._clock = clock
        self._hour = 0
        self._counts: dict[str, int] = {}
        self._told: dict[tuple[str, str], float] = {}

    def check(self, asker: Asker, waiting: int = 0) -> None:
        """Raise `LimitReached` if this person may not ask now; `waiting` are their open ones."""
        self._begin_hour()
        for owner, most in self._owners(asker):
            if self._counts.get(owner, 0) >= most:
                self._refuse(owner, asker, most)
        most = self._allowed.waiting
        if most and waiting >= most:
            raise LimitReached(_too_many_waiting(most), repeated=self._repeats("", asker.person))

    def tally(self, askers: Iterable[Asker]) -> Tally | None:
        """Count one reply to all of `askers`; None if there is nothing to be counted."""
        owners = tuple({owner: None for asker in askers for owner, _ in self._owners(asker)})
        if not owners:
            return None
        self._begin_hour()
        for owner in owners:
            # Until the store has answered: another channel may ask in the same moment.
            self._counts[owner] = self._counts.get(owner, 0) + 1
        return Tally(owners, self._hour)

    def note(self, tally: Tally | None) -> None:
        """Take what the store has counted."""
        if tally and tally.hour == self._hour:
            self._counts.update(zip(tally.owners, tally.counts, strict=False))

    def _owners(self, asker: Asker) -> Iterable[tuple[str, int]]:
        """For whom a reply counts, each with its limit."""
        if self._allowed.per_user and asker.person:
            yield f"user:{asker.person}", self._allowed.per_user
        if not asker.server:
            return
        person, whole = self._own(asker)
        if person and asker.person:
            yield f"server:{asker.server}:user:{asker.person}", person
        limits = [most for most in (self._allowed.per_server, whole) if most]
        if limits:
            yield f"server:{asker.server}", min(limits)

    def _begin_hour(self) -> None:
        hour = int(self._clock()) // _HOUR
        if hour != self._hour:
            self._hour, self._counts = hour, {}

    def _refuse(self, owner: str, asker: Asker, most: int) -> None:
        minutes = math.ceil((_HOUR - self._clock() % _HOUR) / 60)
        again = f"Please try again in {_count(minutes, 'minute')}."
        text = (
            f"You have asked {_count(most, 'time')} in this hour. {again}"
            if "user:" in owner
            else f"This server has had its {_count(most, 'answer')} of this hour. {again}"
        )
        raise LimitReached(text, repeated=self._repeats(owner, asker.person))

    def _repeats(self, owner: str, person: str) -> bool:
        """Whether this person was told of this limit just now; if not, they are now."""
        now = self._clock()
        if now - self._told.get((owner, person), float("-inf")) < _QUIET:
            return True
        if len(self._told) >= _REMEMBERED:
            self._told = {key: at for key, at in self._told.items() if now - at < _QUIET}
        self._told[owner, person] = now
        return False


def _no_limits(_: Asker) -> tuple[int, int]:
    return 0, 0


def _too_many_waiting(most: int) -> str:
    return (
        f"You have {_count(most, 'question')} waiting already. Please wait until one of them is "
        "answered, or press Stop below it."
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"

"""How much one person, or one server, may ask.

What is used is counted by the store, in round trips that a reply makes anyway: replies when they
are journalled, tokens when they are committed; and it is read with the conversation, before a
reply begins. So limits cost no round trip, hold after a restart and for several processes
together. Here is what the store answered last, so that most of what is too much is refused
without asking it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from bot.conversation.ask import Ask
from bot.conversation.askers import asker_of_ask
from bot.conversation.fair_order import Asker
from bot.conversation.ports import Counts, Spending, Tally
from bot.conversation.quotas import (
    HOUR,
    Allowed,
    Kind,
    OwnLimits,
    Quota,
    quotas,
    refusal,
)
from bot.errors import LimitReached
from bot.language import Text, later

# Who is refused is told why once; what they write in the next seconds is not worth an answer.
_QUIET = 60.0
_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class ReplyLimits:
    """What an operator allows; 0 is no limit.

    `per_user` and `per_server` are replies in an hour, the others tokens that are written in an
    hour; `waiting` is how many replies to one person may wait for an engine at a time.
    """

    per_user: int = 0
    per_server: int = 0
    waiting: int = 3
    tokens_per_user: int = 0
    tokens_per_server: int = 0

    def of(self, kind: Kind) -> Allowed:
        """What one person and one server may have of something."""
        if kind == "replies":
            return self.per_user, self.per_server
        return self.tokens_per_user, self.tokens_per_server


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
        self._used: dict[tuple[Kind, str], int] = {}
        self._begun: Counter[str] = Counter()
        self._told: dict[tuple[str, str], float] = {}

    def check(self, asker: Asker, waiting: int = 0) -> None:
        """Raise `LimitReached` if this person may not ask now; `waiting` are their open ones."""
        if quota := self.over(asker):
            raise LimitReached(
                refusal(quota, self._clock()),
                repeated=self._repeats(quota.owner, asker.person),
            )
        most = self._allowed.waiting
        if most and waiting >= most:
            raise LimitReached(_too_many_waiting(most), repeated=self._repeats("", asker.person))

    def allowed(self, asks: Sequence[Ask], own: str) -> tuple[Ask, ...]:
        """The questions of those who may ask; raises `LimitReached` if `own`, an id, is not."""
        self.check_own(asks, own)
        return tuple(ask for ask in asks if not self.over(asker_of_ask(ask)))

    def check_own(self, asks: Sequence[Ask], own: str) -> None:
        """Raise `LimitReached` if who has asked `own`, one of `asks`, may not ask now."""
        for ask in asks:
            if ask.id == own:
                self.check(asker_of_ask(ask))

    def over(self, asker: Asker) -> Quota | None:
        """The first quota that this person has used up, as far as is known."""
        self._begin_hour()
        for quota in self.quotas(asker):
            begun = self._begun[quota.owner] if quota.kind == "replies" else 0
            if self._used.get((quota.kind, quota.owner), 0) + begun >= quota.most:
                return quota
        return None

    def quotas(self, asker: Asker) -> tuple[Quota, ...]:
        """All that limits the replies of a person where they ask."""
        return (*self._of("replies", asker), *self._of("tokens", asker))

    def counts(self, askers: Iterable[Asker]) -> Counts | None:
        """What the store has to be asked before a reply begins; None if there are no limits."""
        every = (one for asker in askers for one in self.quotas(asker))
        found: dict[tuple[Kind, str], None] = {(one.kind, one.owner): None for one in every}
        if not found:
            return None
        self._begin_hour()
        return Counts(tuple(found), self._hour)

    def learn(self, counts: Counts | None) -> None:
        """Take what the store was asked."""
        if counts and counts.hour == self._hour:
            for name, count in counts.found.items():
                self._take(name, count)

    @contextmanager
    def counting(self, askers: Iterable[Asker]) -> Generator[Tally | None, None, None]:
        """Count one reply to all of `askers`: gives what the store is told inside."""
        tally = self.tally(askers)
        try:
            yield tally
        finally:
            self.note(tally)

    def tally(self, askers: Iterable[Asker]) -> Tally | None:
        """Count one reply to all of `askers`; None if there is nothing to be counted."""
        owners = self._owners("replies", askers)
        if not owners:
            return None
        self._begin_hour()
        # Until the store has answered: another channel may ask in the same moment.
        self._begun.update(owners)
        return Tally(owners, self._hour)

    def note(self, tally: Tally | None) -> None:
        """Take what the store has counted; nothing, if it did not answer."""
        if tally is None:
            return
        self._begun -= Counter(tally.owners)
        if tally.hour == self._hour:
            for owner, count in zip(tally.owners, tally.counts, strict=False):
                self._take(("replies", owner), count)

    def spend(self, askers: Iterable[Asker], tokens: int) -> Spending | None:
        """Count the tokens of a reply to all of `askers`; None if there is nothing to count."""
        owners = self._owners("tokens", askers)
        if not owners or not tokens:
            return None
        self._begin_hour()
        return Spending(owners, self._hour, tokens)

    def _of(self, kind: Kind, asker: Asker) -> Iterable[Quota]:
        return quotas(kind, asker, self._allowed.of(kind), self._own(kind, asker))

    def _owners(self, kind: Kind, askers: Iterable[Asker]) -> tuple[str, ...]:
        """For whom something counts, each once."""
        return tuple({one.owner: None for asker in askers for one in self._of(kind, asker)})

    def _take(self, name: tuple[Kind, str], count: int) -> None:
        # Answers may come in another order than they were given; within an hour counts only grow.
        self._used[name] = max(count, self._used.get(name, 0))

    def _begin_hour(self) -> None:
        hour = int(self._clock()) // HOUR
        if hour != self._hour:
            self._hour, self._used = hour, {}

    def _repeats(self, owner: str, person: str) -> bool:
        """Whether this person was told of this limit just now; if not, they are now."""
        now = self._clock()
        if now - self._told.get((owner, person), float("-inf")) < _QUIET:
            return True
        if len(self._told) >= _REMEMBERED:
            self._told = {key: at for key, at in self._told.items() if now - at < _QUIET}
        self._told[owner, person] = now
        return False


def _no_limits(_: Kind, __: Asker) -> Allowed:
    return 0, 0


def _too_many_waiting(most: int) -> Text:
    return later(
        "You have {n:,} question waiting already. Please wait until one of them is "
        "answered, or press Stop below it.",
        "You have {n:,} questions waiting already. Please wait until one of them is "
        "answered, or press Stop below it.",
        n=most,
    )

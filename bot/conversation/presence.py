"""The bot's processes beside each other: one token may be served by several for a while.

They share the store. Each says every few seconds that it lives; each owed reply names who writes
it. Whose sign has run out, or who has left, is dead to the others: they take over what it owes.

Where the work is divided (Discord's shards), a process's name ends with its share of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from bot.conversation.turns import Pending
from bot.errors import StoreUnavailable

log = logging.getLogger(__name__)

PAUSE = 2.0
"""Seconds between two signs of life."""

LEASE = 10.0
"""Who has not said so for so many seconds is taken for dead."""

KNOWN_AFTER = 2 * PAUSE
"""After so many seconds all others have seen a process that has just begun."""

LEFT = "-"
"""Who has a reply that its process has given out of its hands."""

Claim = Literal["mine", "taken", "done"]


def share(parts: Iterable[int], of: int) -> str:
    """What ends the name of a process that does only some parts of the work: `@0.1of16`."""
    return f"@{'.'.join(map(str, sorted(parts)))}of{of}"


def overlap(one: str, other: str) -> bool:
    """Whether two processes, by their names, have work in common."""
    (mine, of_mine), (theirs, of_theirs) = _share_of(one), _share_of(other)
    # Divided otherwise, their parts cannot be compared.
    return of_mine != of_theirs or bool(mine & theirs)


def _share_of(name: str) -> tuple[frozenset[str], str]:
    parts, _, of = name.partition("@")[2].partition("of")
    return frozenset(parts.split(".")), of


@dataclass(frozen=True, slots=True)
class Beat:
    """What the store answers to a sign of life.

    `buried`: another process has taken this one for dead, and may have taken over what it owed.
    `others` are all other processes, each with how often it has said that it lives; who has left
    is not there. `changes` count the changes of each kind of settings.
    """

    buried: bool = False
    others: Mapping[str, int] = field(default_factory=dict[str, int])
    changes: Mapping[str, int] = field(default_factory=dict[str, int])


class ProcessStore(Protocol):
    """What the store does for its processes. Errors are `bot.errors.StoreUnavailable`."""

    process: str

    async def beat(self) -> Beat:
        """Say that this process lives, and see who else does."""
        ...

    async def leave(self) -> None:
        """Say that this process ends."""
        ...

    async def bury(self, processes: Sequence[str]) -> None:
        """Take processes as dead; one that lives after all learns of it with its next sign."""
        ...

    def has_ended(self, process: str) -> bool:
        """Whether a process is known to have ended, since it would be on this machine."""
        ...

    async def take_over(self, conversation: str, owed: Pending, to: str | None = None) -> bool:
        """Make an owed reply one's own (or `to`'s); only one process is told True."""
        ...

    async def claim(self, what: str, seconds: int) -> Claim:
        """Take on something that only one process is to do."""
        ...

    async def settle_claim(self, what: str, seconds: int) -> None:
        """Note that something claimed is done."""
        ...

    async def unclaim(self, what: str) -> None:
        """Let something be claimed anew."""
        ...

    async def note_removals(self, messages: Sequence[str]) -> None:
        """Tell the other processes that this one takes messages away itself."""
        ...

    async def removals(self, messages: Sequence[str]) -> frozenset[str]:
        """Which of these messages a process of the bot has taken away itself."""
        ...


class Presence:
    """Says that this process lives, and knows about the others.

    `run` is the loop, `running` tells that it was begun.
    """

    def __init__(self, store: ProcessStore) -> None:
        self._store = store
        self._others: Mapping[str, int] | None = None
        self._still_since: dict[str, float] = {}
        self._changes: Mapping[str, int] | None = None
        self._renewals: dict[str, Callable[[], None]] = {}
        self._listeners: list[Callable[[], None]] = []
        self._since: float | None = None
        self._asked = 0.0
        self._answered = 0.0
        self._left = False
        self._gaps = 0
        self.running = False

    @property
    def name(self) -> str:
        """This process's name."""
        return self._store.process

    @property
    def alone(self) -> bool:
        """Whether no other process is known to live that does the same work."""
        return not any(overlap(self.name, other) for other in self._others or ())

    @property
    def known(self) -> bool:
        """Whether all others have had the time to see this process."""
        return self._since is not None and _now() - self._since > KNOWN_AFTER

    @property
    def gaps(self) -> int:
        """Another number whenever others may have taken this process for dead since."""
        silent = self._since is not None and _now() - self._answered > LEASE
        return 2 * self._gaps + silent

    def renews(self, kind: str, renew: Callable[[], None]) -> None:
        """Have `renew` called when another process has changed settings of a kind."""
        self._renewals[kind] = renew

    def listen(self, listener: Callable[[], None]) -> None:
        """Have `listener` called after each sign."""
        self._listeners.append(listener)

    def ignore(self, listener: Callable[[], None]) -> None:
        """Call `listener` no more."""
        self._listeners.remove(listener)

    def is_dead(self, process: str, seen: float) -> bool:
        """Whether a process will not finish what was found to be its own at `seen` (loop time)."""
        if process == self.name:
            return False
        if process == LEFT or self._store.has_ended(process):
            return True
        if (still := self._still_since.get(process)) is not None:
            return self._answered - still >= LEASE
        # One that is not there has left, unless it has only begun since the last look.
        return self._others is not None and process not in self._others and self._asked >= seen

    def knows(self, process: str) -> bool:
        """Whether a process was there at the last look, alive or not."""
        return process == self.name or process in (self._others or ())

    async def beat(self) -> None:
        """Say that this process lives, and look who else does. Raises `StoreUnavailable`."""
        asked = _now()
        found = await self._store.beat()
        self._look(found, asked)
        if dead := [one for one in found.others if self.is_dead(one, asked)]:
            log.warning("dead processes: %s", ", ".join(dead))
            await self._store.bury(dead)
            self._others = {one: n for one, n in found.others.items() if one not in dead}
        self._renew(found.changes)
        if found.buried:
            self._gaps += 1
            log.warning("others took this process for dead, and what it owed over")
        for listener in self._listeners:
            listener()

    def _look(self, found: Beat, asked: float) -> None:
        """Note who is there, and since when each one's number stands still."""
        known = self._others or {}
        for other in set(found.others) - set(known):
            log.info("another process of this bot is known: %s", other)
        # While the store was away, or this process was, nobody can have been seen.
        blind = asked - self._answered > 2 * PAUSE
        self._asked, self._answered = asked, _now()
        self._still_since = {
            other: self._still_since.get(other, asked)
            if known.get(other) == number and not blind
            else asked
            for other, number in found.others.items()
        }
        self._others = found.others
        self._since = asked if self._since is None else self._since

    async def run(self) -> None:
        """Say so again and again, until cancelled."""
        self.running = True
        while not self._left:
            try:
                await self.beat()
            except StoreUnavailable as error:
                log.debug("no sign of life: %s", error.detail or error)
            except Exception:  # a defect in one round must not end the signs
                log.exception("a sign of life failed")
            await asyncio.sleep(PAUSE)

    async def leave(self) -> None:
        """Say that this process ends, and never that it lives again. Raises `StoreUnavailable`."""
        self._left = True
        await self._store.leave()

    def _renew(self, changes: Mapping[str, int]) -> None:
        before, self._changes = self._changes, changes
        if before is None:
            return
        for kind, renew in self._renewals.items():
            if changes.get(kind) != before.get(kind):
                renew()


def _now() -> float:
    return asyncio.get_running_loop().time()

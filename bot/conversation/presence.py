"""The bot's processes beside each other: one token may be served by several for a while.

They share the store. Each says every few seconds that it lives; each owed reply names who writes
it. Whose sign has run out, or who has left, is dead to the others: they take over what it owes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from bot.conversation.turns import Pending
from bot.errors import StoreUnavailable

log = logging.getLogger(__name__)

PAUSE = 2.0
"""Seconds between two signs of life."""

LEASE = 10.0
"""For how many seconds a sign of life holds."""

KNOWN_AFTER = 2 * PAUSE
"""After so many seconds all others have seen a process that has just begun."""

# A sign that has run out counts after so many seconds in which the store was there: it may have
# been away for all of us, and the others need a moment to say so again.
_SURE = 5.0

LEFT = "-"
"""Who has a reply that its process has given out of its hands."""

Claim = Literal["mine", "taken", "done"]


@dataclass(frozen=True, slots=True)
class Beat:
    """What the store answers to a sign of life.

    `lapsed`: this process's own sign had run out, so others may have taken over what it owed.
    `others` are all other processes, each with whether its sign has run out; one that left in good
    order is not there. `changes` count the changes of each kind of settings.
    """

    lapsed: bool = False
    others: Mapping[str, bool] = field(default_factory=dict[str, bool])
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
    """Says that this process lives, and knows about the others. `run` is the loop."""

    def __init__(self, store: ProcessStore) -> None:
        self._store = store
        self._others: Mapping[str, bool] | None = None
        self._lapsed_since: dict[str, float] = {}
        self._changes: Mapping[str, int] | None = None
        self._renewals: dict[str, Callable[[], None]] = {}
        self._listeners: list[Callable[[], None]] = []
        self._since: float | None = None
        self._asked = 0.0
        self._answered = 0.0
        self._left = False
        self._gaps = 0

    @property
    def name(self) -> str:
        """This process's name."""
        return self._store.process

    @property
    def alone(self) -> bool:
        """Whether no other process is known to live."""
        return not any(not lapsed for lapsed in (self._others or {}).values())

    @property
    def known(self) -> bool:
        """Whether all others have had the time to see this process."""
        return self._since is not None and _now() - self._since > KNOWN_AFTER

    @property
    def gaps(self) -> int:
        """How often others may have taken this process for dead; a gap that lasts counts, too."""
        silent = self._since is not None and _now() - self._answered > LEASE
        return self._gaps + silent

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
        if (lapsed := self._lapsed_since.get(process)) is not None:
            return self._answered - lapsed >= _SURE
        # One that is not there has left, unless it has only begun since the last look.
        return self._others is not None and process not in self._others and self._asked >= seen

    def knows(self, process: str) -> bool:
        """Whether a process was there at the last look, alive or not."""
        return process == self.name or process in (self._others or ())

    async def beat(self) -> None:
        """Say that this process lives, and look who else does. Raises `StoreUnavailable`."""
        asked = _now()
        found = await self._store.beat()
        if asked - self._answered > 2 * PAUSE:
            # The store was away, or this process: nobody else can have been seen meanwhile.
            self._lapsed_since.clear()
        self._asked, self._answered = asked, _now()
        self._since = asked if self._since is None else self._since
        if self._others is None or set(found.others) - set(self._others):
            for other in found.others:
                log.info("another process of this bot is known: %s", other)
        self._others = found.others
        lapsed = {name for name, is_lapsed in found.others.items() if is_lapsed}
        self._lapsed_since = {one: self._lapsed_since.get(one, asked) for one in lapsed}
        self._renew(found.changes)
        if found.lapsed:
            self._gaps += 1
            log.warning("no sign of life for %g s: others may have taken over", LEASE)
        for listener in self._listeners:
            listener()

    async def run(self) -> None:
        """Say so again and again, until cancelled."""
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

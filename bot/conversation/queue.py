"""The line in front of an engine: so many replies at once, the others wait for their turn.

Where the engine itself says that it is busy, the same line waits, and tries it again with one
reply at a time.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import OrderedDict
from collections.abc import AsyncGenerator
from types import TracebackType

from bot.conversation.fair_order import Asker, FairOrder
from bot.errors import EngineBusy

PATIENCE = 120.0
"""How long an engine may say that it is busy, in seconds, before people are told so."""

# Everybody hears of a new place at most so often, in seconds; later if very many wait, so that
# telling them costs a bounded share of the time.
_TELL_AGAIN = 0.5
_TELL_EACH = 0.001

# How long a busy engine is left alone; doubled each time it is still busy.
_PAUSE = 0.5
_LONGEST_PAUSE = 8.0


class Line:
    """All replies that one engine writes, and those that wait for it.

    At most `most` are written at once (0: no limit but the engine's own word). `patience` bounds
    how long a busy engine is waited for; a line that moves has no limit.
    """

    def __init__(self, most: int = 0, patience: float = PATIENCE) -> None:
        self._most = self._set = most
        self._patience = patience
        self._order: FairOrder[Ticket] = FairOrder()
        # The engine was busy when it was their turn: they come before all others.
        self._refused: OrderedDict[Ticket, None] = OrderedDict()
        self._served: set[Ticket] = set()
        # Served, but no word of the engine yet: it may still refuse them.
        self._unsure: set[Ticket] = set()
        self._strained = False
        self._pauses = 0
        self._not_before = 0.0
        self._busy_since: float | None = None
        self._told_at = float("-inf")
        self._telling: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """How many replies wait."""
        return len(self._refused) + len(self._order)

    @property
    def is_full(self) -> bool:
        """Whether who comes now has to wait."""
        return self.waiting > 0 or not self._has_room()

    def waiting_for(self, person: str) -> int:
        """How many replies to a person wait."""
        return self._order.of(person) + sum(t.asker.person == person for t in self._refused)

    def engine_takes(self, slots: int | None) -> None:
        """Note how many replies the engine says it can write at once; what was set counts first."""
        self._most = self._set or slots or 0

    def ticket(self, asker: Asker) -> Ticket:
        """A ticket for one reply; it gets in line with its `wait`."""
        return Ticket(self, asker)

    def serves(self, ticket: Ticket) -> bool:
        """Whether it is a ticket's turn."""
        return ticket in self._served

    def join(self, ticket: Ticket) -> None:
        """Serve a ticket at once if there is room, else let it wait."""
        if self.is_full:
            self._order.add(ticket.asker, ticket)
            self._tell_soon()
        else:
            self._serve(ticket)

    def leave(self, ticket: Ticket) -> None:
        """Forget a ticket, wherever it stands; its place goes to the next one."""
        self._unsure.discard(ticket)
        if ticket in self._served:
            self._served.discard(ticket)
            # Whatever the engine said before: now it has room for one.
            self._not_before = 0.0
        elif ticket in self._refused:
            del self._refused[ticket]
        elif not self._order.remove(ticket):
            return
        self._go_on()

    def accept(self, ticket: Ticket) -> None:
        """Note that the engine has begun to answer."""
        if ticket in self._unsure:
            self._unsure.discard(ticket)
            self._pauses, self._not_before, self._busy_since = 0, 0.0, None
            self._go_on()

    def refuse(self, ticket: Ticket, busy: EngineBusy) -> None:
        """Put a reply back that the engine was too busy for; raises `busy` if that lasts."""
        self._served.discard(ticket)
        self._unsure.discard(ticket)
        now = _now()
        if self._busy_since is None:
            self._busy_since = now
        waited = now - max(self._busy_since, ticket.since)
        if waited + (busy.after or 0.0) > self._patience:
            self._leave_alone(now, 0.0)
            raise busy
        self._leave_alone(now, busy.after or 0.0)
        self._refused[ticket] = None
        self._tell_soon()

    def _leave_alone(self, now: float, wanted: float) -> None:
        """Let the engine be for a while; of several that were refused together one counts.

        `wanted` is for how many seconds it wants that itself.
        """
        self._strained = True
        pause = wanted
        if now >= self._not_before:
            longest = min(_PAUSE * 2**self._pauses, _LONGEST_PAUSE)
            # No further than to the longest: an engine may be busy for days.
            self._pauses += longest < _LONGEST_PAUSE
            own = longest * random.uniform(0.75, 1.0)
            pause = max(wanted, own)
        if now + pause > self._not_before:
            self._not_before = now + pause
            asyncio.get_running_loop().call_later(pause + 0.001, self._go_on)

    def _has_room(self) -> bool:
        if self._most and len(self._served) >= self._most:
            return False
        return not self._strained or (not self._unsure and _now() >= self._not_before)

    def _go_on(self) -> None:
        """Serve whoever can be served now."""
        while self.waiting and self._has_room():
            if self._refused:
                self._serve(self._refused.popitem(last=False)[0])
            else:
                self._serve(self._order.take())
        if not self.waiting and not self._unsure:
            self._strained = False
        self._tell_soon()

    def _serve(self, ticket: Ticket) -> None:
        self._served.add(ticket)
        self._unsure.add(ticket)
        ticket.move(None)

    def _tell_soon(self) -> None:
        if self._telling is None and self.waiting:
            pause = max(_TELL_AGAIN, _TELL_EACH * self.waiting)
            due = max(self._told_at + pause, _now())
            self._telling = asyncio.get_running_loop().call_at(due, self._tell)

    def _tell(self) -> None:
        """Tell all who wait their places, in one walk along the line."""
        self._telling = None
        self._told_at = _now()
        for place, ticket in enumerate(itertools.chain(self._refused, self._order), 1):
            ticket.move(place)


class Ticket:
    """One reply's right to its turn; leave the `with` block to give it back.

    `since` is when it got in line (event loop time). It is held for the whole reply, also while
    tools run: whoever had to wait again in the middle of an answer would leave half of it standing.
    """

    def __init__(self, line: Line, asker: Asker) -> None:
        self.asker = asker
        self.since = 0.0
        self._line = line
        self._joined = False
        self._place: int | None = None
        self._moved = asyncio.Event()

    def __enter__(self) -> Ticket:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._line.leave(self)

    async def wait(self) -> AsyncGenerator[int | None, None]:
        """Wait for the turn. Yields each new place in the line (1 is next), and None at its end.

        Yields nothing, and does not wait, if there is room or the turn has come before.
        """
        if not self._joined:
            self._joined, self.since = True, _now()
            self._line.join(self)
        told = False
        while not self._line.serves(self):
            await self._moved.wait()
            self._moved.clear()
            if self._place is not None:
                told = True
                yield self._place
        if told:
            yield None

    @property
    def waited(self) -> float:
        """For how long it has been in line, in seconds."""
        return _now() - self.since

    def accepted(self) -> None:
        """The engine has begun to answer."""
        self._line.accept(self)

    def refused(self, busy: EngineBusy) -> None:
        """The engine said that it is busy: `wait` again. Raises `busy` if it says so for long."""
        self._line.refuse(self, busy)

    def move(self, place: int | None) -> None:
        """Take another place in the line; None: it is served."""
        if place is None or place != self._place:
            self._place = place
            self._moved.set()


def _now() -> float:
    return asyncio.get_running_loop().time()

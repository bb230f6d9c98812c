"""Waiting for other processes: in a conversation one reply is written at a time, by whomever."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection

from bot.conversation.ask import Ask
from bot.conversation.presence import Presence
from bot.conversation.turns import Pending, Snapshot

log = logging.getLogger(__name__)

PAUSE = 0.5
"""Seconds after which it is looked again."""

# A reply that another process cannot get stored stays owed; nobody waits for it twice.
PATIENCE = 60.0
_REMEMBERED = 1_000


class Occupied(Exception):
    """A reply that a dead process owes there is finished first; then it can be tried again."""


class Neighbours:
    """Holds back what this process begins while another one writes in the same conversation.

    `closing` is set when this process is about to end: then it takes on no more messages, which
    the next one finds in their channels. `adopted` are the replies of dead processes that this one
    is about to finish.
    """

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self._given_up: dict[str, None] = {}
        self.closing = False
        self.adopted: set[str] = set()

    def wanted(self, asks: Collection[Ask]) -> tuple[Ask, ...]:
        """The questions that this process still takes on: no messages once it is about to end."""
        return tuple(ask for ask in asks if not self.closing or "interaction" in ask.origin)

    async def settled(
        self, load: Callable[[], Awaitable[Snapshot]], own: str = "", *, whole: bool = False
    ) -> Snapshot:
        """A conversation in which no other process writes, but for the reply `own`.

        With `whole` it is one in which nothing is owed by a dead process either, else `Occupied`.
        """
        began = asyncio.get_running_loop().time()
        while True:
            snapshot = await load()
            others = [one for one in snapshot.pending if one.reply != own]
            written = [one for one in others if self._is_written(one, began)]
            if self.closing:
                return snapshot
            if not written:
                if whole and any(self._is_to_come(one, began) for one in others):
                    raise Occupied
                return snapshot
            if asyncio.get_running_loop().time() - began > PATIENCE:
                self.give_up(written)
                return snapshot
            await asyncio.sleep(PAUSE)

    def _is_to_come(self, owed: Pending, seen: float) -> bool:
        """Whether this process is about to finish a reply for one that is dead."""
        if owed.reply in self._given_up or not self._presence.running:
            return False
        dead = bool(owed.by) and self._presence.is_dead(owed.by, seen)
        return dead or owed.reply in self.adopted

    def _is_written(self, owed: Pending, seen: float) -> bool:
        """Whether another process that lives is at a reply."""
        if owed.by in ("", self._presence.name) or owed.reply in self._given_up:
            return False
        # Without signs of life nobody can be told from the dead.
        return self._presence.running and not self._presence.is_dead(owed.by, seen)

    def give_up(self, written: Collection[Pending]) -> None:
        """Wait for these replies no more."""
        for owed in written:
            log.warning("reply %s of process %s is not waited for any more", owed.reply, owed.by)
            self._given_up[owed.reply] = None
        while len(self._given_up) > _REMEMBERED:
            del self._given_up[next(iter(self._given_up))]

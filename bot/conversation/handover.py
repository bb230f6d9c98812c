"""Replies that go from one process to another: at the end of one, or after its death."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from bot.conversation.neighbours import Neighbours
from bot.conversation.places import Places
from bot.conversation.ports import Store
from bot.conversation.presence import LEFT, Presence
from bot.conversation.reply import Reply
from bot.conversation.turns import Pending
from bot.errors import StoreUnavailable


class Handover:
    """Leaves replies to other processes, and takes over what those leave."""

    def __init__(
        self, store: Store, places: Places, presence: Presence, neighbours: Neighbours
    ) -> None:
        self._store = store
        self._places = places
        self._presence = presence
        self._neighbours = neighbours

    def close(self) -> Sequence[str]:
        """Take on no more messages, since this process ends; the next one finds them.

        Returns those that had come, and are not taken on.
        """
        self._neighbours.closing = True
        return self._places.close()

    @property
    def idle(self) -> bool:
        """Whether nothing is written or changed anywhere, nor about to be."""
        return not len(self._places)

    def busy_in(self, place: str) -> bool:
        """Whether anything is written in a place's conversation, or a private one there."""
        return self._places.writes_in(place)

    async def release(self, reply: Reply) -> None:
        """Let another process take over a reply that was left while this one still runs."""
        snapshot = await self._store.load(reply.conversation)
        for owed in snapshot.pending:
            if owed.reply == reply.id and owed.by == self._presence.name:
                await self._store.take_over(reply.conversation, owed, to=LEFT)

    @asynccontextmanager
    async def adopting(self, conversation: str, owed: Pending) -> AsyncGenerator[bool, None]:
        """Take over what a dead process owes, to finish it inside; gives whether it is ours now.

        What is asked there meanwhile waits.
        """
        self._neighbours.adopted.add(owed.reply)
        try:
            yield await self._store.take_over(conversation, owed)
        finally:
            self._neighbours.adopted.discard(owed.reply)

    async def is_ours(self, reply: Reply, gaps: int) -> bool:
        """Whether a reply is still this process's own.

        `gaps` is what `presence` counted when that was known; if there was none since, nobody asks.
        While the store cannot tell, nobody else can have taken it over.
        """
        if self._presence.gaps == gaps or reply.left:
            return not reply.left
        try:
            found = await self._store.load(reply.conversation)
        except StoreUnavailable:
            return True
        finished = any(turn.id == reply.id for turn in found.turns)
        owed = (one.by for one in found.pending if one.reply == reply.id)
        reply.taken = finished or next(owed, self._presence.name) != self._presence.name
        return not reply.taken

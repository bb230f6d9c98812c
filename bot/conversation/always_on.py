"""The conversations in which every message is answered, kept in memory."""

from __future__ import annotations

import asyncio
import logging

from bot.conversation.ports import Store
from bot.errors import StoreUnavailable

log = logging.getLogger(__name__)

# How long a store that did not answer is left alone, in seconds.
_PAUSE = 10.0


class AlwaysOn:
    """Knows without asking the store whether a place is always on.

    The set is read once. While the store is away no place counts as always on, and it is asked
    again every ten seconds, when a message asks for it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: set[str] | None = None
        self._not_before = 0.0

    async def load(self) -> bool:
        """Read the set if it is not known yet; returns whether it is known now."""
        now = asyncio.get_running_loop().time()
        if self._known is None and now >= self._not_before:
            self._not_before = now + _PAUSE
            try:
                self._known = set(await self._store.always_on())
            except StoreUnavailable as error:
                log.warning("cannot tell which channels are always on: %s", error.detail or error)
        return self._known is not None

    async def covers(self, *conversations: str) -> bool:
        """Whether one of the conversations (a thread, its channel) is always on."""
        await self.load()
        return self._known is not None and not self._known.isdisjoint(conversations)

    async def switch(self, conversation: str, on: bool) -> None:
        """Store and remember it; a store that does not answer is a `StoreUnavailable`."""
        await self._store.set_always_on(conversation, on)
        self._not_before = 0.0
        if await self.load() and self._known is not None:
            (self._known.add if on else self._known.discard)(conversation)

"""The conversations in which every message is answered, kept in memory."""

from __future__ import annotations

from bot.conversation.ports import Store
from bot.conversation.read_once import ReadOnce


class AlwaysOn:
    """Knows without asking the store whether a place is always on.

    The set is read once. While the store is away no place counts as always on.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._places = ReadOnce(self._read, "which channels are always on")

    async def load(self) -> bool:
        """Read the set if it is not known yet; returns whether it is known now."""
        return await self._places.get() is not None

    async def covers(self, *conversations: str) -> bool:
        """Whether one of the conversations (a thread, its channel) is always on."""
        places = await self._places.get()
        return places is not None and not places.isdisjoint(conversations)

    async def switch(self, conversation: str, on: bool) -> None:
        """Store and remember it; a store that does not answer is a `StoreUnavailable`."""
        await self._store.set_always_on(conversation, on)
        places = await self._places.get_now()
        if places is not None:
            (places.add if on else places.discard)(conversation)

    async def _read(self) -> set[str]:
        return set(await self._store.always_on())

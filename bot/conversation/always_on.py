"""The places in which every message is answered, kept in memory and read again every minute."""

from __future__ import annotations

from bot.conversation.config import Mode
from bot.conversation.configuration import Configuration
from bot.conversation.ports import Store
from bot.conversation.read_once import REFRESHED, ReadOnce


class AlwaysOn:
    """Knows without asking the store whether a place is always on.

    The set is read once. While the store is away no place counts as always on. A place that is in
    the set is, whatever else is stored; one that has said anything else (`Configuration`) is not,
    even if a wider place is.
    """

    def __init__(self, store: Store, configuration: Configuration) -> None:
        self._store = store
        self._configuration = configuration
        self._places = ReadOnce(self._read, "which channels are always on", every=REFRESHED)

    async def load(self) -> bool:
        """Read the set if it is not known yet; returns whether it is known now."""
        return await self._places.get() is not None

    async def covers(self, *places: str) -> bool:
        """Whether a place is always on; it comes with all it lies in, the narrowest first."""
        return (await self.at(*places))[0] == "always"

    async def at(self, *places: str) -> tuple[Mode | None, str]:
        """What the narrowest of `places` that says anything has said, and which one that is.

        (None, "") where none has, or nothing is known.
        """
        always = await self._places.get()
        if always is not None:
            for place in places:
                if place in always:
                    return "always", place
                if (own := self._configuration.own(place).mode) is not None:
                    # What is in the set has been looked for: it alone says "always".
                    return "name" if own == "name" else "mention", place
        return None, ""

    async def choose(self, place: str, mode: Mode | None) -> None:
        """Store and remember what a place wants, None to let wider ones decide.

        A store that does not answer is a `StoreUnavailable`.
        """
        if mode != "always":
            await self.switch(place, False)
        await self._configuration.change(place, mode=None if mode == "always" else mode)
        if mode == "always":
            await self.switch(place, True)

    async def switch(self, place: str, on: bool) -> None:
        """Add a place to the set, or take it out, and leave all else as it is."""
        await self._store.set_always_on(place, on)
        places = await self._places.get_now()
        if places is not None:
            (places.add if on else places.discard)(place)

    def renew(self) -> None:
        """Read it again: another process has changed something."""
        self._places.renew()

    def close(self) -> None:
        """End what is being read."""
        self._places.close()

    async def _read(self) -> set[str]:
        return set(await self._store.always_on())

"""Which engine was chosen for which place, kept in memory and read again every minute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.conversation.ports import Store
from bot.conversation.read_once import REFRESHED, ReadOnce


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine's name and the place it was chosen for; both are "" where nobody chose."""

    engine: str = ""
    place: str = ""


def nearest(chosen: Mapping[str, str], places: Sequence[str]) -> Choice:
    """What holds in the first of `places` for which anything was chosen, the narrowest first."""
    for place in places:
        if place in chosen:
            return Choice(chosen[place], place)
    return Choice()


class EngineChoices:
    """Knows without asking the store which engine answers in a place.

    All choices are read once. While the store is away the default answers everywhere.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._chosen = ReadOnce(self._read, "which engines were chosen", every=REFRESHED)

    async def load(self) -> bool:
        """Read the choices if they are not known yet; returns whether they are known now."""
        return await self._chosen.get() is not None

    async def at(self, *places: str) -> Choice:
        """What was chosen for the first of `places` that has a choice of its own."""
        return nearest(await self._chosen.get() or {}, places)

    async def choose(self, place: str, engine: str | None) -> None:
        """Store and remember a choice, None for none; a silent store is a `StoreUnavailable`."""
        await self._store.set_engine(place, engine)
        chosen = await self._chosen.get_now()
        if chosen is not None:
            chosen.pop(place, None)
            if engine is not None:
                chosen[place] = engine

    def renew(self) -> None:
        """Read it again: another process has changed something."""
        self._chosen.renew()

    def close(self) -> None:
        """End what is being read."""
        self._chosen.close()

    async def _read(self) -> dict[str, str]:
        return dict(await self._store.engines())

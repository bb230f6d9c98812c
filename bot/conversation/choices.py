"""Which engine was chosen for which place, kept in memory."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.conversation.ports import Store
from bot.errors import StoreUnavailable

log = logging.getLogger(__name__)

# How long a store that did not answer is left alone, in seconds.
_PAUSE = 10.0


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

    All choices are read once. While the store is away the default answers everywhere, and it is
    asked again every ten seconds, when somebody wants to know.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, str] | None = None
        self._not_before = 0.0

    async def load(self) -> bool:
        """Read the choices if they are not known yet; returns whether they are known now."""
        now = asyncio.get_running_loop().time()
        if self._known is None and now >= self._not_before:
            self._not_before = now + _PAUSE
            try:
                self._known = dict(await self._store.engines())
            except StoreUnavailable as error:
                log.warning("cannot tell which engines were chosen: %s", error.detail or error)
        return self._known is not None

    async def at(self, *places: str) -> Choice:
        """What was chosen for the first of `places` that has a choice of its own."""
        await self.load()
        return nearest(self._known or {}, places)

    async def choose(self, place: str, engine: str | None) -> None:
        """Store and remember a choice, None for none; a silent store is a `StoreUnavailable`."""
        await self._store.set_engine(place, engine)
        self._not_before = 0.0
        if await self.load() and self._known is not None:
            self._known.pop(place, None)
            if engine is not None:
                self._known[place] = engine

"""What servers have set, kept in memory and read again every minute."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any

from bot.conversation.config import (
    NOTHING,
    Bar,
    Configs,
    PlaceConfig,
    allowed,
    bar,
    limited_roles,
    read,
    source,
    written,
)
from bot.conversation.fair_order import Asker
from bot.conversation.ports import Store
from bot.conversation.quotas import Allowed, Kind
from bot.conversation.read_once import REFRESHED, ReadOnce
from bot.conversation.report import Whose
from bot.conversation.wishes import Wishes
from bot.language import Language

_NONE: Configs = MappingProxyType({})


class Configuration:
    """Knows without asking the store what was set where. While it was never read, nothing was.

    `system` is the operator's system prompt, "" for the model's own.
    """

    def __init__(self, store: Store, system: str = "") -> None:
        self._system = system
        self._store = store
        self._configs = ReadOnce(self._read, "what servers have set", every=REFRESHED)

    async def load(self) -> bool:
        """Read the settings if they are not known yet; returns whether they are known now."""
        return await self._configs.get() is not None

    @property
    def known(self) -> Configs:
        """All settings by place, as far as they are known just now."""
        return self._configs.known or _NONE

    def own(self, place: str) -> PlaceConfig:
        """What was set in one place itself."""
        return self.known.get(place, NOTHING)

    def source(self, places: Sequence[str], name: str) -> tuple[Any, str]:
        """The value that holds for a setting in a place, and where it was set."""
        return source(places, self.known, name)

    def system(self, places: Sequence[str]) -> str:
        """The system prompt that conversations there inherit, "" if there is none."""
        return self.inherited(places)[0]

    def inherited(self, places: Sequence[str]) -> tuple[str, Whose]:
        """The same, and who has set it."""
        if set_there := self.source(places, "system")[0]:
            return set_there, "server"
        return self._system, "operator" if self._system else "model"

    def wishes(self, places: Sequence[str]) -> Wishes:
        """What is wanted of answers there."""
        wanted, _ = self.source(places, "sampling")
        longest, _ = self.source(places, "reply_tokens")
        thinks, _ = self.source(places, "thinks")
        return Wishes(wanted or {}, longest, thinks or False)

    def language(self, places: Sequence[str]) -> Language | None:
        """The language that was set for a place, None where nobody has set any."""
        return self.source(places, "language")[0]

    def bar(
        self,
        places: Sequence[str],
        *,
        person: str,
        roles: Collection[str],
        age_restricted: bool,
    ) -> tuple[Bar, str]:
        """Why somebody is not answered in a place, and where that was set; "" if they are."""
        return bar(places, self.known, person=person, roles=roles, age_restricted=age_restricted)

    def limits(self, kind: Kind, asker: Asker) -> Allowed:
        """What a server allows one person, and itself, in an hour; 0 is no limit of its own."""
        own = self.own(f"server:{asker.server}") if asker.server else NOTHING
        # Asked several times for each question, and most servers have set nothing.
        return (0, 0) if own is NOTHING else allowed(own, kind, asker.roles)

    def limited_roles(self, server: str) -> frozenset[str]:
        """All roles that have a limit of their own in a server, by its id."""
        return limited_roles(self.own(f"server:{server}"))

    async def change(self, place: str, **values: Any) -> PlaceConfig:
        """Set some settings in a place, None to clear one; returns what was set there before.

        A store that does not answer is a `StoreUnavailable`; then nothing has changed.
        """
        # What is in memory may be a minute old, and another process may have changed the place.
        stored = (await self._store.config()).get(place)
        before = NOTHING if stored is None else read(place, stored)
        after = replace(before, **values)
        await self._store.set_config(place, written(after))
        known = await self._configs.get_now()
        if known is not None:
            known[place] = after
        return before

    async def copy(self, place: str, to: str) -> None:
        """Let what was set in one place hold in another one, too, but for its mode."""
        own = replace(self.own(place), mode=self.own(to).mode)
        if own != self.own(to):
            await self.change(to, **{one.name: getattr(own, one.name) for one in fields(own)})

    def renew(self) -> None:
        """Read it again: another process has changed something."""
        self._configs.renew()

    def close(self) -> None:
        """End what is being read."""
        self._configs.close()

    async def _read(self) -> dict[str, PlaceConfig]:
        stored = await self._store.config()
        return {place: read(place, text) for place, text in stored.items()}

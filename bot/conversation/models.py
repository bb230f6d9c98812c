"""The models that can answer: one, or several by name."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.conversation.fair_order import Asker
from bot.conversation.model import Model
from bot.conversation.ports import Engine
from bot.conversation.queue import Line, Ticket
from bot.errors import EngineError

log = logging.getLogger(__name__)

DEFAULT = "default"
"""The name of the engine that answers where nobody chose another one."""

# Somebody waits for the answer to "is it there?"; an engine that needs longer is as good as away.
_PRESENT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Served:
    """A model together with the engine that serves it, under the name the operator gave.

    `line` is where replies wait while the engine has no room for them.
    """

    name: str
    engine: Engine
    model: Model
    line: Line = field(default_factory=Line)

    @property
    def mark(self) -> str:
        """What stored token counts are marked with; "" for the default, as before it had a name."""
        return "" if self.name == DEFAULT else self.name

    def ticket(self, asker: Asker) -> Ticket:
        """A ticket for one reply in the engine's line."""
        self.line.engine_takes(self.model.slots)
        return self.line.ticket(asker)

    async def count(self, text: str) -> int:
        """Tokens of `text`: the engine's own count, else a careful estimate."""
        return await self.model.count(text)

    async def answers(self) -> bool:
        """Whether the engine is there right now."""
        try:
            async with asyncio.timeout(_PRESENT_SECONDS):
                await self.model.look()
        except (EngineError, TimeoutError) as error:
            log.debug("engine %s: %s", self.name, error)
            return False
        return True


class Models:
    """All that are served, the default first. It is the one that `first` names."""

    def __init__(self, first: Served, *others: Served) -> None:
        self._first = first
        self._all = {served.name: served for served in (first, *others)}
        self._told: set[str] = set()

    def __iter__(self) -> Iterator[Served]:
        return iter(self._all.values())

    def __len__(self) -> int:
        return len(self._all)

    def __contains__(self, name: object) -> bool:
        return name in self._all

    def named(self, name: str) -> Served:
        """The one of that name; for "" and for a name that is no more, the default."""
        found = self._all.get(name)
        if found is None and name and name not in self._told:
            self._told.add(name)
            log.warning("there is no engine %r in ENGINES any more; the default answers", name)
        return found or self._first

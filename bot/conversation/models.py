"""The models that can answer: one, or several by name."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from bot.conversation.fair_order import Asker
from bot.conversation.model import Model
from bot.conversation.ports import Engine
from bot.conversation.pulse import Heeded, Pulse
from bot.conversation.queue import Line, Ticket

log = logging.getLogger(__name__)

DEFAULT = "default"
"""The name of the engine that answers where nobody chose another one."""


@dataclass(frozen=True, slots=True)
class Served:
    """A model together with the engine that serves it, under the name the operator gave.

    `line` is where replies wait while the engine has no room for them, `pulse` what its answers
    tell of it, once it is `heeded`.
    """

    name: str
    engine: Engine
    model: Model
    line: Line = field(default_factory=Line)
    pulse: Pulse = field(default_factory=Pulse)

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

    def heeded(self) -> Served:
        """The same, with an engine that notes in `pulse` how its answers go."""
        return replace(self, engine=Heeded(self.engine, self.pulse))


class Models:
    """All that are served, the default first. It is the one that `first` names."""

    def __init__(self, first: Served, *others: Served) -> None:
        self._all = {served.name: served.heeded() for served in (first, *others)}
        self._first = self._all[first.name]
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

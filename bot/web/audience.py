"""Who watches the playground: every open page gets every event, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

# A page that is so many events behind is cut off; it comes back and gets the whole state.
_BACKLOG = 1_000


@dataclass(frozen=True, slots=True)
class Event:
    """Something that the pages have to know: the name and the data of a server-sent event."""

    name: str
    data: dict[str, Any]


Listener = asyncio.Queue[Event | None]
"""What one page still has to be told; None ends it."""


class Audience:
    """The pages that are open right now."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    @contextmanager
    def join(self, first: Event) -> Generator[Listener, None, None]:
        """Give a queue that begins with `first` and goes on with every event from now on."""
        listener = Listener(_BACKLOG)
        listener.put_nowait(first)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def tell(self, event: Event) -> None:
        """Pass an event on to every page."""
        for listener in tuple(self._listeners):
            try:
                listener.put_nowait(event)
            except asyncio.QueueFull:
                self._cut_off(listener)

    def dismiss(self) -> None:
        """Let all pages go."""
        for listener in tuple(self._listeners):
            self._cut_off(listener)

    def _cut_off(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        while not listener.empty():
            listener.get_nowait()
        listener.put_nowait(None)

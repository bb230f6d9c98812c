"""Servers that the bot has left: what is kept of them goes a while later, unless it comes back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

LEFT_DAYS = 30
"""For how long what is kept of a server stays after the bot has left it."""


@dataclass(frozen=True, slots=True)
class Departure:
    """When the bot has left a server (Unix time), and the places that it knew there.

    The places are conversations, and whatever settings are kept under.
    """

    at: float
    places: tuple[str, ...] = ()


class DepartureStore(Protocol):
    """What the store knows of servers that were left. Errors are `StoreUnavailable`."""

    async def note_departure(self, server: str, departure: Departure) -> None:
        """Note that a server was left, in the stead of an earlier time."""
        ...

    async def departures(self) -> Mapping[str, Departure]:
        """All servers that were left, and are not erased yet."""
        ...

    async def forget_departure(self, server: str) -> None:
        """The bot is back there: all stays."""
        ...

    async def erase_server(self, server: str, places: Collection[str]) -> int:
        """Erase what is kept of a server and of these places; returns the number of keys.

        May be cut off and done again. What belongs to people, in whatever server, stays.
        """
        ...

"""What people want to be reminded of, and the part of the store's port that keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

MAX_REMINDERS = 25
"""How many reminders a person can have at a time."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """What somebody wants to be reminded of when it is `due`, set `at` (Unix times).

    `channel` is where it was set, in the front's own words, and `private` whether that was a talk
    of its owner alone. `server` is the one around it, "" where there is none, or an early release
    has not noted it. `number` is what its owner knows it by; 0 until it is saved.
    """

    id: str
    asker: str
    text: str
    due: float
    at: float
    channel: str
    private: bool = False
    server: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Claims:
    """Reminders to deliver now, each with the time of an earlier claim that was never settled.

    `next_due` is when the next one falls due, or a claim ends; None if nothing is left.
    """

    reminders: tuple[tuple[Reminder, float | None], ...]
    next_due: float | None


class ReminderStore(Protocol):
    """What the store does with reminders. Errors are `bot.errors.StoreUnavailable`."""

    async def save_reminder(self, reminder: Reminder) -> int:
        """Save a reminder; returns its number, 0 if the person has `MAX_REMINDERS` others."""
        ...

    async def reminders(self, asker: str) -> Sequence[Reminder]:
        """A person's reminders, the next one first."""
        ...

    async def cancel_reminder(self, asker: str, number: int) -> Reminder | None:
        """Take back a person's reminder; returns it, None if there is none of that number."""
        ...

    async def claim_reminders(self, now: float, until: float) -> Claims:
        """Take on some reminders that are due, so that nobody else is told of them `until` then.

        What is not settled by then can be claimed again.
        """
        ...

    async def settle_reminder(self, reminder: Reminder) -> None:
        """Forget a reminder, since it was delivered or never can be."""
        ...

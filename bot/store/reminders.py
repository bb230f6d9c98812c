"""Reminders, in the store: saved until they are due, claimed by one process, then settled."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, cast

from bot.conversation.reminding import MAX_REMINDERS, Claims, Reminder
from bot.store import keys, scripts
from bot.store.connection import Connection, call

log = logging.getLogger(__name__)

# Longer than any reminder may wait: the keys vanish only when nothing in them can be due.
_SECONDS = 400 * 86_400
_MOST_CLAIMED = 20
# What a record leaves out where it says nothing.
_LEFT_OUT = ("private", "server")


class ReminderRecords:
    """The part of the store that is about reminders; each method is one round trip."""

    _redis: Connection

    async def save_reminder(self, reminder: Reminder) -> int:
        """Save a reminder; returns its number, 0 if the person has too many others."""
        (number,) = await self._redis.run(
            call(
                scripts.SAVE_REMINDER,
                _keys(reminder.asker),
                MAX_REMINDERS,
                _SECONDS,
                reminder.id,
                reminder.due,
                _record(reminder),
            )
        )
        return int(number)

    async def reminders(self, asker: str) -> Sequence[Reminder]:
        """A person's reminders, the next one first."""
        (found,) = await self._redis.run(call(scripts.LIST_REMINDERS, _keys(asker)))
        pairs = zip(found[::2], found[1::2], strict=True)
        read = ((int(number), _reminder(record)) for number, record in pairs)
        known = [replace(one, number=number) for number, one in read if one is not None]
        return sorted(known, key=lambda one: (one.due, one.number))

    async def cancel_reminder(self, asker: str, number: int) -> Reminder | None:
        """Take back a person's reminder; returns it, None if there is none of that number."""
        (stored,) = await self._redis.run(call(scripts.CANCEL_REMINDER, _keys(asker), number))
        cancelled = None if stored is None else _reminder(stored)
        return None if cancelled is None else replace(cancelled, number=number)

    async def claim_reminders(self, now: float, until: float) -> Claims:
        """Take on some reminders that are due, so that nobody else is told of them `until` then.

        Should the answer get lost on the way, they are claimed again after that time.
        """
        (found,) = await self._redis.run(
            call(scripts.CLAIM_REMINDERS, _keys(), now, until, _MOST_CLAIMED)
        )
        *pairs, next_due = cast("list[bytes]", found)
        read = (
            (_reminder(record), float(claimed) if claimed else None)
            for record, claimed in zip(pairs[::2], pairs[1::2], strict=True)
        )
        return Claims(
            tuple((one, claimed) for one, claimed in read if one is not None),
            float(next_due) if next_due else None,
        )

    async def settle_reminder(self, reminder: Reminder) -> None:
        """Forget a reminder, since it was delivered or never can be."""
        due, saved, claimed, own = _keys(reminder.asker)
        await self._redis.run(
            ("ZREM", due, reminder.id),
            ("HDEL", saved, reminder.id),
            ("HDEL", claimed, reminder.id),
            ("HDEL", own, reminder.id),
        )


def _keys(*asker: str) -> tuple[str, ...]:
    """The keys that the scripts take, in their order."""
    return (
        keys.REMINDERS_DUE,
        keys.REMINDERS_SAVED,
        keys.REMINDERS_CLAIMED,
        *map(keys.reminders_of, asker),
    )


def _record(reminder: Reminder) -> bytes:
    every = asdict(reminder)
    del every["number"]
    told = {name: value for name, value in every.items() if value or name not in _LEFT_OUT}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def _reminder(stored: bytes) -> Reminder | None:
    try:
        data = cast("dict[str, Any]", json.loads(stored.decode("utf-8", "surrogatepass")))
        known = set(Reminder.__slots__) - {"number"}
        return Reminder(**{name: data[name] for name in known if name in data})
    except (ValueError, TypeError, KeyError) as error:
        log.warning("a reminder is damaged and left out: %s", error)
        return None

"""What Discord offers while somebody types an option (autocompletion)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from bot.errors import UserError

T = TypeVar("T")

MOST = 25
"""How many choices Discord takes."""

LONGEST = 100
"""How many characters the name and the value of a choice may have."""

# Autocompletion has three seconds, and is better empty than late.
_SECONDS = 2.0


async def in_time(known: Awaitable[T]) -> T | None:
    """What the choices are made of; None if it cannot be had (a `UserError`), or takes too long."""
    try:
        async with asyncio.timeout(_SECONDS):
            return await known
    except (UserError, TimeoutError):
        return None

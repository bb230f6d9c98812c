"""What the store is asked once and what is then kept in memory."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from bot.errors import StoreUnavailable

log = logging.getLogger(__name__)

T = TypeVar("T")

# How long a store that did not answer is left alone, in seconds.
_PAUSE = 10.0


class ReadOnce(Generic[T]):
    """A value that `read` fetches at the first use.

    While the store is away there is none, and it is asked again every ten seconds, when somebody
    wants to know. `what` completes the log's sentence "cannot tell …".
    """

    def __init__(self, read: Callable[[], Awaitable[T]], what: str) -> None:
        self._read = read
        self._what = what
        self._value: T | None = None
        self._not_before = 0.0

    async def get(self) -> T | None:
        """The value, or None while it cannot be read."""
        now = asyncio.get_running_loop().time()
        if self._value is None and now >= self._not_before:
            self._not_before = now + _PAUSE
            try:
                self._value = await self._read()
            except StoreUnavailable as error:
                log.warning("cannot tell %s: %s", self._what, error.detail or error)
        return self._value

    async def get_now(self) -> T | None:
        """The value; the store is asked at once, since it has just answered."""
        self._not_before = 0.0
        return await self.get()

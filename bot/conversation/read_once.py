"""What the store is asked once and what is then kept in memory."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from bot.errors import StoreUnavailable

log = logging.getLogger(__name__)

T = TypeVar("T")

REFRESHED = 60.0
"""After how many seconds a change that another process made is known here, at the latest."""

# How long a store that did not answer is left alone, in seconds.
_PAUSE = 10.0


class ReadOnce(Generic[T]):
    """A value that `read` fetches at the first use.

    While the store is away there is none, and it is asked again every ten seconds, when somebody
    wants to know. `what` completes the log's sentence "cannot tell …". With `every`, a value that
    is older (in seconds) is read again meanwhile, and whoever wants to know does not wait for it.
    Who changes the value calls `get_now` first, so that what is just being read is not taken.
    """

    def __init__(
        self, read: Callable[[], Awaitable[T]], what: str, *, every: float | None = None
    ) -> None:
        self._read = read
        self._what = what
        self._every = every
        self._value: T | None = None
        self._not_before = 0.0
        self._read_at = 0.0
        self._changes = 0
        self._outdated = False
        self._reading: asyncio.Task[None] | None = None

    @property
    def known(self) -> T | None:
        """The value as far as it is known, without any waiting."""
        now = asyncio.get_running_loop().time()
        if self._value is not None and self._every and now - self._read_at > self._every:
            self._read_later(now)
        return self._value

    async def get(self) -> T | None:
        """The value, or None while it cannot be read."""
        now = asyncio.get_running_loop().time()
        if self._value is None and now >= self._not_before:
            self._not_before = now + _PAUSE
            try:
                self._value = await self._read()
                self._read_at = now
            except StoreUnavailable as error:
                log.warning("cannot tell %s: %s", self._what, error.detail or error)
        return self.known

    async def get_now(self) -> T | None:
        """The value; the store is asked at once, since it has just answered."""
        self._not_before = 0.0
        self._changes += 1
        return await self.get()

    async def fresh(self) -> T:
        """The value as the store has it now, for who is to change it. Raises `StoreUnavailable`."""
        self._changes += 1
        self._value = value = await self._read()
        return value

    def renew(self) -> None:
        """Read the value again in the background: another process has changed it."""
        if self._value is not None:
            self._changes += 1
            self._outdated = True
            self._read_later(asyncio.get_running_loop().time())

    def close(self) -> None:
        """End what is being read."""
        if self._reading is not None:
            self._reading.cancel()

    def _read_later(self, now: float) -> None:
        if self._reading is None or self._reading.done():
            # Also if that fails: a store that is away is not asked with every message.
            self._read_at = now
            self._reading = asyncio.create_task(self._read_again(), name=self._what)

    async def _read_again(self) -> None:
        self._outdated = True
        while self._outdated:
            self._outdated, known = False, self._changes
            try:
                value = await self._read()
            except StoreUnavailable as error:
                log.warning("cannot tell %s since: %s", self._what, error.detail or error)
                return
            if known == self._changes:
                self._value = value

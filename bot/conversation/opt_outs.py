"""Who wants to be left alone, kept in memory and read again every minute."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from contextlib import suppress

from bot.conversation.ports import Store
from bot.errors import StoreUnavailable

log = logging.getLogger(__name__)

# After how many seconds a change that another process made is known here, at the latest.
_READ_EVERY = 60.0
_UNKNOWN_FOR = 10.0


class OptOuts:
    """Knows without asking the store who has opted out.

    The store has no ids, only marks that are made of them: somebody who had everything erased is
    still left alone. Who asks when the marks are old gets an answer at once; they are read again
    meanwhile.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._marks: set[str] | None = None
        self._changes = 0
        self._read_at = 0.0
        self._outdated = False
        self._reading: asyncio.Task[None] | None = None

    async def load(self) -> None:
        """Read the marks; while the store is away nobody is known to have opted out."""
        with suppress(StoreUnavailable):
            await self._read()

    async def covers(self, person: str) -> bool:
        """Whether somebody has opted out; `StoreUnavailable` while that cannot be known at all."""
        if self._marks is None:
            await self._read()
        return self.ignores(person)

    def ignores(self, person: str) -> bool:
        """The same, as far as is known."""
        pause = _READ_EVERY if self._marks is not None else _UNKNOWN_FOR
        if asyncio.get_running_loop().time() - self._read_at > pause:
            self._read_later()
        return self._marks is not None and mark_of(person) in self._marks

    async def switch(self, person: str, out: bool) -> None:
        """Store and remember it; a store that does not answer is a `StoreUnavailable`."""
        await self._store.set_opted_out(mark_of(person), out)
        self._changes += 1
        if self._marks is None:
            await self._read()
        elif out:
            self._marks.add(mark_of(person))
        else:
            self._marks.discard(mark_of(person))

    def renew(self) -> None:
        """Read the marks again: another process has changed something."""
        self._outdated = True
        self._read_later()

    def close(self) -> None:
        """End what is being read."""
        if self._reading is not None:
            self._reading.cancel()

    async def _read(self) -> None:
        self._read_at = asyncio.get_running_loop().time()
        known = self._changes
        marks = await self._store.opted_out()
        if known == self._changes or self._marks is None:
            self._marks = set(marks)

    def _read_later(self) -> None:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_again(), name="who opted out")

    async def _read_again(self) -> None:
        try:
            self._outdated = True
            while self._outdated:
                self._outdated = False
                await self._read()
        except StoreUnavailable as error:
            log.warning("cannot tell who has opted out since: %s", error.detail or error)


def mark_of(person: str) -> str:
    """What stands for a person's id in the store."""
    return hashlib.blake2b(person.encode(), digest_size=16, person=b"opted out").hexdigest()

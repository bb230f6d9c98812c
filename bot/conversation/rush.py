"""When many ask in the same moment: how many of their replies are begun side by side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

# All at once, each step of the last one would come before the next step of the first: nobody's
# question would reach the engine before nearly all do, and all replies would end in one moment.
# Fewer share fewer trips to Redis (bot.store.batching).
MOST = 64

# Seconds after which a place is free again, whatever its reply still waits for.
HELD = 0.25


class Rush:
    """Places for replies that are being begun; the others wait in order."""

    def __init__(self, most: int = MOST, held: float = HELD) -> None:
        self._places = asyncio.Semaphore(most)
        self._held = held

    @asynccontextmanager
    async def place(self) -> AsyncGenerator[None, None]:
        """Wait for a place, and hold it inside the block, but not for long.

        So a reply whose engine or store is slow to answer keeps nobody else waiting.
        """
        await self._places.acquire()
        held = True

        def leave() -> None:
            nonlocal held
            if held:
                held = False
                self._places.release()

        until = asyncio.get_running_loop().call_later(self._held, leave)
        try:
            yield
        finally:
            until.cancel()
            leave()

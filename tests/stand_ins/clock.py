"""An event loop whose clock jumps to the next timer instead of waiting for it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time passes only while everybody sleeps; nothing in it may wait for a real socket."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__()

    def time(self) -> float:
        return self._now

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:
            self._now = max(self._now, self._next())
        super()._run_once()

    def _next(self) -> float:
        """When the next timer is due; cancelled ones may still be in the heap."""
        if not self._scheduled[0]._cancelled:
            return self._scheduled[0]._when
        return min((one._when for one in self._scheduled if not one._cancelled), default=self._now)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine on a virtual clock that begins at 0."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)

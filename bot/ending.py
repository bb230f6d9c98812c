"""How the process ends: asked by a signal, in time whatever hangs, with exit code 0."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Awaitable

log = logging.getLogger(__name__)


async def until_signalled(
    work: Awaitable[None], asked: asyncio.Event | None = None, within: float = 0.0
) -> None:
    """Run `work` until it ends or the process is asked to stop (SIGTERM, SIGINT).

    With `asked`, work is told by it and has so many seconds to end by itself; a second signal ends
    it at once. Without, it is cancelled.
    """
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()

    def hear() -> None:
        if asked is None or asked.is_set():
            task.cancel()
        else:
            log.info("asked to stop")
            asked.set()
            _be_gone_after(within)

    for name in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(name, hear)
        except NotImplementedError:
            # Windows has no signal handlers in its loop; Ctrl+C raises KeyboardInterrupt there.
            break
    try:
        await task
    except asyncio.CancelledError:
        pass
    except Exception:
        if asked is None or not asked.is_set():
            raise
        log.exception("something broke at the end")
    log.info("stopped")


def _be_gone_after(seconds: float) -> None:
    """End the process then, if it has not ended by itself: its event loop may hang, too."""

    def end() -> None:
        log.warning("stopped, though something still hung after %g s", seconds)
        logging.shutdown()
        os._exit(0)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()

"""The typing indicator: on at once, off with the first visible text."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from cogs.live.pace import Pace
from cogs.live.sending import FAILURES, for_good, note_refusal
from cogs.live.target import Target

log = logging.getLogger(__name__)

# Discord shows it for ten seconds.
_AGAIN_AFTER = 8.0
_WHEN_BUSY = 1.0


@asynccontextmanager
async def typing(
    target: Target, pace: Pace, *, unless: Callable[[], bool]
) -> AsyncGenerator[None, None]:
    """Show inside the block that the bot is at work, without holding anything up.

    While `unless` says so, nothing is shown.
    """
    task = asyncio.create_task(_type(target, pace, unless), name="typing")
    try:
        yield
    finally:
        task.cancel()


async def _type(target: Target, pace: Pace, unless: Callable[[], bool]) -> None:
    while True:
        if unless() or (target.metered and not pace.spare()):
            await asyncio.sleep(_WHEN_BUSY)
            continue
        try:
            await target.typing()
        except FAILURES as error:
            note_refusal(error, pace)
            log.debug("no typing: %s", error)
            if for_good(error):
                return
        await asyncio.sleep(_AGAIN_AFTER)

"""Whether an engine answers: by what it says of itself, and by how its answers go.

Neither alone is enough. A server may be silent about itself and write all the same; and one that
says politely what it serves may fail with every answer.
"""

from __future__ import annotations

import asyncio
import logging

from bot.conversation.models import Served
from bot.errors import EngineError, EngineTimeout, EngineUnreachable

log = logging.getLogger(__name__)

# Whoever asks whether an engine answers waits so many seconds for what it says of itself.
_PATIENCE = 2.25


def failure_of(served: Served, said: EngineError | None) -> EngineError | None:
    """Why an engine does not answer, None if it does; `said` is why it told nothing of itself."""
    if said is None:
        return served.pulse.fault
    # Where nobody takes a connection nobody writes either.
    silent = not isinstance(said, EngineUnreachable)
    return None if silent and served.pulse.beats else said


async def vouch(served: Served) -> None:
    """Raise an `EngineError` unless the engine answers right now; takes a few seconds at most."""
    if failure := failure_of(served, await _asked(served)):
        raise failure


async def _asked(served: Served) -> EngineError | None:
    """What keeps an engine from saying what it serves."""
    try:
        async with asyncio.timeout(_PATIENCE):
            await served.model.look()
    except EngineError as error:
        return error
    except TimeoutError:
        return EngineTimeout(detail="it does not say what it serves")
    return None


async def answers(served: Served) -> bool:
    """Whether the engine is there right now."""
    try:
        await vouch(served)
    except EngineError as error:
        log.debug("engine %s: %s", served.name, error)
        return False
    return True

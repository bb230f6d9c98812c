"""At rest: memory with few and many servers, and the time from start to synced commands."""

from __future__ import annotations

import asyncio
import statistics

from benchmarks.machine import resident_mb
from benchmarks.stage import Kind, Stage

STARTS = 3


async def memory(kind: Kind, guilds: int) -> dict[str, float]:
    """Resident memory some seconds after the start, nobody having asked anything."""
    async with Stage(kind) as stage:
        stage.furnish(guilds=guilds)
        await stage.open()
        await asyncio.sleep(4)
        return {"idle_mb": resident_mb(stage.bot.pid)}


async def start(kind: Kind) -> dict[str, float]:
    """Seconds from the start of the process to synced commands, on a fresh application."""
    times = []
    for _ in range(STARTS):
        async with Stage(kind) as stage:
            stage.furnish()
            times.append(await stage.open())
    return {"start_s": statistics.median(times)}

"""Does a reply cost the same with one channel and with a thousand? And how often is Redis asked?"""

from __future__ import annotations

import asyncio

from benchmarks.machine import cpu_seconds
from benchmarks.stage import Kind, Stage

SIZES = (1, 10, 100, 1_000)
AT_ONCE = 10
LEAST = 40


async def measure(kind: Kind) -> dict[str, float]:
    """CPU, REST calls and Redis round trips per short reply, for growing numbers of channels."""
    figures: dict[str, float] = {}
    async with Stage(
        kind, limits=False, rate=2_000, ttft=0.0, tokens=20, count_round_trips=True
    ) as stage:
        stage.furnish(channels=max(SIZES))
        await stage.open()
        await stage.complete([stage.ask(stage.channels[0])], 15)
        for size in SIZES:
            await _wave(stage, size, figures)
    return figures


async def _wave(stage: Stage, size: int, figures: dict[str, float]) -> None:
    count = max(size, LEAST)
    places = [stage.channels[n % size] for n in range(count)]
    slots = asyncio.Semaphore(min(AT_ONCE, size))
    cpu, trips = cpu_seconds(stage.bot.pid), stage.proxy.count
    calls = len(stage.discord.calls)

    async def one(channel: int) -> bool:
        async with slots:
            return bool(await stage.complete([stage.ask(channel)], 15))

    answered = await asyncio.gather(*(one(channel) for channel in places))
    await asyncio.sleep(0.3)
    figures[f"cpu_ms_at_{size}"] = (cpu_seconds(stage.bot.pid) - cpu) / count * 1e3
    figures[f"redis_at_{size}"] = (stage.proxy.count - trips) / count
    figures[f"rest_at_{size}"] = (len(stage.discord.calls) - calls) / count
    figures[f"answered_at_{size}"] = sum(answered) / count

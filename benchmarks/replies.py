"""One channel at a time: how soon the engine is asked and the last text stands, and what it costs.

120 tokens at 50 a second, 50 ms to the first one, Discord's limits per channel on.
"""

from __future__ import annotations

import asyncio
import statistics

from benchmarks.machine import cpu_seconds
from benchmarks.stage import Kind, Stage, whole_at

REPLIES = 8


async def measure(kind: Kind) -> dict[str, float]:
    """Medians over a few replies, each in a channel that the bot has met before."""
    async with Stage(kind) as stage:
        stage.furnish(channels=REPLIES + 1)
        await stage.open()
        await stage.complete([stage.ask(stage.channels[0])], 15)
        await asyncio.sleep(1)
        cpu, calls = cpu_seconds(stage.bot.pid), len(stage.discord.calls)
        before, after, first = [], [], []
        for channel in stage.channels[1:]:
            asked = stage.ask(channel)
            await stage.complete([asked], 15)
            request = stage.engine.last
            sent = stage.discord.trail(asked).created
            [reply] = stage.discord.replies(asked)
            before.append(request.arrived - sent)
            after.append(whole_at(reply, stage.text) - request.last_token)
            first.append(reply.created - request.first_token)
        await asyncio.sleep(0.5)
        return {
            "before_engine_ms": statistics.median(before) * 1e3,
            "first_text_ms": statistics.median(first) * 1e3,
            "last_text_ms": statistics.median(after) * 1e3,
            "last_text_worst_ms": max(after) * 1e3,
            "cpu_s": (cpu_seconds(stage.bot.pid) - cpu) / REPLIES,
            "rest_calls": (len(stage.discord.calls) - calls) / REPLIES,
        }

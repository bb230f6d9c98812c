"""200 channels ask in the same moment, without and with Discord's global limit."""

from __future__ import annotations

import statistics

from benchmarks.machine import cpu_seconds, peak_mb
from benchmarks.stage import Kind, Stage, p95

CHANNELS = 200


async def measure(kind: Kind, global_limit: int | None = None) -> dict[str, float]:
    """Overhead is what a reply took beyond the engine's own time."""
    async with Stage(kind, global_limit=global_limit) as stage:
        stage.furnish(channels=CHANNELS)
        await stage.open()
        await stage.complete([stage.ask(stage.channels[0])], 15)
        cpu, calls = cpu_seconds(stage.bot.pid), len(stage.discord.calls)
        asked = [stage.ask(channel) for channel in stage.channels]
        sent = {message: stage.discord.trail(message).created for message in asked}
        done = await stage.complete(asked, 30 if global_limit is None else 45)
        overheads = [at - sent[message] - stage.ideal for message, at in done.items()]
        limited = sum(call.limited for call in stage.discord.calls)
        return {
            "completed": len(done),
            "overhead_median_s": statistics.median(overheads) if overheads else float("nan"),
            "overhead_p95_s": p95(overheads) if overheads else float("nan"),
            "peak_mb": peak_mb(stage.bot.pid),
            "cpu_per_reply_s": (cpu_seconds(stage.bot.pid) - cpu) / CHANNELS,
            "rest_per_reply": (len(stage.discord.calls) - calls) / CHANNELS,
            "answers_429": limited,
        }

"""What the bot and Redis take at one moment."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from redis import asyncio as redis_asyncio

from benchmarks.machine import cpu_seconds, resident_mb
from benchmarks.week.stage import WeekStage, until


@dataclass(frozen=True, slots=True)
class Sample:
    """One look; memory is in MB (10^6 bytes), `age` in seconds, `life` counts processes from 1."""

    at: str
    answered: int
    life: int
    age: float
    resident_mb: float
    files: int
    sockets: int
    redis_mb: float
    redis_keys: int
    redis_clients: int
    redis_turns: int
    cpu_s: float
    tasks: int = 0
    objects: int = 0
    held: dict[str, Any] = field(default_factory=dict)

    def data(self) -> dict[str, Any]:
        return asdict(self)


async def take(stage: WeekStage, at: str, *, inside: bool = True) -> Sample:
    """Look at everything; `inside`: have the process count what it holds, which takes a while."""
    held = await _probe(stage) if inside else {}
    files = _open_files(stage.bot.pid)
    async with redis_asyncio.Redis(port=stage.valkey.port) as redis:
        memory, clients = await redis.info("memory"), await redis.info("clients")
        keys = await redis.dbsize()
        turns = 0
        async for key in redis.scan_iter("hermes:1:*:archive", 1_000):
            turns += await redis.zcard(key)
    return Sample(
        at,
        stage.ledger.answered,
        stage.lives,
        round(time.monotonic() - stage.born, 1),
        round(resident_mb(stage.bot.pid), 1),
        len(files),
        sum(file.startswith("socket:") for file in files),
        round(memory["used_memory_dataset"] / 1e6, 2),
        keys,
        clients["connected_clients"] - 1,
        turns,
        cpu_seconds(stage.bot.pid),
        # Tidying up under older replies goes on for twenty seconds, and is bounded by itself.
        held.get("tasks", 0) - held.get("tasks_by_name", {}).get("tidying", 0),
        held.get("objects", 0),
        held,
    )


def _open_files(pid: int) -> list[str]:
    return [_target(one) for one in Path(f"/proc/{pid}/fd").iterdir()]


def _target(file: Path) -> str:
    try:
        return os.readlink(file)
    except OSError:
        return ""


async def _probe(stage: WeekStage) -> dict[str, Any]:
    stage.probe_file.unlink(missing_ok=True)
    os.kill(stage.bot.pid, signal.SIGUSR1)
    if not await until(stage.probe_file.exists, 30.0):
        return {}
    return json.loads(await asyncio.to_thread(stage.probe_file.read_text))

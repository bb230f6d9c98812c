"""How long people wait when one server asks fifty questions at once and ten others ask one each.

The line that the bot has in front of its engine, beside first come, first served; on a clock that
jumps, so a run takes a moment and always gives the same. What the line itself costs is measured on
the real clock, with ten thousand in it.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from benchmarks.stage import Kind
from bot.conversation.fair_order import Asker, FairOrder
from bot.conversation.queue import Line
from tests.stand_ins.clock import run

SLOTS = 4
REPLY_SECONDS = 2.43
BUSY_QUESTIONS, BUSY_PEOPLE = 50, 5
QUIET_SERVERS, QUIET_EVERY = 10, 2.0
CROWD = 10_000

Turn = Callable[[Asker], AbstractAsyncContextManager[None]]


async def measure(kind: Kind) -> dict[str, float]:
    """Waiting times in seconds; the floor serves whoever came first."""
    figures = await asyncio.to_thread(lambda: run(_scene(kind)))
    return figures | (_cost() if kind == "hermes" else {})


async def _scene(kind: Kind) -> dict[str, float]:
    turn = _fair(Line(SLOTS)) if kind == "hermes" else _first_come(asyncio.Semaphore(SLOTS))
    # The last of the busy server's people has one question, which comes behind all others.
    askers = [Asker(f"p{n % (BUSY_PEOPLE - 1)}", "busy") for n in range(BUSY_QUESTIONS - 1)]
    crowd = [asyncio.create_task(_ask(turn, asker)) for asker in askers]
    modest = asyncio.create_task(_ask(turn, Asker("modest", "busy")))
    quiet: list[asyncio.Task[float]] = []
    for number in range(QUIET_SERVERS):
        await asyncio.sleep(QUIET_EVERY)
        quiet.append(asyncio.create_task(_ask(turn, Asker(f"q{number}", f"quiet{number}"))))
    waits = await asyncio.gather(*quiet)
    return {
        "quiet_wait_mean_s": statistics.mean(waits),
        "quiet_wait_most_s": max(waits),
        "one_question_wait_s": await modest,
        "busy_wait_mean_s": statistics.mean(await asyncio.gather(*crowd)),
    }


async def _ask(turn: Turn, asker: Asker) -> float:
    """Ask for one reply; returns how long it waited."""
    loop = asyncio.get_running_loop()
    asked = loop.time()
    async with turn(asker):
        waited = loop.time() - asked
        await asyncio.sleep(REPLY_SECONDS)
    return waited


def _fair(line: Line) -> Turn:
    @asynccontextmanager
    async def turn(asker: Asker) -> AsyncGenerator[None, None]:
        with line.ticket(asker) as ticket:
            async for _ in ticket.wait():
                pass
            ticket.accepted()
            yield

    return turn


def _first_come(slots: asyncio.Semaphore) -> Turn:
    @asynccontextmanager
    async def turn(_: Asker) -> AsyncGenerator[None, None]:
        async with slots:
            yield

    return turn


def _cost() -> dict[str, float]:
    """What adding and serving one costs while ten thousand wait, and one walk along the line."""
    order: FairOrder[int] = FairOrder()
    for number in range(CROWD):
        order.add(Asker(f"p{number % 3_000}", f"s{number % 500}"), number)
    began = time.perf_counter()
    for number in range(CROWD):
        order.add(Asker(f"n{number % 3_000}", f"s{number % 500}"), CROWD + number)
        order.take()
    step = (time.perf_counter() - began) / CROWD
    began = time.perf_counter()
    places = list(order)
    assert len(places) == CROWD
    return {"step_us": step * 1e6, "walk_10000_ms": (time.perf_counter() - began) * 1e3}

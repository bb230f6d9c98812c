"""What the TGI engine costs a process that runs for weeks: memory, connections, the event loop."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from contextlib import aclosing

import httpx2

from bot.engine.tgi import TgiEngine
from tests.engine.reading import QUICK, ask, read, until
from tests.stand_ins.tgi import TgiStandIn


async def test_a_thousand_streams_leave_nothing_behind_and_share_one_connection():
    async with (
        TgiStandIn([" w"]) as tgi,
        aclosing(TgiEngine(tgi.url, limits=QUICK)) as engine,
    ):

        async def run(count: int) -> None:
            for _ in range(count):
                await read(engine, ask())
                # The server runs in this process: what it remembers must not count.
                connections.update(seen.peer for seen in tgi.requests)
                tgi.requests.clear()

        connections: set[int] = set()
        await run(50)
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        await run(150)
        gc.collect()
        leaked = (tracemalloc.get_traced_memory()[0] - before) / 150
        tracemalloc.stop()
        objects = len(gc.get_objects())
        await run(800)
        gc.collect()
        # The library alone leaks 8,800 bytes and tens of objects for each stream.
        assert leaked < 400
        assert (len(gc.get_objects()) - objects) / 800 < 0.5
        assert len(connections) == 1


async def test_streams_that_are_left_early_leave_nothing_behind():
    async with (
        TgiStandIn([" w"] * 200, tokens_per_second=2000) as tgi,
        aclosing(TgiEngine(tgi.url, limits=QUICK)) as engine,
    ):
        for _ in range(150):
            stream = engine.stream(ask())
            await anext(stream)
            await stream.aclose()
        await until(lambda: tgi.running == 0)
        assert all(seen.left_early for seen in tgi.generations)
        # Well over the library's pool of 100: it would wait for ever here.
        assert (await read(engine, ask(max_tokens=2)))[1].reason == "length"


async def test_two_hundred_streams_at_once():
    async with (
        TgiStandIn([" w"] * 5, max_concurrent_requests=1000) as tgi,
        aclosing(TgiEngine(tgi.url, limits=QUICK)) as engine,
        asyncio.TaskGroup() as group,
    ):
        tgi.gate = asyncio.Event()
        for _ in range(200):
            group.create_task(read(engine, ask()))
        await until(lambda: tgi.running == 200)
        tgi.gate.set()


async def test_the_event_loop_never_waits_for_a_client():
    """Compare the loop's pauses with those of the library's own way, on the same busy machine."""

    async def longest_pause(action) -> float:
        loop = asyncio.get_running_loop()
        pauses = []
        for _ in range(5):
            begun = loop.time()
            await action()
            pauses.append(loop.time() - begun)
        return min(pauses)

    async def theirs() -> None:
        httpx2.AsyncClient()

    async def ours() -> None:
        async with aclosing(TgiEngine("http://127.0.0.1:1", limits=QUICK)) as engine:
            await engine._hub.http()

    assert await longest_pause(ours) < 0.5 * await longest_pause(theirs)


async def test_one_client_for_many_first_calls():
    async with TgiStandIn() as tgi, aclosing(TgiEngine(tgi.url, limits=QUICK)) as engine:
        clients = await asyncio.gather(*(engine._hub.http() for _ in range(10)))
        assert len(set(map(id, clients))) == 1

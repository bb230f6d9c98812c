"""Whether an engine answers, over real sockets: what it says of itself and what it writes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

import aiohttp
import pytest
from aiohttp import web

from bot.checks.engine import first_word
from bot.conversation import life, pulse
from bot.conversation.life import answers, vouch
from bot.conversation.model import Model
from bot.conversation.models import Models, Served
from bot.engine.limits import Limits
from bot.engine.tgi import TgiEngine
from bot.errors import EngineError, EngineInterrupted
from bot.web.health import add_health
from tests.stand_ins.raw import RawStandIn, stream
from tests.stand_ins.tgi import Fault, TgiStandIn

LIMITS = Limits(question=2.5, first_token=2.5, attempts=1)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life, "_PATIENCE", 1.5)


@pytest.fixture
async def tgi() -> AsyncIterator[TgiStandIn]:
    async with TgiStandIn() as tgi:
        yield tgi


@pytest.fixture
async def served(tgi: TgiStandIn) -> AsyncIterator[Served]:
    async with aclosing(TgiEngine(tgi.url, limits=LIMITS)) as engine:
        [served] = Models(Served("default", engine, Model(engine, None, 64)))
        yield served


async def fail(served: Served, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(EngineError):
            await first_word(served)


async def test_one_that_is_silent_about_itself_and_writes_answers(tgi: TgiStandIn, served: Served):
    tgi.silent = frozenset(["/info"])
    assert not await answers(served), "nothing is known of it"
    await first_word(served)
    assert await answers(served)
    assert len(tgi.generations) == 1, "nobody has it write just to see"
    tgi.fault = Fault("hang")
    await fail(served)
    assert not await answers(served)


async def test_one_that_refuses_to_say_what_it_is_and_writes_answers():
    said = stream(b'data: {"token": {"text": "Hi"}, "generated_text": "Hi"}\n\n')
    async with (
        RawStandIn({"/generate_stream": said}) as server,
        aclosing(TgiEngine(server.url, limits=LIMITS)) as engine,
    ):
        [served] = Models(Served("default", engine, Model(engine, None, 64)))
        await first_word(served)
        assert await answers(served)
        del server.answers["/generate_stream"]
        await fail(served)
        assert not await answers(served)


async def test_one_that_takes_no_connection_is_not_there_whatever_it_wrote(
    tgi: TgiStandIn, served: Served
):
    await first_word(served)
    await tgi.stop()
    assert not await answers(served)


async def test_one_that_says_what_it_is_and_fails_with_each_answer_does_not(
    tgi: TgiStandIn, served: Served
):
    tgi.fault = Fault("error", text="CUDA error: device-side assert triggered")
    assert await answers(served), "nobody has asked it anything yet"
    await fail(served, 2)
    assert await answers(served), "that may have many reasons"
    await fail(served)
    with pytest.raises(EngineInterrupted):
        await vouch(served)
    tgi.fault = None
    await first_word(served)
    await vouch(served)
    assert len(tgi.generations) == 4, "nobody has it write just to see"


async def test_failures_of_long_ago_are_forgotten(
    tgi: TgiStandIn, served: Served, monkeypatch: pytest.MonkeyPatch
):
    tgi.fault = Fault("status", status=401)
    await fail(served, 3)
    assert not await answers(served)
    monkeypatch.setattr(pulse, "_FRESH", 0.0)
    assert await answers(served)


async def test_one_that_is_busy_is_there(tgi: TgiStandIn, served: Served):
    tgi.fault = Fault("overloaded")
    await fail(served, 5)
    assert await answers(served)


async def test_the_health_page_follows(tgi: TgiStandIn, served: Served):
    app = web.Application()
    add_health(app, {"engine": lambda: vouch(served)})
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with aiohttp.ClientSession() as http:

            async def ready() -> int:
                async with http.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    return answer.status

            assert await ready() == 200
            await first_word(served)
            tgi.silent = frozenset(["/info"])
            assert await ready() == 200
            tgi.silent = frozenset()
            tgi.fault = Fault("rst")
            await fail(served, 3)
            assert await ready() == 503
            tgi.fault = None
            await first_word(served)
            assert await ready() == 200
            await tgi.stop()
            assert await ready() == 503
    finally:
        await runner.cleanup()

"""Tokens that come within a moment are read together, and nobody notices."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from bot.conversation.ports import Engine, Text
from bot.engine import sse
from bot.engine.openai import OpenAIEngine
from bot.engine.tgi import TgiEngine
from bot.errors import EngineInterrupted
from tests.engine.reading import QUICK, ask, read, read_until_error
from tests.stand_ins.tgi import Fault, TgiStandIn

_REPLY = [f" {n}" for n in range(40)]
_FOR_EVER = 60.0


@pytest.fixture
async def tgi():
    async with TgiStandIn(_REPLY, tokens_per_second=200) as tgi:
        yield tgi


@pytest.fixture(params=["tgi", "openai"])
async def engine(request: pytest.FixtureRequest, tgi: TgiStandIn):
    made = TgiEngine if request.param == "tgi" else OpenAIEngine
    base = tgi.url if request.param == "tgi" else f"{tgi.url}/v1"
    async with aclosing(made(base, limits=QUICK)) as engine:
        yield engine


async def _parts(engine: Engine) -> list[str]:
    async with asyncio.timeout(10), aclosing(engine.stream(ask())) as parts:
        return [part.text async for part in parts if isinstance(part, Text)]


async def test_tokens_come_several_at_a_time(engine: Engine):
    parts = await _parts(engine)
    assert "".join(parts) == "".join(_REPLY)
    assert len(parts) < len(_REPLY) / 2


async def test_the_first_token_and_the_end_wait_for_nothing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sse, "_TOGETHER", _FOR_EVER)
    first, *rest = await _parts(engine)
    assert _REPLY[0] in first
    assert len(first) < len("".join(rest)) < len("".join(_REPLY))


@pytest.mark.parametrize("kind", ["fin", "rst"])
async def test_text_that_came_before_a_break_is_kept(
    tgi: TgiStandIn, engine: Engine, monkeypatch: pytest.MonkeyPatch, kind: str
):
    monkeypatch.setattr(sse, "_TOGETHER", 0.5)
    tgi.fault = Fault(kind, after=20)
    text, error = await read_until_error(engine, ask())
    assert (text, type(error)) == ("".join(_REPLY[:20]), EngineInterrupted)


async def test_tokens_behind_a_stop_do_not_count(tgi: TgiStandIn, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sse, "_TOGETHER", 0.2)
    async with aclosing(TgiEngine(tgi.url, limits=QUICK)) as engine:
        text, end = await read(engine, ask(stop=("1 2 3",)))
    assert (text, end.generated_tokens) == (" 0 ", 4)


async def test_a_stream_that_is_left_while_it_gathers_is_closed_at_once(
    tgi: TgiStandIn, engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sse, "_TOGETHER", _FOR_EVER)
    reading = asyncio.create_task(_parts(engine))
    async with asyncio.timeout(20):
        while not tgi.running:  # noqa: ASYNC110 - a server's state has no event
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.05)
        reading.cancel()
        while tgi.running:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    assert reading.cancelled()

"""Servers that say when they want to be asked again: `Retry-After`, in seconds or as a date."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from email.utils import formatdate

import pytest

from bot.conversation import model as in_use
from bot.conversation.model import Model
from bot.conversation.ports import Engine
from bot.engine.connect import ProbedEngine
from bot.engine.openai import OpenAIEngine
from bot.engine.tgi import TgiEngine
from bot.errors import EngineBusy, EngineUnreachable
from tests.engine.reading import QUICK, ask, read, read_until_error, until
from tests.stand_ins.openai import DONE, event
from tests.stand_ins.raw import Answer, RawStandIn, as_json, stream, whole

_TOKEN = b'data: {"token": {"text": "Hi"}, "generated_text": "Hi"}\n\n'
_TEXT = stream(_TOKEN), stream(f"{event('Hi', 'stop')}\n\n{DONE}\n\n".encode())
_LIMITS = replace(QUICK, first_token=4.0)


@pytest.fixture(params=[TgiEngine, OpenAIEngine])
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[tuple[RawStandIn, Engine]]:
    """A server that writes, and a client for it."""
    answers: dict[str, Answer | None] = {
        "/generate_stream": _TEXT[0],
        "/v1/models": as_json({"data": [{"id": "m"}]}),
        "/v1/completions": _TEXT[1],
    }
    path = "" if request.param is TgiEngine else "/v1"
    async with (
        RawStandIn(answers) as server,
        aclosing(request.param(server.url + path, limits=_LIMITS)) as engine,
    ):
        yield server, engine


def refuse(server: RawStandIn, answer: bytes) -> None:
    for path in ("/generate_stream", "/v1/completions"):
        server.answers[path] = answer


def texts_asked(server: RawStandIn) -> int:
    return server.paths("/generate_stream") + server.paths("/v1/completions")


async def recover(server: RawStandIn, after: float) -> None:
    await asyncio.sleep(after)
    server.answers |= {"/generate_stream": _TEXT[0], "/v1/completions": _TEXT[1]}


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
async def test_seconds_are_kept(pair: tuple[RawStandIn, Engine], status: str):
    server, engine = pair
    refuse(server, whole("slow down", status, Retry_After="1"))
    well = asyncio.create_task(recover(server, 0.5))
    began = time.monotonic()
    assert (await read(engine, ask()))[0] == "Hi"
    assert time.monotonic() - began >= 1.0
    assert texts_asked(server) == 2, "it is not asked before"
    await well


async def test_a_date_is_told_by_the_servers_own_clock(pair: tuple[RawStandIn, Engine]):
    server, engine = pair
    # Its clock is two hours behind; by ours the date is long over.
    then = time.time() - 7200
    refuse(
        server,
        whole(
            "",
            "503 Service Unavailable",
            Date=formatdate(then, usegmt=True),
            Retry_After=formatdate(then + 1, usegmt=True),
        ),
    )
    well = asyncio.create_task(recover(server, 0.5))
    began = time.monotonic()
    assert (await read(engine, ask()))[0] == "Hi"
    assert time.monotonic() - began >= 1.0
    assert texts_asked(server) == 2
    await well


async def test_an_engine_that_starts_is_waited_for_as_often_as_it_wants(
    pair: tuple[RawStandIn, Engine],
):
    server, engine = pair
    # More often than an engine that says nothing of it is asked.
    refuse(server, whole("loading", "503 Service Unavailable", Retry_After="0.5"))
    reading = asyncio.create_task(read(engine, ask()))
    await until(lambda: texts_asked(server) >= 5)
    await recover(server, 0)
    assert (await reading)[0] == "Hi"


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        ("429 Too Many Requests", EngineBusy, "The model is busy, and its server wants"),
        ("503 Service Unavailable", EngineUnreachable, "The model is not reachable, and its"),
    ],
)
@pytest.mark.parametrize("wanted", ["seconds", "date"])
async def test_longer_than_anybody_waits_is_told(
    pair: tuple[RawStandIn, Engine], status: str, kind: type, words: str, wanted: str
):
    server, engine = pair
    told = "3600" if wanted == "seconds" else formatdate(time.time() + 3600, usegmt=True)
    refuse(server, whole("", status, Retry_After=told))
    began = time.monotonic()
    _, error = await read_until_error(engine, ask())
    assert time.monotonic() - began < 3, "it is told at once"
    assert type(error) is kind
    assert error.text.startswith(words)
    assert error.retry
    (when,) = re.findall(r"<t:(\d+):R>", error.text)
    assert 3590 <= int(when) - time.time() <= 3603
    assert texts_asked(server) == 1


@pytest.mark.parametrize(
    "odd", ["0", "-5", "soon", "", "1e9", "9" * 40, "Wed, 99 Foo 2026 00:00:00 GMT", "1, 2", "nan"]
)
async def test_what_says_nothing_is_as_if_it_were_not_there(
    pair: tuple[RawStandIn, Engine], odd: str
):
    server, engine = pair
    refuse(server, whole("", "503 Service Unavailable", Retry_After=odd))
    _, error = await read_until_error(engine, ask())
    assert error.text == EngineUnreachable.text
    assert texts_asked(server) == 3


async def test_the_bound_is_what_a_reply_may_wait(pair: tuple[RawStandIn, Engine]):
    server, engine = pair
    refuse(server, whole("", "503 Service Unavailable", Retry_After="1.5"))
    began = time.monotonic()
    _, error = await read_until_error(engine, ask())
    assert type(error) is EngineUnreachable
    # Given up when the next time would be beyond the bound; it is up to a tenth later than told.
    assert time.monotonic() - began > _LIMITS.first_token - 1.1 * 1.5
    assert 2 <= texts_asked(server) <= 3


async def test_what_the_engine_is_is_asked_when_it_wants_to_be(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(in_use, "_PAUSES", (0.1, 0.2))
    monkeypatch.setattr(in_use, "_PATIENCE", 0.4)
    away = whole("", "503 Service Unavailable", Retry_After="0.8")
    answers: dict[str, Answer | None] = {"/info": away, "/v1/models": away}
    async with RawStandIn(answers) as server:
        for engine in (
            TgiEngine(server.url, limits=_LIMITS),
            OpenAIEngine(server.url + "/v1", limits=_LIMITS),
            ProbedEngine(server.url, limits=_LIMITS),
        ):
            server.answers = dict(answers)
            server.asked.clear()
            async with aclosing(engine):
                began = time.monotonic()
                asking = asyncio.create_task(Model(engine, None, 64, patience=20.0).ready())
                await until(lambda server=server: server.asked)
                server.answers = {
                    "/info": as_json({"model_id": "hermes-x", "max_total_tokens": 2048}),
                    "/v1/models": as_json({"data": [{"id": "hermes-x"}]}),
                }
                assert (await asking).name == "hermes-x"
                assert time.monotonic() - began >= 0.8, "it is not asked before"
                server.answers = {"/info": whole("", "503 Busy", Retry_After="60")} | {
                    "/v1/models": whole("", "503 Busy", Retry_After="60")
                }
                with pytest.raises(EngineUnreachable, match="wants to be asked again"):
                    await Model(engine, None, 64, patience=20.0).ready()

"""An engine that is silent about itself, or another one than before, over real sockets."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import aclosing

import pytest

from bot.conversation import model as in_use
from bot.conversation.model import Model
from bot.conversation.models import Served
from bot.conversation.service import Conversations
from bot.conversation.watching import EngineWatch
from bot.engine.limits import Limits
from bot.engine.openai import OpenAIEngine
from bot.engine.tgi import TgiEngine
from bot.store.history import RedisStore
from tests.conversation.conftest import Talk
from tests.engine.reading import until
from tests.stand_ins.openai import DONE, OpenAIStandIn, event
from tests.stand_ins.raw import RawStandIn
from tests.stand_ins.tgi import TgiStandIn

LLAMA_2 = "NousResearch/Nous-Hermes-Llama2-13b"
PATIENT = Limits(question=4.0)


@pytest.fixture
async def tgi():
    async with TgiStandIn(model_id=LLAMA_2, max_total_tokens=4096) as tgi:
        yield tgi


@pytest.fixture
async def engine(tgi: TgiStandIn):
    async with aclosing(TgiEngine(tgi.url, limits=PATIENT)) as engine:
        yield engine


async def seconds(work) -> float:
    """How long something takes; it may be awaited once."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    await work
    return loop.time() - began


async def test_a_question_waits_a_moment_and_the_next_ones_do_not(
    tgi: TgiStandIn,
    engine: TgiEngine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    monkeypatch.setattr(in_use, "_MOMENT", 1.5)
    monkeypatch.setattr(in_use, "_GLANCE", 0.05)
    tgi.silent = frozenset(["/info"])
    model = Model(engine, None, 1024)
    assert 1.4 < await seconds(model.ready()) < 3.5
    # As often as one reply wants to know it; the engine gives up in the middle of that.
    assert await seconds(asyncio.gather(*(model.current() for _ in range(5)))) < 1.2
    await asyncio.sleep(PATIENT.question)
    for _ in range(5):
        assert await seconds(model.ready()) < 1.2
    assert (await model.current()).profile.name == "generic-chatml"
    (told,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert "until it does, prompts are written for generic-chatml (MODEL names" in told.message


async def test_an_engine_that_refuses_to_say_it_is_told_of_once(caplog: pytest.LogCaptureFixture):
    async with (
        RawStandIn({}) as server,
        aclosing(TgiEngine(server.url, limits=PATIENT)) as engine,
    ):
        model = Model(engine, None, 1024)
        for _ in range(3):
            assert (await model.ready()).profile.name == "generic-chatml"
    (told,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert "HTTP 404" in told.message
    assert "until it does, prompts are written for generic-chatml (MODEL names" in told.message


async def test_an_engine_that_fails_to_say_it_is_left_alone_for_a_moment(
    tgi: TgiStandIn, engine: TgiEngine, store: RedisStore, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(in_use, "_LEFT_ALONE", 1.0)
    tgi.broken = frozenset(["/info"])
    model = Model(engine, None, 1024)
    talk = Talk(Conversations(engine, store, model))
    began = time.monotonic()
    for _ in range(6):
        assert (await talk.say("Hello")).outcome == "done"
    asked = sum(seen.path == "/info" for seen in tgi.requests)
    assert 0 < asked <= 2 + (time.monotonic() - began)
    tgi.broken = frozenset()
    await asyncio.sleep(1.0)
    assert (await model.ready()).profile.name == "Nous-Hermes-Llama2-13b"


async def test_a_single_failure_to_say_it_is_not_remembered(tgi: TgiStandIn, engine: TgiEngine):
    tgi.broken = frozenset(["/info"])
    model = Model(engine, None, 1024)
    assert (await model.ready()).info is None
    tgi.broken = frozenset()
    assert (await model.ready()).profile.name == "Nous-Hermes-Llama2-13b"


async def test_what_it_says_later_is_what_counts(tgi: TgiStandIn, engine: TgiEngine, monkeypatch):
    monkeypatch.setattr(in_use, "_MOMENT", 0.1)
    tgi.silent = frozenset(["/info"])
    model = Model(engine, None, 1024)
    assert (await model.ready()).info is None
    tgi.silent = frozenset()
    await until(lambda: model.slots is not None)
    found = await model.ready()
    assert (found.profile.name, found.context) == ("Nous-Hermes-Llama2-13b", 4096)


async def test_the_model_that_the_operator_names_is_right_from_the_first_question(
    tgi: TgiStandIn, engine: TgiEngine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(in_use, "_MOMENT", 0.1)
    tgi.silent = frozenset(["/info"])
    found = await Model(engine, "Nous-Hermes-Llama2-13b", 1024).ready()
    assert (found.profile.name, found.info) == ("Nous-Hermes-Llama2-13b", None)


async def test_a_model_that_was_known_keeps_its_format(
    tgi: TgiStandIn, engine: TgiEngine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(in_use, "_MOMENT", 0.1)
    model = Model(engine, None, 1024)
    await model.ready()
    tgi.silent = frozenset(["/info"])
    model.forget()
    found = await model.ready()
    assert (found.profile.name, found.context) == ("Nous-Hermes-Llama2-13b", 4096)


async def test_an_engine_restarted_with_another_model_is_noticed_by_the_watch(
    tgi: TgiStandIn, engine: TgiEngine
):
    model = Model(engine, None, 1024)
    watch = EngineWatch([Served("default", engine, model)], 120.0)
    assert (await model.ready()).profile.name == "Nous-Hermes-Llama2-13b"
    tgi.model_id, tgi.max_total_tokens = "NousResearch/Hermes-2-Pro-Llama-3-8B", 8192
    await watch.look()
    found = await model.ready()
    assert (found.profile.name, found.context) == ("Hermes-2-Pro-Llama-3-8B", 8192)


async def test_counts_that_do_not_come_are_estimated(
    tgi: TgiStandIn,
    engine: TgiEngine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(in_use, "_COUNT_SECONDS", 0.5)
    monkeypatch.setattr(in_use, "_UNCOUNTED_SECONDS", 3.0)
    tgi.silent = frozenset(["/tokenize"])
    served = Served("default", engine, Model(engine, None, 1024))

    async def many() -> None:
        for _ in range(20):
            assert await served.count("one two three") == served.model.estimate("one two three")

    assert await seconds(many()) < 2.5
    assert caplog.text.count("does not count tokens in time") == 1
    tgi.silent = frozenset()
    await asyncio.sleep(3.0)
    assert await served.count("one two three") == 3


async def test_a_question_to_a_model_that_is_gone_is_put_to_the_new_one(store: RedisStore):
    server = OpenAIStandIn([event("Hi", "stop"), DONE], [_model("hermes-3-8b")], strict=True)
    async with server, aclosing(OpenAIEngine(server.url, limits=PATIENT)) as engine:
        talk = Talk(Conversations(engine, store, Model(engine, None, 64)))
        await talk.say("Hello")
        assert server.completions[-1]["prompt"].endswith("<|im_start|>assistant\n")
        server.models = [_model(LLAMA_2)]
        assert (await talk.say("And now?")).text == "Hi"
        assert server.completions[-1]["model"] == LLAMA_2
        assert server.completions[-1]["prompt"].endswith("### Response:\n")
        # No other question is put to the old one.
        assert [sent["model"] for sent in server.completions].count("hermes-3-8b") == 2


def _model(name: str) -> dict[str, object]:
    return {"id": name, "owned_by": "vllm", "max_model_len": 4096}

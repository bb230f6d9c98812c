"""What does not fit between MODEL, the profile and the engine is said at the start, once."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import pytest

from bot.conversation.model import Model
from bot.conversation.ports import EngineInfo
from bot.engine.limits import Limits
from bot.errors import EngineError, EngineRefused, EngineUnreachable
from tests.stand_ins.clock import run
from tests.stand_ins.engine import ScriptedEngine

THREE = "Hermes-3-Llama-3.1-8B"


class Reading(ScriptedEngine):
    """An engine that shows how it reads a prompt."""

    def __init__(self, info: EngineInfo, ids: Sequence[int] | Exception | None) -> None:
        super().__init__(info=info)
        self.ids = ids

    async def tokenize(self, prompt: str) -> Sequence[int] | None:
        if isinstance(self.ids, Exception):
            raise self.ids
        return self.ids


def engine(model: str = THREE, context: int | None = 131_072, ids: object = (128000, 13347)):
    return Reading(EngineInfo("tgi", model, context), ids)  # pyright: ignore[reportArgumentType]


async def faults(engine: ScriptedEngine, wanted: str | None = None) -> list[str]:
    return await Model(engine, wanted, 1024).check()


async def test_what_fits_is_not_mentioned(caplog: pytest.LogCaptureFixture):
    assert await faults(engine()) == []
    assert await faults(engine(), wanted=THREE) == []
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_another_model_than_is_set(caplog: pytest.LogCaptureFixture):
    (fault,) = await faults(engine("NousResearch/Hermes-2-Pro-Llama-3-8B", 8192), wanted=THREE)
    assert f"MODEL is {THREE}" in fault
    assert "Hermes-2-Pro-Llama-3-8B" in fault
    # An id that says nothing (a GGUF alias) contradicts nothing.
    assert await faults(engine("my-model"), wanted=THREE) == []


async def test_an_unknown_model_gets_a_plain_warning():
    (fault,) = await faults(engine("acme/Foo-7B", 4096))
    assert "acme/Foo-7B" in fault
    assert "plain ChatML" in fault


async def test_an_engine_that_writes_around_the_prompt_is_named():
    (fault,) = await faults(ScriptedEngine(info=EngineInfo("ollama", "Hermes-3-Llama-3.1-8B")))
    assert "Ollama" in fault
    assert "llama.cpp" in fault


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ((128000, 128000, 5), "2 times"),
        ((5, 6), "no <|begin_of_text|>"),
        ((), "no <|begin_of_text|>"),
        ((128000,), ""),
        (None, ""),
        (EngineUnreachable(), ""),
    ],
)
async def test_bos_is_checked_by_how_the_engine_reads_a_prompt(ids: object, said: str):
    found = await faults(engine(ids=ids))
    assert len(found) == bool(said)
    assert said in "".join(found)


async def test_a_model_without_bos_and_an_engine_that_cannot_tell_are_not_blamed():
    assert await faults(engine("Hermes-4-14B", 40_960, ids=(9707,))) == []
    assert await faults(ScriptedEngine()) == []


@pytest.mark.parametrize(
    ("context", "reply", "said"),
    [
        (16_384, 1024, "could read 131,072 tokens, the engine gives it 16,384"),
        (2048, 1024, "so a reply has 512, not 1,024"),
        (200_000, 1024, "was trained on 131,072"),
        (131_072, 1024, ""),
        (None, 1024, ""),
    ],
)
async def test_a_context_that_is_not_the_models(
    context: int | None, reply: int, said: str, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    model = Model(engine(context=context), None, reply)
    remark = model.remark(await model.current())
    assert said in remark
    assert bool(remark) == bool(said)
    # It may well be meant: a remark, not a fault.
    assert await model.check() == []
    assert (remark in caplog.messages) == bool(said)


async def test_each_thing_is_logged_once(caplog: pytest.LogCaptureFixture):
    model = Model(engine("acme/Foo-7B", 4096), None, 1024)
    for _ in range(3):
        await model.check()
        model.forget()
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1


async def test_an_engine_that_is_away_is_wrong_about_nothing():
    class Away(ScriptedEngine):
        async def describe(self) -> EngineInfo:
            raise EngineUnreachable

    assert await faults(Away(), wanted=THREE) == []


async def test_while_an_engine_is_away_its_model_keeps_its_format():
    class Leaving(ScriptedEngine):
        there = True

        async def describe(self) -> EngineInfo:
            if not self.there:
                raise EngineUnreachable
            return EngineInfo("tgi", THREE, 8192)

    leaving = Leaving()
    model = Model(leaving, None, 1024)
    before = await model.current()
    leaving.there = False
    model.forget()
    away = await model.current()
    assert (away.profile, away.prompt_limit) == (before.profile, before.prompt_limit)
    assert away.info is None


class Starting(ScriptedEngine):
    """An engine that is away when it is asked the first few times."""

    def __init__(self, away: int, error: type[EngineError] = EngineUnreachable) -> None:
        super().__init__(info=EngineInfo("tgi", "NousResearch/Nous-Hermes-Llama2-13b", 4096))
        self.away, self.error, self.asked = away, error, 0

    async def describe(self) -> EngineInfo:
        self.asked += 1
        if self.asked <= self.away:
            raise self.error
        return self.info


@pytest.mark.parametrize("away", [0, 1, 2])
def test_a_prompt_waits_a_moment_for_an_engine_that_is_just_starting(away: int):
    model = run(Model(Starting(away), None, 1024).ready())
    assert model.profile.name == "Nous-Hermes-Llama2-13b"
    assert model.info


def test_an_engine_that_stays_away_is_waited_for_no_longer_than_for_an_answer():
    engine = Starting(99)
    with pytest.raises(EngineUnreachable):
        run(Model(engine, None, 1024).ready())
    assert engine.asked == Limits().attempts


def test_where_the_operator_names_the_model_nothing_is_waited_for():
    engine = Starting(99)
    assert run(Model(engine, THREE, 1024).ready()).info is None
    assert engine.asked == 1


def test_an_engine_that_is_there_but_does_not_tell_is_asked_in_plain_chatml():
    engine = Starting(99, EngineRefused)
    model = run(Model(engine, None, 1024).ready())
    assert model.profile.name == "generic-chatml"
    assert engine.asked == 1, "each time may last as long as a question does"

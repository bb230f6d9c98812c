"""An engine that misbehaves in ways of its own: silence, odd answers, another model."""

from __future__ import annotations

import time

import pytest

from tests.stand_ins.tgi import Fault
from tests.wire.conftest import House

LLAMA_2 = "NousResearch/Nous-Hermes-Llama2-13b"


@pytest.mark.parametrize("scheme", ["tgi+", ""])
async def test_an_engine_that_does_not_say_what_it_serves_answers_soon(
    empty_house: House, scheme: str
) -> None:
    house = empty_house
    house.engine.model_id = LLAMA_2
    house.engine.silent = frozenset(["/info", "/tokenize"])
    await house.start_bot(ENGINE_URL=scheme + house.engine.url)
    house.engine.say("I am here.")
    began = time.monotonic()
    await house.reply_to(house.ask("Hello?"), "I am here.")
    assert time.monotonic() - began < 9.8, "it waited for what the engine does not say"

    house.engine.silent = frozenset()
    await house.discord.until(lambda: "as Nous-Hermes-Llama2-13b" in house.bot.log, 25)
    await house.say_and_hear("And now?", "Now as well.")
    assert house.engine.prompts[-1].endswith("### Response:\n")


async def test_with_the_model_named_the_first_prompt_is_right(empty_house: House) -> None:
    house = empty_house
    house.engine.model_id = LLAMA_2
    house.engine.silent = frozenset(["/info"])
    await house.start_bot(MODEL="Nous-Hermes-Llama2-13b")
    await house.say_and_hear("Hello?", "I am here.")
    assert house.engine.prompts[-1].endswith("### Response:\n")


async def test_an_engine_that_is_exchanged_between_two_questions(house: House) -> None:
    await house.say_and_hear("Hello", "Hello.")
    assert house.engine.prompts[-1].endswith("<|im_start|>assistant\n")
    await house.engine.stop()
    house.engine.model_id = LLAMA_2
    await house.engine.start()
    await house.discord.until(lambda: "as Nous-Hermes-Llama2-13b" in house.bot.log, 25)
    await house.say_and_hear("And now?", "Now as well.")
    assert house.engine.prompts[-1].endswith("### Response:\n")


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault("status", status=200, text="<html>Log in</html>"), "ENGINE_URL"),
        (
            Fault("status", status=307, headers={"Location": "http://me:hunter2@there/"}),
            "redirects to http://there/",
        ),
        (Fault("status", status=422, text='{"detail": [{"msg": "odd"}]}'), "odd"),
        (Fault("raw", text=f'data: {{"token": {{"text": "{"x" * 100_000}"}}}}\n\n'), "more text"),
    ],
)
async def test_what_the_operator_has_to_mend_is_in_the_log(
    house: House, fault: Fault, told: str
) -> None:
    house.engine.fault = fault
    asked = house.ask("Hello?")
    await house.discord.until(lambda: "The model" in house.text_after(asked), 20)
    assert told in house.bot.log
    assert "hunter2" not in house.bot.log
    assert "Traceback" not in house.bot.log
    house.engine.recover()
    await house.say_and_hear("And now?", "Now it works.")


@pytest.mark.parametrize("status", [429, 503])
async def test_when_a_server_wants_to_be_asked_again_is_told_or_kept(
    house: House, status: int
) -> None:
    house.engine.fault = Fault("status", status=status, headers={"Retry-After": "3600"})
    asked = house.ask("Hello?")
    told = await house.retry_offered(asked, 5)
    assert "its server wants to be asked again <t:" in told.content
    # Two seconds are not worth a word.
    house.engine.fault = Fault("status", status=status, headers={"Retry-After": "2"}, times=1)
    began = time.monotonic()
    await house.say_and_hear("And now?", "Now it works.")
    assert time.monotonic() - began >= 2

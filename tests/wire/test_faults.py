"""What breaks in the night: each fault ends with the whole reply, or plain words and Retry.

And always the next turn works.
"""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
import redis.asyncio

from bot.store.keys import OWED
from tests.wire.conftest import STORY, House

EDIT = ("PATCH", "/channels/*/messages/*")
CREATE = ("POST", "/channels/*/messages")


# How long something is away, in seconds: AWAY=30 for a patient run.
AWAY = float(os.environ.get("AWAY", "3"))


# ------------------------------------------------------------------ the engine


@pytest.mark.parametrize("fault", ["dies", "errors", "hangs"])
async def test_engine_breaks_off_in_the_middle(house: House, fault: str) -> None:
    house.engine.say(STORY, fault=fault, after=30)
    asked = house.ask("Tell me a story")
    broken = await house.retry_offered(asked)
    shown = house.text_after(asked)
    assert shown.startswith(STORY[:60]), "the text so far stays"
    assert "Traceback" not in shown

    house.engine.say(STORY)
    await house.press_retry(broken)
    await house.discord.until(lambda: STORY in house.text_after(asked), 15)
    assert not house.retry_buttons(asked), "a Retry button that worked is gone"
    await house.say_and_hear("And now?", "The end.")
    assert house.engine.prompts[-1].count(STORY) == 1


async def test_engine_hangs_when_a_changed_question_is_answered_again(house: House) -> None:
    asked = house.ask("Tell me of the sea")
    house.engine.say("Of the sea.")
    answer = await house.reply_to(asked, "Of the sea.")
    house.discord.edit(asked, f"{house.discord.mention} Tell me of the lake")
    await house.discord.until(lambda: "Answer again" in answer.labels)
    house.engine.say("Of the lake.", fault="hangs")
    house.discord.press(answer.id, house.alice, "answer again")
    broken = await house.retry_offered(asked)
    house.engine.say("Of the lake.")
    await house.press_retry(broken)
    await house.reply_to(asked, "Of the lake.")


async def test_engine_is_overloaded_inside_its_stream(house: House) -> None:
    house.engine.fail_always("overloaded")
    asked = house.ask("Hello")
    broken = await house.retry_offered(asked, 30)
    assert "busy" in house.text_after(asked).lower()
    house.engine.recover()
    house.engine.say("Now I have time.")
    await house.press_retry(broken)
    await house.discord.until(lambda: "Now I have time." in house.text_after(asked), 10)
    await house.say_and_hear("Fine", "Indeed.")


async def test_a_moments_overload_is_not_even_seen(house: House) -> None:
    house.engine.say("Here I am.", fault="overloaded")
    house.engine.say("Here I am.")
    await house.reply_to(house.ask("Hello"), "Here I am.")


async def test_engine_is_down_and_comes_back(house: House) -> None:
    await house.say_and_hear("Remember the word heron", "Heron.")
    await house.engine.stop()
    asked = house.ask("Hello?")
    broken = await house.retry_offered(asked, 30)
    assert "not reachable" in house.text_after(asked)
    await house.engine.start()
    house.engine.say("I am back.")
    await house.press_retry(broken)
    await house.discord.until(lambda: "I am back." in house.text_after(asked), 10)
    await house.say_and_hear("Which word?", "Heron.")
    assert "heron" in house.engine.prompts[-1]


async def test_engine_is_down_when_the_bot_starts(empty_house: House) -> None:
    house = empty_house
    await house.engine.stop()
    await house.start_bot()
    asked = house.ask("Hello?")
    await house.retry_offered(asked, 30)
    await house.engine.start()
    await house.say_and_hear("Hello again", "Hello!")


async def test_engine_that_comes_back_is_spoken_to_in_its_own_format(empty_house: House) -> None:
    house = empty_house
    house.engine.model_id = "NousResearch/Nous-Hermes-Llama2-13b"
    await house.engine.stop()
    await house.start_bot()
    house.engine.say("I am here.")
    asked = house.ask("Hello?")
    await house.discord.until(lambda: "asking again" in house.bot.log)
    await house.engine.start()
    await house.reply_to(asked, "I am here.")
    [prompt] = house.engine.prompts
    assert prompt.endswith("### Response:\n")
    assert "### Instruction:\n" in prompt
    assert "<|im_start|>" not in prompt


# ------------------------------------------------------------------ Discord's gateway


async def test_lost_gateway_session_does_not_lose_a_message(house: House) -> None:
    await house.say_and_hear("Hello", "Hello.")
    await house.settled()
    house.engine.say("I saw it.")
    house.discord.gateway.accepting = False
    house.discord.gateway.forget()
    missed = house.ask("Said while nobody listened")
    house.discord.gateway.accepting = True
    await house.reply_to(missed, "I saw it.", 25)
    await house.say_and_hear("Good", "Yes.")


async def test_dropped_gateway_resumes(house: House) -> None:
    await house.say_and_hear("Hello", "Hello.")
    house.engine.say("Resumed.")
    house.discord.gateway.drop(4000)
    await house.reply_to(house.ask("In the gap"), "Resumed.", 20)
    assert house.discord.gateway.resumes == 1
    assert len(house.engine.prompts) == 2


async def test_gateway_drops_while_a_reply_is_written(house: House) -> None:
    house.engine.say(STORY)
    asked = house.ask("Tell me a story")
    await house.first_text(asked)
    house.discord.gateway.drop(4000)
    await house.reply_to(asked, STORY)


async def test_gateway_that_refuses_at_the_start_and_later_on(empty_house: House) -> None:
    house = empty_house
    house.discord.gateway.accepting = False
    house.bot = house.make_bot()
    await house.bot.start()
    await house.discord.until(lambda: "slash commands are up to date" in house.bot.log, 20)
    house.engine.say("Good morning.", "I saw it.")
    await asyncio.sleep(AWAY / 2)
    assert house.bot.alive
    house.discord.gateway.accepting = True
    await house.discord.until(lambda: house.discord.gateway.connected, 30)
    await house.reply_to(house.ask("Hello"), "Good morning.", 20)
    await house.settled()

    house.discord.gateway.accepting = False
    house.discord.gateway.forget()
    missed = house.ask("Said while it was away")
    await asyncio.sleep(AWAY)
    house.discord.gateway.accepting = True
    await house.reply_to(missed, "I saw it.", 60)
    assert len(house.discord.replies(missed)) == 1


# ------------------------------------------------------------------ the bot itself


async def test_bot_killed_between_turns(house: House) -> None:
    await house.say_and_hear("The password is swordfish", "Noted.")
    await house.settled()
    await nothing_owed(house)
    await house.bot.kill()
    house.discord.gateway.forget()
    house.engine.say("It is swordfish.")
    missed = house.ask("What is the password?")
    await asyncio.sleep(0.2)
    await house.start_bot()
    await house.reply_to(missed, "It is swordfish.", 20)
    assert "The password is swordfish" in house.engine.prompts[-1]
    assert len(house.discord.replies(missed)) == 1


async def test_bot_killed_in_the_middle_of_a_reply(house: House) -> None:
    house.engine.say(STORY)
    asked = house.ask("Tell me a story")
    reply = await house.first_text(asked)
    await house.discord.until(lambda: len(reply.revisions) >= 2)
    await house.bot.kill()
    house.discord.gateway.forget()
    house.engine.say(STORY)
    await house.start_bot()
    await house.discord.until(lambda: STORY in house.text_after(asked), 20)
    await asyncio.sleep(1.0)
    standing = [t.content for t in house.discord.replies(asked) if t.content]
    assert standing == [STORY], "exactly one complete reply stands"
    assert not house.retry_buttons(asked)
    await house.say_and_hear("Again?", "No.")
    assert house.engine.prompts[-1].count(STORY) == 1


async def test_bot_killed_before_the_first_token(house: House) -> None:
    house.engine.say(STORY, ttft=5.0)
    asked = house.ask("Tell me a story")
    await house.discord.until(lambda: len(house.engine.prompts) == 1)
    await house.bot.kill()
    house.discord.gateway.forget()
    house.engine.say(STORY)
    await house.start_bot()
    await house.reply_to(asked, STORY, 20)
    assert len(house.discord.replies(asked)) == 1


# ------------------------------------------------------------------ Discord's API


async def test_503_to_one_edit_is_not_seen(house: House) -> None:
    house.engine.say(STORY)
    fault = house.discord.fault(*EDIT, status=503, times=1)
    await house.reply_to(house.ask("Tell me a story"), STORY)
    assert fault.hits == 1
    await house.say_and_hear("More", "No.")


async def test_503_to_the_final_edit_four_times(house: House) -> None:
    house.engine.say(STORY)
    fault = house.discord.fault(*EDIT, status=503, times=4, when=_is_final)
    asked = house.ask("Tell me a story")
    await house.reply_to(asked, STORY, 40)
    assert fault.hits == 4
    assert len(house.discord.replies(asked)) == 1
    await house.say_and_hear("More", "No.")


async def test_503_to_the_first_message(house: House) -> None:
    house.engine.say(STORY)
    house.discord.fault(*CREATE, status=503, times=2)
    asked = house.ask("Tell me a story")
    await house.reply_to(asked, STORY, 20)
    assert len(house.discord.replies(asked)) == 1


async def test_dropped_answer_to_the_first_message_does_not_double_it(house: House) -> None:
    house.engine.say(STORY)
    house.discord.fault(*CREATE, drop=True, applied=True)
    asked = house.ask("Tell me a story")
    await house.reply_to(asked, STORY, 20)
    assert [t.content for t in house.discord.replies(asked)] == [STORY]


async def test_429_with_retry_after(house: House) -> None:
    house.engine.say(STORY)
    house.discord.fault(*EDIT, status=429, retry_after=0.7, times=2)
    house.discord.fault(*CREATE, status=429, retry_after=0.3, is_global=True)
    await house.reply_to(house.ask("Tell me a story"), STORY, 20)
    await house.say_and_hear("More", "No.")


async def test_a_global_limit_that_hits_the_typing_indicator_does_not_silence_the_bot(
    house: House,
) -> None:
    house.engine.say("Short.", ttft=0.1)
    house.discord.fault("POST", "/channels/*/typing", status=429, retry_after=1.0, is_global=True)
    await house.reply_to(house.ask("Hello"), "Short.", 20)
    await house.say_and_hear("More", "No.")


async def test_dropped_connections_while_a_reply_is_written(house: House) -> None:
    house.engine.say(STORY)
    house.discord.fault(*EDIT, drop=True, times=2)
    await house.reply_to(house.ask("Tell me a story"), STORY, 20)


CALLBACK = ("POST", "/interactions/*/*/callback")


@pytest.mark.parametrize("applied", [False, True], ids=["not taken", "taken"])
async def test_dropped_answer_to_a_command_is_one_line_and_its_asker_is_told(
    house: House, *, applied: bool
) -> None:
    await house.settled()
    lost = house.discord.fault(*CALLBACK, drop=True, applied=applied)
    shown = house.discord.slash(house.channel, house.alice, "help")
    await house.discord.until(lambda: "please try again" in shown.text, 5)
    assert lost.hits == 1
    assert shown.ephemeral
    lines = [line for line in house.bot.log.splitlines() if "/help" in line]
    assert len(lines) == 1, house.bot.log
    assert "connection to Discord broke off" in lines[0]
    assert "Traceback" not in house.bot.log

    again = house.discord.slash(house.channel, house.alice, "help")
    await house.discord.until(lambda: "Talk to me" in again.text, 5)


async def test_dropped_text_of_a_command_is_one_line(house: House) -> None:
    await house.settled()
    house.discord.fault("PATCH", "/webhooks/*/messages/@original", drop=True)
    shown = house.discord.slash(house.channel, house.alice, "help")
    await house.discord.until(lambda: "please try again" in shown.text, 5)
    assert "Traceback" not in house.bot.log


async def test_suggestions_that_discord_does_not_take_are_one_line(house: House) -> None:
    await house.settled()
    house.discord.fault(*CALLBACK, drop=True)
    house.discord.autocomplete(house.channel, house.alice, "character use", "character", "h")
    await house.discord.until(lambda: "autocomplete" in house.bot.log, 5)
    assert "Traceback" not in house.bot.log


def _is_final(body: object) -> bool:
    return isinstance(body, dict) and str(body.get("content", "")).endswith(STORY[-20:])


# ------------------------------------------------------------------ Redis


async def nothing_owed(house: House) -> None:
    """Wait until all that was shown is saved as well."""
    async with redis.asyncio.from_url(house.valkey.url) as client, asyncio.timeout(30):
        while await client.zcard(OWED):  # noqa: ASYNC110 - Redis tells nobody
            await asyncio.sleep(0.02)


async def test_redis_goes_down_and_comes_back(house: House) -> None:
    await house.say_and_hear("The word is heron", "Noted.")
    await nothing_owed(house)
    await house.valkey.kill()
    asked = house.ask("Are you there?")
    await house.discord.until(lambda: "memory" in house.text_after(asked), 20)
    assert house.bot.alive
    await house.valkey.start()
    await house.say_and_hear("Which word?", "Heron.")
    assert "The word is heron" in house.engine.prompts[-1]
    assert "Traceback" not in house.text_after(asked)


async def test_redis_goes_down_while_a_reply_is_written(house: House) -> None:
    house.engine.say(STORY)
    asked = house.ask("Tell me a story")
    await house.first_text(asked)
    await house.valkey.kill()
    await house.discord.until(lambda: STORY in house.text_after(asked), 20)
    await house.valkey.start()
    await house.say_and_hear("And?", "The end.", 20)


async def test_redis_is_away_when_the_bot_starts(empty_house: House) -> None:
    house = empty_house
    await house.valkey.kill()
    await house.start_bot()
    asked = house.ask("Are you there?")
    await house.discord.until(lambda: "memory" in house.text_after(asked), 20)
    await asyncio.sleep(AWAY)
    await house.valkey.start()
    await house.say_and_hear("And now?", "Now I am.", 30)


async def test_redis_hangs_for_a_while_between_replies_and_within_one(house: House) -> None:
    await house.say_and_hear("The word is heron", "Noted.")
    house.engine.say(STORY)
    asked = house.ask("Tell me a story")
    await house.first_text(asked)
    os.kill(house.valkey.pid, signal.SIGSTOP)
    await asyncio.sleep(AWAY)
    await house.discord.until(lambda: STORY in house.text_after(asked), 20)
    os.kill(house.valkey.pid, signal.SIGCONT)
    await house.say_and_hear("Which word?", "Heron.", 30)
    assert len([t for t in house.discord.replies(asked) if STORY in t.content]) == 1
    assert "The word is heron" in house.engine.prompts[-1]

"""SIGTERM, as `docker stop` sends it: replies end or are handed over, and the exit is in time."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest

from tests.wire.conftest import STORY, House

LONG = " ".join(f"word{n}" for n in range(400)) + " end."
SOON = "Back in a moment"


async def stop(house: House, within: float) -> None:
    """Ask the bot to end; it does so with exit code 0, so many seconds later at most."""
    asked = time.monotonic()
    assert await house.bot.stop(within + 5) == 0, house.bot.log
    assert time.monotonic() - asked < within
    assert "Traceback" not in house.bot.log


def by_itself(house: House) -> bool:
    """Whether it ended without the last resort, which ends a process whose work hangs."""
    return "still hung" not in house.bot.log


async def test_idle_bot_is_gone_at_once(house: House) -> None:
    await house.say_and_hear("Hello", "Hello.")
    await house.settled()
    await stop(house, 10)
    assert SOON not in house.shown(house.channel)


async def test_reply_comes_to_its_end_and_what_comes_meanwhile_waits(empty_house: House) -> None:
    house = empty_house
    await house.start_bot(REPLY_TIMEOUT="60", STOP_AFTER="60")
    await house.settled()
    house.engine.say(STORY, "I heard you.")
    house.engine.tokens_per_second = 4
    asked = house.ask("Tell me a story")
    await house.first_text(asked)
    os.kill(house.bot.pid, signal.SIGTERM)
    await house.discord.until(lambda: "asked to stop" in house.bot.log)
    await asyncio.sleep(0.5)  # What comes before all have heard it is still answered.
    meanwhile = house.ask("Are you still there?")
    elsewhere = house.discord.add_channel(house.guild, "elsewhere")
    put_off = house.discord.slash(elsewhere, house.alice, "help")
    await house.discord.until(lambda: put_off.responded, 3)
    assert put_off.ephemeral
    assert "try that again in a moment" in put_off.text
    house.engine.tokens_per_second = 50
    assert await house.bot.wait() == 0
    assert by_itself(house)
    assert [t.content for t in house.discord.replies(asked)] == [STORY]
    assert len(house.engine.prompts) == 1

    house.discord.gateway.forget()
    await house.start_bot()
    await house.reply_to(meanwhile, "I heard you.", 20)
    assert house.engine.prompts[-1].count(STORY) == 1


@pytest.mark.parametrize("lost", ["session", "gateway"])
async def test_while_it_connects_again_it_stops_as_quickly(house: House, lost: str) -> None:
    await house.settled()
    house.discord.gateway.accepting = lost == "session"
    house.discord.gateway.forget()
    await asyncio.sleep(1.5)
    await stop(house, 15)
    assert by_itself(house)


async def test_long_reply_is_cut_and_finished_by_the_next_process(empty_house: House) -> None:
    house = empty_house
    await house.start_bot(STOP_AFTER="1")
    house.engine.say(LONG)
    asked = house.ask("Tell me everything")
    reply = await house.first_text(asked)
    await stop(house, 15)
    assert by_itself(house)
    assert SOON in reply.content
    assert reply.content.startswith("word0")
    assert not house.retry_buttons(asked)

    house.discord.gateway.forget()
    house.engine.say("All of it, in short.")
    await house.start_bot()
    await house.reply_to(asked, "All of it, in short.", 20)
    assert len(house.discord.replies(asked)) == 1
    await house.say_and_hear("Thanks", "You are welcome.")


@pytest.mark.parametrize("away", ["engine", "everything"])
async def test_exit_is_in_time_whatever_hangs(empty_house: House, away: str) -> None:
    house = empty_house
    await house.start_bot(STOP_AFTER="1", FIRST_TOKEN_TIMEOUT="60", REPLY_TIMEOUT="90")
    house.engine.say(LONG, ttft=60.0 if away == "engine" else None)
    asked = house.ask("Tell me everything")
    await house.discord.until(lambda: len(house.engine.prompts) == 1)
    if away == "everything":
        await house.first_text(asked)
        os.kill(house.valkey.pid, signal.SIGSTOP)
        house.discord.fault("*", "/*", delay=60.0, times=None)
    try:
        await stop(house, 25)
    finally:
        os.kill(house.valkey.pid, signal.SIGCONT)
    assert (SOON in house.text_after(asked)) == (away == "engine")

    house.discord.heal()
    house.discord.gateway.forget()
    house.engine.say("Here I am again.")
    await house.start_bot()
    await house.reply_to(asked, "Here I am again.", 30)
    assert len(house.discord.replies(asked)) == 1


async def test_second_signal_ends_it_at_once(house: House) -> None:
    house.engine.say(LONG)
    await house.first_text(house.ask("Tell me everything"))
    os.kill(house.bot.pid, signal.SIGINT)
    await house.discord.until(lambda: "asked to stop" in house.bot.log)
    await stop(house, 12)

"""Threads of their own over real sockets: lost answers of Discord, and kill -9 at bad moments."""

from __future__ import annotations

import asyncio
import os
import random
from contextlib import aclosing

import pytest
from redis import Redis

from bot.conversation.config import PlaceConfig, written
from bot.store.history import RedisStore
from bot.store.keys import OWED
from cogs.places import conversation_in
from tests.wire.conftest import House
from tests.wire.test_kill import story

KILLS = int(os.environ.get("KILLS", "2"))

# From the question until its answer is complete.
SPAN = 1.8

THREADS = "/channels/*/messages/*/threads"


@pytest.fixture
async def threads(empty_house: House) -> House:
    """A house in whose channel each question gets a thread."""
    async with aclosing(RedisStore(empty_house.valkey.url)) as store:
        here = conversation_in(empty_house.channel)
        await store.set_config(here, written(PlaceConfig(threads=True)))
    await empty_house.start_bot()
    return empty_house


def in_thread(house: House, asked: int) -> list[str]:
    """What the bot shows in the thread of a question."""
    if asked not in house.discord.world.channels:
        return []
    return [one.content for one in house.discord.messages(asked, bot_only=True) if one.content]


def has_thread(house: House, asked: int) -> bool:
    return asked in house.discord.world.channels


async def settled(house: House, asked: int, text: str) -> None:
    """Wait until an answer is there as a whole; there is one only, and none in the channel."""
    mention = f"<@{house.alice}> "
    found = lambda: [one.removeprefix(mention) for one in in_thread(house, asked)]  # noqa: E731
    await house.discord.until(lambda: text in found(), 40)
    with Redis(port=house.valkey.port) as client:
        await house.discord.until(lambda: not client.zcard(OWED), 30)
    assert found() == [text]
    assert house.text_after(asked) == "", "nothing stands in the channel"


async def go_on(house: House, asked: int, number: int, text: str) -> None:
    """Somebody goes on in the thread without a mention; the talk has all of it once."""
    house.engine.say(f"Yes, {number}.")
    house.discord.send(asked, house.alice, f"Was that {number}?")
    await house.discord.until(lambda: f"Yes, {number}." in in_thread(house, asked), 30)
    prompt = house.engine.prompts[-1]
    assert prompt.count(f"Tell me story {number}<") == 1
    assert prompt.count(text) == 1


async def test_killed_right_after_the_thread_was_made(threads: House) -> None:
    house, text = threads, story(1)
    # Discord makes the thread, but the bot never hears of that.
    house.discord.fault("POST", THREADS, applied=True, drop=True)
    house.engine.say(text)
    asked = house.ask("Tell me story 1")
    await house.discord.until(lambda: has_thread(house, asked), 10)
    await house.bot.kill()
    assert in_thread(house, asked) == []
    house.discord.gateway.forget()
    house.discord.heal()
    await house.start_bot()
    await settled(house, asked, text)
    await go_on(house, asked, 1, text)


async def test_killed_at_any_instant(threads: House) -> None:
    house = threads
    rng = random.Random(os.environ.get("SEED", "2"))
    for number in range(KILLS):
        house.engine.say(story(number))
        asked = house.ask(f"Tell me story {number}")
        moment = rng.uniform(0, SPAN)
        await asyncio.sleep(moment)
        await house.bot.kill()
        house.discord.gateway.forget()
        await house.start_bot()
        await settled(house, asked, story(number))
        await house.settled(20)
        await go_on(house, asked, number, story(number))


@pytest.mark.parametrize(
    "fault",
    [
        {"applied": True, "drop": True},
        {"applied": True, "status": 500, "times": None},
        {"status": 429, "retry_after": 0.5},
        {"status": 502},
    ],
    ids=["lost answer", "made, and denied", "too many", "bad gateway"],
)
async def test_whatever_discord_answers_there_is_one_thread_and_one_answer(
    threads: House, fault: dict[str, object]
) -> None:
    house, text = threads, story(1)
    house.discord.fault("POST", THREADS, **fault)
    house.engine.say(text)
    asked = house.ask("Tell me story 1")
    await settled(house, asked, text)
    await go_on(house, asked, 1, text)


async def test_where_discord_makes_none_the_answer_stands_in_the_channel(threads: House) -> None:
    house = threads
    house.discord.fault("POST", THREADS, status=403)
    house.engine.say("An insect.")
    asked = house.ask("What is a bee?")
    await house.reply_to(asked, "An insect.")
    assert not has_thread(house, asked)


async def test_two_processes_make_one_thread_and_give_one_answer(threads: House) -> None:
    house = threads
    second = house.make_bot("second")
    before = house.discord.gateway.identifies
    await second.start()
    try:
        await house.discord.until(lambda: house.discord.gateway.identifies > before, 30)
        await house.discord.until(lambda: "another process" in second.log, 15)
        await asyncio.sleep(2)
        for number in range(5):
            house.engine.say(story(number))
            asked = house.ask(f"Tell me story {number}")
            await settled(house, asked, story(number))
            await go_on(house, asked, number, story(number))
    finally:
        await second.kill()


async def test_a_thread_that_comes_too_late_is_taken_away_again(threads: House) -> None:
    house = threads
    house.discord.fault("POST", THREADS, delay=12.0)
    house.engine.say("An insect.")
    asked = house.ask("What is a bee?")
    await house.reply_to(asked, "An insect.", 20)
    await house.discord.until(lambda: house.discord.count("DELETE /channels/{id}") == 1, 10)
    assert not has_thread(house, asked)
    assert house.bot.alive

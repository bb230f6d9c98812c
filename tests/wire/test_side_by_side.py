"""Two processes with one token: whatever people do is answered once, also if one of them dies.

`ROUNDS=20` goes through it twenty times, and lets one hang; a plain run goes through it once.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from functools import partial

import pytest
from redis import Redis

from bot.conversation.reminding import Reminder
from bot.store.history import RedisStore
from bot.store.keys import OWED, ConversationKeys
from tests.stand_ins.discord import Invocation, Trail
from tests.wire.conftest import House
from tests.wire.processes import BotProcess

ROUNDS = int(os.environ.get("ROUNDS", "1"))
CHANNELS = 20
IN_EACH = 5


def echo(prompt: str, long: set[str]) -> str:
    """An answer that names all the questions which no reply stands behind yet.

    The first answer to one of the `long` questions takes several messages.
    """
    asked = re.findall(r"question (\d+)\b", prompt.rpartition("<|im_start|>assistant\n")[0])
    last = prompt.rsplit("<|im_start|>assistant\n", 2)
    new = re.findall(r"question (\d+)\b", last[-2]) if len(last) > 2 else asked
    if new and new[-1] in long:
        long.discard(new[-1])
        return f"Answer {new[-1]}. " + "And so on and on. " * 250
    return " ".join(f"Answer {number}." for number in dict.fromkeys(new)) or "Hello."


class Pair:
    """A house with two bots in it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.bots: list[BotProcess] = []
        self.count = 0
        self.long: set[str] = set()
        self.channels = [
            house.discord.add_channel(house.guild, f"room-{n}") for n in range(CHANNELS)
        ]

    async def start(self, **settings: str) -> BotProcess:
        """One more process; returns when it hears Discord, and the others know of it."""
        bot = self.house.make_bot(f"bot-{len(self.bots)}", **settings)
        before = self.house.discord.gateway.identifies
        await bot.start()
        await self.house.discord.until(
            lambda: self.house.discord.gateway.identifies > before or not bot.alive, 30
        )
        assert bot.alive, bot.log
        self.bots.append(bot)
        return bot

    async def both(self) -> tuple[BotProcess, BotProcess]:
        first = await self.start()
        second = await self.start()
        await self.house.discord.until(lambda: "another process" in first.log, 15)
        await self.house.discord.until(lambda: "another process" in second.log, 15)
        await asyncio.sleep(4.5)  # until the second one answers commands as well
        return first, second

    def ask(self, channel: int) -> int:
        """A mention with a number of its own, which is returned."""
        self.count += 1
        discord = self.house.discord
        discord.send(channel, self.house.alice, f"{discord.mention} question {self.count}")
        return self.count

    def command(self, channel: int) -> tuple[int, Invocation]:
        """The same as a slash command."""
        self.count += 1
        question = f"question {self.count}"
        return self.count, self.house.discord.slash(
            channel, self.house.alice, "ask", question=question
        )

    def answers(self, channel: int, number: int) -> list[Trail]:
        """The messages that answer a question."""
        shown = self.house.discord.messages(channel, bot_only=True)
        return [trail for trail in shown if f"Answer {number}." in trail.content]

    async def answered(self, questions: dict[int, int], timeout: float = 40.0) -> None:
        """Wait until every question (by number: its channel) has its answer; each has just one."""

        def open_ones() -> list[int]:
            return [n for n, channel in questions.items() if not self.answers(channel, n)]

        try:
            await self.house.discord.until(lambda: not open_ones(), timeout)
        except TimeoutError:
            raise AssertionError(f"never answered: {open_ones()}") from None
        await asyncio.sleep(1.0)
        twice = {
            number: [trail.content for trail in found]
            for number, channel in questions.items()
            if len(found := self.answers(channel, number)) != 1
        }
        assert not twice
        assert not any("Back in a moment" in self.house.shown(c) for c in self.channels)

    def writer(self, channel: int) -> BotProcess:
        """The process that writes in a channel: its journal names it."""
        with Redis(port=self.house.valkey.port) as client:
            [entry] = client.hvals(ConversationKeys.of(f"discord:{channel}").pending)
        pid = int(json.loads(entry)["by"].split("/")[2])
        return next(bot for bot in self.bots if bot.pid == pid)

    async def settle(self) -> None:
        """Wait until nothing is owed."""
        with Redis(port=self.house.valkey.port) as client:
            await self.house.discord.until(lambda: not client.zcard(OWED), 30)


@pytest.fixture
async def pair(empty_house: House) -> AsyncIterator[Pair]:
    empty_house.engine.tokens_per_second = 100
    pair = Pair(empty_house)
    empty_house.engine.reply = partial(echo, long=pair.long)
    yield pair
    for bot in pair.bots:
        if bot.alive:
            await bot.kill()
        print(bot.log[-6_000:])


async def test_a_hundred_mentions_commands_and_presses_are_answered_once(pair: Pair) -> None:
    rng = random.Random(os.environ.get("SEED", "1"))
    first, _ = await pair.both()
    for number in range(ROUNDS):
        first = await one_round(pair, first, rng, last=number + 1 == ROUNDS)


async def test_reminders_are_told_once_and_by_who_is_left(pair: Pair) -> None:
    discord, channel = pair.house.discord, pair.channels[0]
    begun = time.time()
    early, late = range(10), range(10, 16)

    def told(numbers: range) -> list[int]:
        shown = [trail.content for trail in discord.messages(channel, bot_only=True)]
        return [sum(f"errand {n}." in text for text in shown) for n in numbers]

    async with aclosing(RedisStore(pair.house.valkey.url)) as store:
        for number in (*early, *late):
            due = begun + (14 if number in early else 18) + number / 50
            who, place = str(pair.house.alice), str(channel)
            text = f"errand {number}."
            await store.save_reminder(Reminder(f"r{number}", who, text, due, begun, place))
    first, second = await pair.both()
    await discord.until(lambda: all(told(early)), 30)
    await first.kill()
    await discord.until(lambda: all(told(late)), 30)
    await asyncio.sleep(1.0)
    assert told(range(16)) == [1] * 16
    assert "Traceback" not in first.log + second.log


async def one_round(pair: Pair, first: BotProcess, rng: random.Random, *, last: bool) -> BotProcess:
    """A hundred mentions, then commands and presses, then a hundred more and a sudden death."""
    discord = pair.house.discord
    before = len(pair.house.engine.prompts)
    questions = {pair.ask(channel): channel for _ in range(IN_EACH) for channel in pair.channels}
    await pair.answered(questions)
    asked_for = len(pair.house.engine.prompts) - before
    assert asked_for <= len(questions), "nothing is written twice"

    commands: dict[int, int] = {}
    talked = pair.channels[:10]
    for channel in talked:
        number, said = pair.command(channel)
        commands[number] = channel
        await discord.until(lambda said=said: said.responded, 5)
    await pair.answered(commands)

    before = len(pair.house.engine.prompts)
    newest = {channel: number for number, channel in questions.items() if channel not in talked}
    for channel, number in newest.items():
        pressed = discord.press(pair.answers(channel, number)[0].id, pair.house.alice, "again")
        await discord.until(lambda pressed=pressed: pressed.responded, 5)
    await pair.settle()
    await pair.answered({number: channel for channel, number in newest.items()})
    assert len(pair.house.engine.prompts) - before == len(newest), "each press did it once"

    await shorten_one(pair)
    questions = {pair.ask(channel): channel for _ in range(IN_EACH) for channel in pair.channels}
    await asyncio.sleep(rng.uniform(0.0, 1.0))
    await first.kill()
    await pair.answered(questions, 60)
    assert "Traceback" not in first.log
    survivor = pair.bots[-1]
    if not last:
        await pair.start()
        await asyncio.sleep(6.5)
    return survivor


async def shorten_one(pair: Pair) -> None:
    """Have a reply of several messages written again in one; the others are no loss to the talk."""
    discord, channel = pair.house.discord, pair.channels[-1]
    pair.long.add(str(pair.count + 1))
    pair.house.engine.tokens_per_second = 2_000
    number = pair.ask(channel)
    await pair.answered({number: channel})
    await pair.settle()
    before = len(discord.messages(channel, bot_only=True))
    [first] = pair.answers(channel, number)
    under = [trail for trail in discord.messages(channel, bot_only=True) if trail.buttons][-1]
    assert under.id != first.id, "it takes several messages"
    discord.press(under.id, pair.house.alice, "again")
    await discord.until(lambda: len(discord.messages(channel, bot_only=True)) < before, 20)
    await pair.settle()
    pair.house.engine.tokens_per_second = 100
    further = pair.ask(channel)
    await pair.answered({number: channel, further: channel})
    assert pair.house.engine.prompts[-1].count(f"Answer {number}.") == 1, "it is remembered"


if ROUNDS > 1:  # It takes 20 s; tests/store has what it rests on.

    async def test_one_that_hangs_is_replaced_and_does_not_speak_again(pair: Pair) -> None:
        await pair.both()
        pair.house.engine.tokens_per_second = 2
        channel = pair.channels[0]
        number = pair.ask(channel)
        await pair.house.discord.until(lambda: len(pair.house.engine.prompts) == 1)
        writer = pair.writer(channel)
        os.kill(writer.pid, signal.SIGSTOP)
        pair.house.engine.tokens_per_second = 100
        try:
            await pair.answered({number: channel}, 40)
            assert len(pair.house.engine.prompts) == 2
        finally:
            os.kill(writer.pid, signal.SIGCONT)
        await pair.house.discord.until(
            lambda: "others took this process for dead" in writer.log, 10
        )
        await asyncio.sleep(2.0)
        await pair.answered({number: channel})
        await pair.settle()
        further = pair.ask(channel)
        await pair.answered({further: channel})
        assert pair.house.engine.prompts[-1].count(f"Answer {number}.") == 1

"""The house of a wire test: Discord, engine, Redis and the bot, each a process or a real server."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest

from tests.stand_ins.discord import DiscordStandIn, Trail
from tests.wire.engine import Engine
from tests.wire.processes import BotProcess, Valkey

# About 3 s of streaming at the rate of the stand-in below.
STORY = (
    "Once upon a time a grey heron stood at the edge of a quiet lake and waited for the moon. "
    "A small frog asked it why it never hurried. Because the water is never late, said the heron, "
    "and neither am I. So they waited together, and in the end the moon came up, and nobody "
    "had been late at all."
)


class House:
    """Everything around one bot process, with the few verbs that the tests are written in."""

    def __init__(
        self, directory: Path, discord: DiscordStandIn, engine: Engine, valkey: Valkey
    ) -> None:
        self.directory = directory
        self.discord = discord
        self.engine = engine
        self.valkey = valkey
        self.guild = discord.add_guild("Home")
        self.channel = discord.add_channel(self.guild, "general")
        self.alice = discord.add_user("alice", self.guild)
        self.api = discord.api
        self.bot = self.make_bot()

    def make_bot(self, name: str = "", **settings: str) -> BotProcess:
        """A bot process with the usual settings (an empty one leaves it out); not started.

        One with a `name` has a directory and a log of its own, to run beside another.
        """
        usual = {
            "DISCORD_API_URL": self.api,
            "ENGINE_URL": f"tgi+{self.engine.url}",
            "REDIS_URL": self.valkey.url,
            "FIRST_TOKEN_TIMEOUT": "6",
            "REPLY_TIMEOUT": "9",
        }
        merged = {name: value for name, value in (usual | settings).items() if value}
        directory = self.directory / name
        directory.mkdir(exist_ok=True)
        bot = BotProcess(directory, **merged)
        if settings.get("DISCORD_TOKEN") == "":
            del bot.settings["DISCORD_TOKEN"]
        return bot

    async def start_bot(self, timeout: float = 20.0, **settings: str) -> None:
        """Start the bot process (again) and wait until it listens to the gateway."""
        before = self.discord.gateway.identifies
        self.bot = self.make_bot(**settings)
        await self.bot.start()
        await self.discord.until(
            lambda: self.discord.gateway.identifies > before or not self.bot.alive, timeout
        )
        assert self.bot.alive, self.bot.log

    async def settled(self, timeout: float = 30.0) -> None:
        """Wait until the bot says of itself that it is ready (discord.py takes two seconds)."""
        [address] = re.findall(r"health on (http://[\d.:]+)/", self.bot.log)[-1:]
        deadline = time.monotonic() + timeout
        async with aiohttp.ClientSession() as http:
            while time.monotonic() < deadline:
                async with http.get(f"{address}/readyz") as answer:
                    if answer.status == 200:
                        return
                await asyncio.sleep(0.05)
        raise AssertionError(f"the bot never got ready: {self.bot.log}")

    # ------------------------------------------------------------------ verbs

    def ask(self, text: str) -> int:
        """Alice mentions the bot."""
        return self.discord.send(self.channel, self.alice, f"{self.discord.mention} {text}")

    async def say_and_hear(self, question: str, answer: str, timeout: float = 15.0) -> Trail:
        """One turn that must work: the question is answered with exactly `answer`."""
        self.engine.say(answer)
        return await self.reply_to(self.ask(question), answer, timeout)

    async def reply_to(self, asked: int, text: str, timeout: float = 15.0) -> Trail:
        """Wait for the finished reply with exactly this text and no buttons."""
        return await self._found(
            lambda: next(
                (t for t in self.discord.replies(asked) if t.content == text and not t.labels),
                None,
            ),
            asked,
            f"the reply {text[:60]!r}",
            timeout,
        )

    async def first_text(self, asked: int) -> Trail:
        """Wait for the first words of a reply."""
        return await self._found(
            lambda: next((t for t in self.discord.replies(asked) if len(t.content) > 3), None),
            asked,
            "the first words",
            10.0,
        )

    async def retry_offered(self, asked: int, timeout: float = 20.0) -> Trail:
        """Wait for a message with a Retry button and plain words."""
        return await self._found(
            lambda: next(iter(self.retry_buttons(asked)), None), asked, "a Retry button", timeout
        )

    def retry_buttons(self, asked: int) -> list[Trail]:
        """The bot's messages after a question that offer Retry."""
        return [
            trail
            for trail in self.discord.replies(asked)
            if any("retry" in (b.get("label") or "").lower() for b in trail.buttons)
        ]

    async def press_retry(self, broken: Trail) -> None:
        """Press Retry as soon as a person could."""
        await asyncio.sleep(0.3)
        pressed = self.discord.press(broken.id, self.alice, "retry")
        await self.discord.until(lambda: pressed.responded, 3)
        assert not pressed.ephemeral, f"the press was refused: {pressed.text}"

    def text_after(self, asked: int) -> str:
        """All that the bot shows after a question."""
        return "\n".join(trail.content for trail in self.discord.replies(asked))

    def shown(self, channel: int) -> str:
        """All that the bot shows in a channel."""
        return "\n".join(t.content for t in self.discord.messages(channel, bot_only=True))

    async def _found(
        self, look: Callable[[], Trail | None], asked: int, what: str, timeout: float
    ) -> Trail:
        try:
            return await self.discord.until(look, timeout)
        except TimeoutError:
            seen = [(t.content, t.labels) for t in self.discord.replies(asked)]
            log = self.bot.log[-3_000:]
            raise AssertionError(f"{what} never came; there is {seen}; log:\n{log}") from None


@pytest.fixture
async def empty_house(tmp_path: Path) -> AsyncIterator[House]:
    """A house in which the bot has not been started yet."""
    valkey = Valkey(tmp_path)
    async with DiscordStandIn() as discord, Engine() as engine, valkey:
        house = House(tmp_path, discord, engine, valkey)
        yield house
        if house.bot.alive:
            await house.bot.kill()
        print(house.bot.log)  # pytest shows it where a test failed


@pytest.fixture
async def house(empty_house: House) -> House:
    """A house with a running bot."""
    await empty_house.start_bot()
    return empty_house


@pytest.fixture
async def world() -> AsyncIterator[DiscordStandIn]:
    """Discord alone, with a server, a channel and a person."""
    async with DiscordStandIn() as stand_in:
        stand_in.guild = stand_in.add_guild()
        stand_in.channel = stand_in.add_channel(stand_in.guild)
        stand_in.alice = stand_in.add_user("alice", stand_in.guild)
        yield stand_in

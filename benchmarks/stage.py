"""The stage of a measurement: simulated Discord and engine, a real Valkey, one bot as a process.

Discord and engine run in this process and stamp everything with `time.monotonic`; the bot is a
process of its own, so its CPU time and memory are its own too.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Literal, Self

from benchmarks.engine import BatchEngine
from benchmarks.round_trips import RoundTrips
from tests.stand_ins.discord import DiscordStandIn, Trail
from tests.wire.processes import BotProcess, Valkey

Kind = Literal["hermes", "floor"]
TOKENS = 120
RATE = 50.0
TTFT = 0.05
_WORDS = "the heron waits by a quiet lake until some late moon comes over old hills"


class FloorProcess(BotProcess):
    """The floor bot as a process."""

    command = ("-m", "benchmarks.floor")


class Stage:
    """Enter it, make a world, `open` the bot, ask, and read the clocks."""

    def __init__(
        self,
        kind: Kind,
        *,
        limits: bool = True,
        global_limit: int | None = None,
        rate: float = RATE,
        ttft: float = TTFT,
        tokens: int = TOKENS,
        engine: Any = None,
        count_round_trips: bool = False,
        **settings: str,
    ) -> None:
        self.kind = kind
        self.text = reply_text(tokens)
        self.ideal = ttft + (tokens - 1) / rate
        self.discord = DiscordStandIn(limits=limits, global_limit=global_limit)
        self.engine: Any = engine or BatchEngine(self.text, rate, ttft)
        self.settings = settings
        self._counts = count_round_trips
        self.channels: list[int] = []
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        scratch = tempfile.TemporaryDirectory(prefix="hermes-bench-")
        directory = Path(self._stack.enter_context(scratch))
        await self._stack.enter_async_context(self.discord)
        await self._stack.enter_async_context(self.engine)
        self.valkey = await self._stack.enter_async_context(Valkey(directory))
        self.proxy = await self._stack.enter_async_context(RoundTrips(self.valkey.port))
        process = BotProcess if self.kind == "hermes" else FloorProcess
        self.bot = process(
            directory,
            DISCORD_API_URL=self.discord.api,
            ENGINE_URL=f"tgi+{self.engine.url}",
            REDIS_URL=self.proxy.url if self._counts else self.valkey.url,
            LOG_LEVEL="warning",
            **self.settings,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.bot.alive:
            await self.bot.stop()
        await self._stack.aclose()

    def furnish(self, *, channels: int = 1, guilds: int = 1) -> None:
        """Make guilds (three channels each) and the channels that are used, with one user."""
        self.guild = self.discord.add_guild("Home")
        self.user = self.discord.add_user("alice", self.guild)
        self.channels = [self.discord.add_channel(self.guild, f"c{n}") for n in range(channels)]
        for number in range(guilds - 1):
            guild = self.discord.add_guild(f"Guild {number}")
            for name in ("general", "random", "bots"):
                self.discord.add_channel(guild, name)

    async def open(self) -> float:
        """Start the bot; return the seconds until its commands were synced."""
        began = time.monotonic()
        await self.bot.start()
        await self.discord.until(lambda: self._ready() or not self.bot.alive, 30)
        assert self.bot.alive, self.bot.log
        synced = [c.done for c in self.discord.calls if "/commands" in c.path and c.done]
        return max(synced, default=time.monotonic()) - began

    def _ready(self) -> bool:
        return self.discord.gateway.connected and bool(self.discord.commands)

    # ------------------------------------------------------------------ asking

    def ask(self, channel: int, text: str = "Tell me something.") -> int:
        """Mention the bot; the moment is the message's `created`."""
        return self.discord.send(channel, self.user, f"{self.discord.mention} {text}")

    async def complete(self, asked: Sequence[int], timeout: float) -> dict[int, float]:
        """Wait until the questions are answered; when each showed its whole text last."""
        done: dict[int, float] = {}
        deadline = time.monotonic() + timeout
        while len(done) < len(asked) and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
            for message in asked:
                if message not in done and (at := self._completed(message)) is not None:
                    done[message] = at
        return done

    def _completed(self, message: int) -> float | None:
        for trail in reversed(self.discord.replies(message)):
            if trail.content.strip() == self.text:
                return whole_at(trail, self.text)
        return None


def reply_text(tokens: int) -> str:
    """A text of so many tokens for the engine's stand-in (a word is one, and so is the end)."""
    words = _WORDS.split()
    return " ".join(words[n % len(words)] for n in range(tokens - 2)) + " end"


def whole_at(trail: Trail, text: str) -> float:
    """When a message first showed the whole text."""
    return next(r.at for r in trail.revisions if r.content.strip() == text)


def p95(values: Sequence[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else values[0]

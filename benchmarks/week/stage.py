"""The week's stage: servers and people in Discord's stand-in, an engine, Redis, and the bot."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tempfile
import time
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import discord
import pytest

from benchmarks.week.engine import WeekEngine
from benchmarks.week.ledger import Ledger
from bot.characters.stage import Member, Stage
from bot.conversation.library import Character
from bot.store.history import RedisStore
from tests.discord import webhooks
from tests.stand_ins.discord import DiscordStandIn
from tests.stand_ins.discord.world import Nothing
from tests.wire.processes import BotProcess, Valkey

# After an absence the bot compares the newest hundred messages of a channel with what it knows.
_KEPT = 120
_PRUNED_FROM = 180

FIRST_TOKEN_TIMEOUT = 3


class WatchedBot(BotProcess):
    """`python -m bot run`, which also counts what it holds when it is asked to."""

    command = ("-m", "benchmarks.week.inside", "run")


class QuickValkey(Valkey):
    """A Valkey as it is usually run: what it was told is on the disk within a second."""

    fsync = "everysec"


@dataclass(slots=True)
class Place:
    """A channel, and the people who write there."""

    channel: int
    people: tuple[int, ...]
    kind: str = "channel"
    newest: int = 0
    busy: bool = False


class WeekStage:
    """Enter it, `furnish` it, `open` the bot."""

    def __init__(self, seed: int, directory: Path | None = None) -> None:
        self.discord = DiscordStandIn(limits=False)
        # What is never read again would grow without end.
        self.discord.rest.calls = Nothing()
        self.discord.typing = Nothing()
        self.engine = WeekEngine(seed)
        self.ledger = Ledger(self.discord.bot_id)
        self.discord.world.subscribers.append(self.ledger.hear)
        self.busy: list[Place] = []
        self.quiet: list[Place] = []
        self.lives = 0
        self.born = 0.0
        self._directory = directory
        self._stack = AsyncExitStack()

    @property
    def places(self) -> list[Place]:
        return [*self.busy, *self.quiet]

    async def __aenter__(self) -> Self:
        if self._directory is None:
            scratch = tempfile.TemporaryDirectory(prefix="hermes-week-")
            self._directory = Path(self._stack.enter_context(scratch))
        self._directory.mkdir(parents=True, exist_ok=True)
        webhooks.install(self._stack.enter_context(pytest.MonkeyPatch.context()))
        await self._stack.enter_async_context(self.discord)
        await self._stack.enter_async_context(self.engine)
        self.valkey = await self._stack.enter_async_context(QuickValkey(self._directory))
        self.probe_file = self._directory / "probe.json"
        self.bot = WatchedBot(
            self._directory,
            DISCORD_API_URL=self.discord.api,
            ENGINE_URL=f"tgi+{self.engine.url}",
            # A process that starts while the engine is away knows by this what it will serve.
            MODEL="Hermes-2-Pro-Llama-3-8B",
            REDIS_URL=self.valkey.url,
            LOG_LEVEL="warning",
            FIRST_TOKEN_TIMEOUT=str(FIRST_TOKEN_TIMEOUT),
            REPLY_TIMEOUT="20",
            MAX_REPLY_TOKENS="256",
            TOOL_CALLS_PER_HOUR="1000000",
            WEEK_PROBE=str(self.probe_file),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.bot.alive:
            await self.bot.kill()
        await self._stack.aclose()

    async def furnish(self, people: int, busy: int, quiet: int) -> None:
        """Servers with `busy` channels (scenes and direct messages among them) and quiet ones."""
        make = self.discord
        guilds = [make.add_guild(f"Server {n}") for n in range(1 + (busy + quiet) // 200)]
        users = [make.add_user(f"person{n}", *guilds) for n in range(people)]
        for n in range(busy):
            guild, asker = guilds[n % len(guilds)], users[n % people]
            others = (asker, users[(n + 1) % people])
            if n % 12 == 11:
                self.busy.append(Place(make.dm(asker), (asker,), "direct"))
            elif n % 12 == 5:
                place = Place(make.add_channel(guild, f"scene{n}"), others, "scene")
                await self._set_the_scene(guild, place.channel, 1 + n // 12 % 2)
                self.busy.append(place)
            else:
                self.busy.append(Place(make.add_channel(guild, f"busy{n}"), others))
        for n in range(quiet):
            channel = make.add_channel(guilds[n % len(guilds)], f"quiet{n}")
            self.quiet.append(Place(channel, (users[n % people],), "quiet"))

    async def _set_the_scene(self, guild: int, channel: int, size: int) -> None:
        library, cast = f"discord:server:{guild}", []
        async with aclosing(RedisStore(self.valkey.url)) as store:
            for name in ("Ada", "Boris")[:size]:
                data = {"name": name, "description": f"{name} keeps the lighthouse."}
                card = {"spec": "chara_card_v2", "spec_version": "2.0", "data": data}
                blob = json.dumps(card).encode()
                digest = hashlib.sha256(blob).hexdigest()
                character = Character(name.lower(), library, name, "1", digest)
                await store.save_character(character, blob)
                cast.append(Member(library, name.lower(), digest, name))
            await store.save_stage(f"discord:{channel}", Stage(tuple(cast)))
        role = self.discord.world.guilds[guild].roles[guild]
        role.permissions |= discord.Permissions(manage_webhooks=True).value

    async def open(self, timeout: float = 60.0) -> None:
        """Start the bot (again) and wait until it hears Discord."""
        self.discord.gateway.forget()  # the session of a former process is of no use to anybody
        before = self.discord.gateway.identifies
        self.lives += 1
        self.born = time.monotonic()
        await self.bot.start()
        await self.discord.until(
            lambda: self.discord.gateway.identifies > before or not self.bot.alive, timeout
        )
        if not self.bot.alive:
            raise RuntimeError(f"the bot ended at its start:\n{self.bot.log[-3_000:]}")

    def direct_messages_are_known(self) -> bool:
        """Whether the bot has answered in each of them."""
        known = {question.place for question in self.ledger.questions if question.answered}
        return known.issuperset(place.channel for place in self.busy if place.kind == "direct")

    def prune(self, place: Place) -> None:
        """Forget what nobody can come back to, as this process has to last for the week, too."""
        world = self.discord.world
        messages = world.messages[place.channel]
        if len(messages) > _PRUNED_FROM:
            old = list(messages)[:-_KEPT]
            for message in old:
                del messages[message]
                del world.trails[message]
            self.ledger.prune(old)

    def tidy(self) -> None:
        """The same for what belongs to no channel; nobody may wait for an interaction."""
        world = self.discord.world
        world.interactions.clear()
        world.interaction_tokens.clear()
        old = time.monotonic() - 200
        world.nonces = {key: made for key, made in world.nonces.items() if made[0] > old}
        ours = {id(m) for found in world.messages.values() for m in found.values()}
        lost = [key for key, trail in world.trails.items() if id(trail.message) not in ours]
        for message in lost:
            del world.trails[message]


async def until(question, timeout: float, pause: float = 0.05) -> bool:
    """Wait until a question has a true answer; False if it takes too long."""
    deadline = time.monotonic() + timeout
    while not question():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(pause)
    return True

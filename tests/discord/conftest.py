"""A simulated Discord (simcord) with the whole bot in it; engine scripted, store real."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import discord
import pytest
import pytest_asyncio
from simcord import Env, interactions
from simcord.actors import MemberActor
from simcord.backend.models import AllowedMentions
from simcord.builders import ChannelHandle, GuildHandle

from bot.client import HermesBot
from bot.conversation.model import Model
from bot.conversation.models import Served
from bot.conversation.ports import Store
from bot.conversation.service import Conversations
from bot.conversation.structured import JsonMode
from bot.conversation.tool_rules import ToolRules
from bot.conversation.toolbox import Toolbox
from bot.settings import load
from bot.tools.tool import tools_of
from cogs.tools import ToolCog
from tests.discord import settling
from tests.stand_ins.engine import ScriptedEngine

MakeBot = Callable[..., HermesBot]

settling.install()


@dataclass
class Stage:
    """A server with a channel and two people, and what the bot shows them."""

    env: Env
    bot: HermesBot
    engine: ScriptedEngine
    guild: GuildHandle
    channel: ChannelHandle
    alice: MemberActor
    bob: MemberActor

    @property
    def me(self) -> str:
        """A mention of the bot."""
        return f"<@{self.bot_id}>"

    @property
    def bot_id(self) -> int:
        return self.env.backend.bot_user.id

    @property
    def asked(self) -> str:
        """The newest question as it stands in the prompt."""
        return self.engine.prompts[-1].rsplit("<|im_start|>user\n", 1)[1].split("<|im_end|>")[0]

    async def reply(
        self, actor: MemberActor, to: discord.Message, text: str, *, ping: bool = True
    ) -> None:
        """Reply to a message as a person, with or without a ping."""
        self.env.backend.create_message(
            to.channel.id,
            actor.id,
            text,
            reference={"channel_id": str(to.channel.id), "message_id": str(to.id)},
            allowed_mentions=AllowedMentions(replied_user=ping),
        )
        await self.settle()

    async def settle(self) -> None:
        """Let the bot finish what it does."""
        await self.bob.typing(self.channel)

    def person(self, name: str, **allowed: bool) -> MemberActor:
        """One more member, with a role that allows this."""
        role = self.guild.create_role(name, permissions=discord.Permissions(**allowed))
        return self.guild.add_member(self.env.create_user(name, global_name=name), roles=[role])

    def thread(self, name: str = "side") -> ChannelHandle:
        """A new thread in the channel."""
        made = self.env.backend.create_thread(self.channel.id, name, self.alice.id)
        return ChannelHandle(self.env, self.guild, made)

    def said(self, channel: ChannelHandle | None = None) -> list[str]:
        """What the bot wrote in a channel, oldest first."""
        return [message.content for message in self.shown(channel)]

    def shown(self, channel: ChannelHandle | None = None) -> list[discord.Message]:
        """The bot's messages in a channel, oldest first."""
        history = (channel or self.channel).history()
        return sorted((m for m in history if m.author.id == self.bot_id), key=lambda m: m.id)

    def heard(self, channel: ChannelHandle | None = None) -> list[discord.Message]:
        """The same, with what characters say by webhooks."""
        history = (channel or self.channel).history()
        ours = (m for m in history if m.author.id == self.bot_id or m.webhook_id)
        return sorted(ours, key=lambda m: m.id)


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def discord_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Gives people's Discord a language."""
    made = interactions.base_payload

    def choose(locale: str) -> None:
        def base_payload(backend: Any, **given: Any) -> Any:
            record, payload = made(backend, **given)
            return record, payload | {"locale": locale}

        monkeypatch.setattr(interactions, "base_payload", base_payload)

    return choose


@pytest.fixture
def tool_cogs(store: Store) -> Sequence[ToolCog]:
    """The tools that the bot has: none, unless a test says otherwise."""
    return ()


@pytest.fixture
def others() -> Sequence[Served]:
    """The engines that the bot has beside the first: none, unless a test says otherwise."""
    return ()


@pytest.fixture
def environ() -> dict[str, str]:
    """The settings: all defaults, unless a test says otherwise."""
    return {}


@pytest.fixture
def core() -> dict[str, Any]:
    """What the conversations are given beside the usual: a line with slots, limits."""
    return {}


@pytest.fixture
def make_bot(
    engine: ScriptedEngine,
    store: Store,
    tool_cogs: Sequence[ToolCog],
    others: Sequence[Served],
    environ: dict[str, str],
    core: dict[str, Any],
) -> MakeBot:
    """Makes a bot as the composition root does; again and again, for restarts."""

    def make(**options: object) -> HermesBot:
        parts = {"engine": engine, "store": store} | {
            name: options.pop(name) for name in ("engine", "store") if name in options
        }
        more = options.pop("others", others)
        settings = load(environ, dotenv=None)
        model = Model(parts["engine"], None, settings.max_reply_tokens, sampling=settings.sampling)
        tools = [tool for cog in tool_cogs for tool in tools_of(cog)]
        toolbox = Toolbox(tools, parts["store"], ToolRules(parts["store"]), in_discord=True)
        conversations = Conversations(
            parts["engine"],
            parts["store"],
            model,
            more,
            toolbox if tools else None,
            system=settings.system_prompt or "",
            **core,
        )
        return HermesBot(
            settings,
            conversations=conversations,
            store=parts["store"],
            json_mode=JsonMode(parts["engine"], model),
            **options,
        )

    return make


@pytest_asyncio.fixture
async def env(make_bot: MakeBot, request: pytest.FixtureRequest) -> AsyncIterator[Env]:
    """The simulation; `@pytest.mark.simcord(...)` gives it options.

    `content=False` is a bot that Discord refuses the Message Content intent. A pause of the bot
    that ends later than `horizon` seconds from now passes on the virtual clock only.
    """
    marker = request.node.get_closest_marker("simcord")
    options = dict(marker.kwargs) if marker else {}
    options["settle_timeout"] = settling.patience(options.pop("horizon", 0.8))
    content = options.pop("content", True)
    if not content:
        options["approved_intents"] = discord.Intents.default()
    env = Env(make_bot(reads_everything=content), shard_count=1, **options)
    await env.start()
    try:
        yield env
    finally:
        await env.shutdown()
        if env.check_errors:
            env._raise_errors_since(env._errors_acknowledged)


@pytest.fixture
def stage(
    env: Env,
    engine: ScriptedEngine,
    caplog: pytest.LogCaptureFixture,
    request: pytest.FixtureRequest,
) -> AsyncIterator[Stage]:
    """A peopled server. A defect that was only told to a user fails the test here."""
    guild = env.create_guild("Home")
    channel = guild.create_text_channel("general")
    alice = guild.add_member(env.create_user("alice", global_name="Alice"))
    bob = guild.add_member(env.create_user("bob", global_name="Bob"))
    yield Stage(env, env.bot, engine, guild, channel, alice, bob)
    if request.node.get_closest_marker("simcord") is None or env.check_errors:
        told = [r for r in caplog.get_records("call") if r.levelno >= logging.ERROR]
        assert not told, [r.getMessage() for r in told]

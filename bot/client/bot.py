"""The Discord client of the bot."""

from __future__ import annotations

import asyncio
import logging
import math
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

import discord
from discord import app_commands
from discord.ext import commands
from pydantic import BaseModel

from bot import metrics
from bot.client import failures, gateway, quiet
from bot.client.address import ApiAddress
from bot.client.gateway import connect_again
from bot.client.loading import load_parts
from bot.client.options import misfit
from bot.client.refused import ClosedChannels, InvalidRequests
from bot.client.requests import counting
from bot.client.side_by_side import Gate
from bot.client.steady import hold_on
from bot.client.syncing import UNREACHABLE, Syncing
from bot.client.tolerant import leave_out_unreadable, tolerant
from bot.client.unheard import Unheard
from bot.client.webhook_adapter import hold_on_by_token
from bot.conversation.administration import Administration
from bot.conversation.always_on import AlwaysOn
from bot.conversation.choices import EngineChoices
from bot.conversation.opt_outs import OptOuts
from bot.conversation.ports import Store
from bot.conversation.service import Conversations
from bot.conversation.structured import JsonMode
from bot.conversation.watching import EngineWatch
from bot.errors import SettingsError, StartupError
from bot.language import Language, speaking
from bot.settings import Settings
from bot.tools.kit import Kit

log = logging.getLogger(__name__)

M = TypeVar("M", bound=BaseModel)

PORTAL = "https://discord.com/developers/applications"

# The events of Discord upon which people are told something.
_READ_BY_PEOPLE = (
    "INTERACTION_CREATE",
    "MESSAGE_CREATE",
    "MESSAGE_UPDATE",
    "MESSAGE_DELETE",
    "MESSAGE_DELETE_BULK",
)

_LONGEST_PAUSE = 30.0  # in seconds; discord.py allows no less


class Tree(app_commands.CommandTree["HermesBot"]):
    """The slash commands; what goes wrong in one is told to its asker."""

    async def interaction_check(self, interaction: discord.Interaction[HermesBot], /) -> bool:
        """Let through what fits the commands as they are."""
        if command := misfit(interaction):
            raise app_commands.CommandSignatureMismatch(command)
        return True

    async def on_error(
        self,
        interaction: discord.Interaction[HermesBot],
        error: app_commands.AppCommandError,
        /,
    ) -> None:
        """Answer with the error's own words, or with a reference to the log."""
        await failures.answer_failure(interaction, error)


class HermesBot(commands.AutoShardedBot):
    """Connects the conversations to Discord; the cogs are its hands.

    `reads_everything` says whether Discord shows the bot all messages (the Message Content
    intent); it becomes False when Discord refuses that. `store` is for what is no conversation,
    `configuration` knows what servers have set, `always_on` where everything is answered, `engines`
    which engine was chosen for which place, `opt_outs` who wants to be left alone,
    `administration` changes what is set, `json_mode` asks for data.
    `closed` are the channels in which Discord takes nothing from it just now.
    `watch` knows which engines answer, while somebody runs it; `hearing` are the shards that hear
    Discord.
    `closing` tells that the process is about to end; `farewell` is then given so many seconds.
    `tool_cogs` are built already, with `kit`, which has the one way to the outside world.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        conversations: Conversations,
        store: Store,
        json_mode: JsonMode,
        reads_everything: bool = True,
        tool_cogs: Iterable[commands.Cog] = (),
        kit: Kit | None = None,
    ) -> None:
        quiet.hush()
        # discord.py keeps this very object, so that an intent can be given up later on.
        self._wanted = gateway.intents(reads_everything)
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=Tree,
            intents=self._wanted,
            shard_count=settings.shard_count,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            # Longer pauses would keep all that is to be said in a channel waiting.
            max_ratelimit_timeout=_LONGEST_PAUSE,
            http_trace=counting(invalid := InvalidRequests()),
            # Nobody is pinged but whom a message answers, whatever the model writes.
            allowed_mentions=discord.AllowedMentions(
                everyone=False, users=False, roles=False, replied_user=True
            ),
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=False
            ),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        )
        self.shard_ids = list(settings.shard_ids) if settings.shard_ids else None
        self.closed = ClosedChannels()
        hold_on(self.http, self.closed, invalid)
        hold_on_by_token(_LONGEST_PAUSE)
        self.settings = settings
        self.conversations = conversations
        self.store = store
        self.json_mode = json_mode
        self.kit = kit
        self.configuration = conversations.configuration
        self.always_on = AlwaysOn(store, self.configuration)
        self.engines = EngineChoices(store)
        self.opt_outs = OptOuts(store)
        self.administration = Administration(store, conversations, self.always_on, self.engines)
        self.watch = EngineWatch(conversations.models, settings.alert_after)
        self.hearing: set[int] = set()
        self.closing = False
        self.farewell: Callable[[float], Awaitable[None]] | None = None
        parsers = self._connection.parsers
        leave_out_unreadable(parsers)
        gateway.set_partial_edits_apart(parsers, partial(self.dispatch, "partial_message_edit"))
        unheard = Unheard(self._connection)
        known = unheard.passing(parsers["INTERACTION_CREATE"])
        self._gate = Gate(conversations, store, known, unheard.put_off)
        parsers["INTERACTION_CREATE"] = self._gate.hear
        self._address = ApiAddress(settings.discord_api_url)
        self._tool_cogs = tuple(tool_cogs)
        self._connecting: asyncio.Task[Any] | None = None
        self._syncing = Syncing(self, self.tree)

    @property
    def deaf(self) -> list[int]:
        """The shards that do not hear Discord right now: lost, or not there yet."""
        return sorted(set(self.shards) - self.hearing)

    @property
    def reads_everything(self) -> bool:
        """Whether Discord shows the bot what is written without addressing it."""
        return self._wanted.message_content

    async def ask_json(
        self, kind: type[M], question: str, *, session: str = "", engine: str = ""
    ) -> M:
        """Ask the model for an instance of a pydantic model; what goes wrong is a `UserError`.

        `session` is the conversation that the question belongs to, if to any; `engine` is the name
        of the engine that is asked (`cogs.places.engine_here`), "" for the default.
        """
        return await self.json_by(engine).ask_json(kind, question, session=session)

    def json_by(self, engine: str) -> JsonMode:
        """Data from the engine of that name; "" is the default."""
        served = self.conversations.models.named(engine)
        return JsonMode(served.engine, served.model) if served.mark else self.json_mode

    # ------------------------------------------------------------------ coming and going

    async def login(self, token: str) -> None:
        """Check the token, load the cogs, sync the commands; a `StartupError` says what fails."""
        await self._address.use(token)
        try:
            await super().login(token)
        except discord.LoginFailure:
            raise SettingsError(
                f"DISCORD_TOKEN: Discord does not accept it; copy it again from {PORTAL} (page Bot)"
            ) from None
        except UNREACHABLE as error:
            raise StartupError(_cannot_reach(self._address, error)) from error

    async def connect(self, *, reconnect: bool = True) -> None:
        """Be connected until closed, with all messages if Discord allows it, else without."""
        self._connecting = asyncio.current_task()
        try:
            try:
                await self._stay_connected(reconnect)
            except discord.PrivilegedIntentsRequired:
                await self._do_without_content()
                await self._stay_connected(reconnect)
        except discord.PrivilegedIntentsRequired:
            raise StartupError(
                f"Discord refuses an intent that the bot does not ask for; see {PORTAL}"
            ) from None
        except discord.ConnectionClosed as error:
            raise gateway.closed_for_good(error.code, PORTAL) from error
        except UNREACHABLE as error:
            raise StartupError(_cannot_reach(self._address, error)) from error
        finally:
            self._connecting = None
            await self.close()

    async def wind_down(self, within: float) -> None:
        """Take on nothing more, and let what is under way come to its end for so many seconds."""
        self.closing = self._gate.closing = True
        self.dispatch("closing")
        if self.farewell is not None:
            await self.farewell(within)

    async def close(self) -> None:
        """Disconnect and unload the cogs."""
        if self._connecting and asyncio.current_task() is self._connecting:
            # discord.py closes everything before it reports a refused intent; `connect` decides.
            return
        self._syncing.close()
        self._gate.close()
        for kept in (self.configuration, self.always_on, self.engines, self.opt_outs):
            kept.close()
        await super().close()
        self._address.restore()

    async def setup_hook(self) -> None:
        """Everything between login and connection."""
        presence = self.conversations.presence
        for kind, kept in (
            ("config", self.configuration),
            ("always-on", self.always_on),
            ("engines", self.engines),
            ("policies", self.conversations.policies),
            ("opted-out", self.opt_outs),
        ):
            presence.renews(kind, kept.renew)
        if self.conversations.toolbox:
            presence.renews("tool-rules", self.conversations.toolbox.rules.renew)
        await self.configuration.load()
        await self.always_on.load()
        await self.engines.load()
        await self.conversations.policies.load()
        await self.opt_outs.load()
        await self.load_cogs()
        await self._syncing.begin()

    async def launch_shard(self, gateway: Any, shard_id: int, *, initial: bool = False) -> None:
        """Connect a shard for the first time."""
        await super().launch_shard(gateway, shard_id, initial=initial)
        connect_again(self.shards[shard_id])

    async def _stay_connected(self, reconnect: bool) -> None:
        advised = await self._address.use_gateway(self.http)
        self.shard_count = self.settings.shard_count or advised or self.shard_count
        await super().connect(reconnect=reconnect)

    async def _do_without_content(self) -> None:
        """Get ready to connect again without the intent that Discord refused."""
        log.warning(
            "Discord does not give the bot the Message Content intent. It answers mentions, "
            "direct messages, replies that ping and slash commands, but cannot read anything "
            "else. Switch it on at %s (page Bot, Privileged Gateway Intents) and restart.",
            PORTAL,
        )
        self._wanted.message_content = False
        for shard in self.shards.values():
            await shard.disconnect()
        # A fresh event queue: other shards have been refused as well. Who waits for the bot to
        # be ready goes on waiting for the same event.
        ready = self._ready
        await self._async_setup_hook()
        self._ready = ready

    # ------------------------------------------------------------------ cogs and commands

    async def load_cogs(self) -> None:
        """Load the parts of the bot; one that fails fails the start with its name."""
        await load_parts(self)
        for cog in self._tool_cogs:
            await self.add_cog(cog)

    async def sync_commands(self) -> bool:
        """Write to Discord what differs from the code; False if that did not work just now."""
        return await self._syncing.once()

    def speak_by(self, language: Callable[[Mapping[str, Any]], Language]) -> None:
        """Have all that an event of Discord begins speak a language, told by the event's data."""
        parsers = self._connection.parsers
        for event in _READ_BY_PEOPLE:
            # The language is told by the same data, and so is whose an interaction is.
            parsers[event] = tolerant(event, partial(_in_language, language, parsers[event]))

    # ------------------------------------------------------------------ events

    def show_shards(self) -> None:
        """Bring the metrics about Discord's shards up to date."""
        for shard, latency in self.latencies:
            metrics.SHARD_READY.labels(str(shard)).set(shard in self.hearing)
            if math.isfinite(latency):
                metrics.SHARD_LATENCY.labels(str(shard)).set(latency)
        metrics.SERVERS.set(len(self.guilds))

    async def on_shard_ready(self, shard: int) -> None:
        """A shard hears Discord."""
        self.hearing.add(shard)

    async def on_shard_resumed(self, shard: int) -> None:
        """A shard hears Discord again."""
        self.hearing.add(shard)

    async def on_shard_disconnect(self, shard: int) -> None:
        """A shard has lost its connection; discord.py connects again by itself."""
        self.hearing.discard(shard)

    async def on_message(self, message: discord.Message, /) -> None:
        """Nothing: there are no text commands, and cogs listen by themselves."""

    async def on_error(self, event_method: str, /, *_: Any, **__: Any) -> None:
        """Log what a listener did not tell anybody, with a reference."""
        if (error := sys.exception()) is not None:
            failures.note(error, event_method)


def _in_language(
    language: Callable[[Mapping[str, Any]], Language],
    parse: Callable[[Mapping[str, Any]], None],
    data: Mapping[str, Any],
) -> None:
    # What discord.py begins for an event are tasks, and tasks begin with what holds here.
    with speaking(language(data)):
        parse(data)


def _cannot_reach(address: ApiAddress, error: Exception) -> str:
    return f"Discord ({address.shown}) cannot be reached: {error or type(error).__name__}"

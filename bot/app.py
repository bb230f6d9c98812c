"""The composition root: the only place that picks concrete classes and puts them together."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot import metrics
from bot.characters.bounds import MAX_FILE
from bot.conversation.books import Read
from bot.conversation.limits import ReplyLimits
from bot.conversation.model import Model, ModelInUse
from bot.conversation.models import Models, Served
from bot.conversation.ports import Engine, Store
from bot.conversation.presence import Presence
from bot.conversation.queue import Line
from bot.conversation.service import Conversations
from bot.conversation.tool_rules import ToolRules
from bot.conversation.toolbox import Toolbox
from bot.engine.connect import connect, parse
from bot.engine.embedding import EmbeddingServer
from bot.engine.limits import Limits
from bot.errors import BadInput, SettingsError, StartupError, StoreUnavailable, UserError
from bot.models import catalogue
from bot.net.fetch import Fetcher
from bot.setting_values import NamedEngine
from bot.settings import Settings
from bot.store.history import RedisStore
from bot.tools import discovery
from bot.tools.kit import Kit
from bot.tools.mcp import McpServers, read_config
from bot.tools.services import Services
from bot.tracing.export import exporting
from bot.web.health import Check

if TYPE_CHECKING:
    from bot.client import HermesBot
    from bot.web.pictures import PicturePages

log = logging.getLogger(__name__)

# How many new objects make the garbage collector look for cycles; Python's own 700 make it spend a
# tenth of a rush on finding next to nothing.
_NEW_OBJECTS = 10_000

# How long other processes are told that this one ends, in seconds.
_LEAVING = 1.0


@dataclass(frozen=True, slots=True)
class Core:
    """What both fronts (Discord and the playground) are built on.

    `engine` and `model` are the default; `conversations.models` has them all. `tool_cogs` are what
    the tools are methods of, built with `kit`.
    """

    engine: Engine
    store: Store
    model: Model
    conversations: Conversations
    kit: Kit
    tool_cogs: tuple[Any, ...]


@asynccontextmanager
async def open_core(settings: Settings, *, in_discord: bool = False) -> AsyncGenerator[Core, None]:
    """Open store and engine; both come up even if their servers are away for now.

    What this process has to run itself (a private Valkey, the embedded engine) is started here;
    a `StartupError` says why it could not.
    """
    _judge(settings)
    house = _house(settings.character_file)
    async with AsyncExitStack() as stack:
        store = await _open_store(settings, stack)
        engine = await _connect(settings, settings.engine_url, stack)
        model = Model(engine, settings.model, settings.max_reply_tokens, sampling=settings.sampling)
        others = [await _other(settings, named, stack) for named in settings.engines or ()]
        services = Services(searxng=settings.searxng_url or "", sandbox=settings.sandbox_url or "")
        fetcher = Fetcher(allow=services.overridden())
        kit = Kit(settings, await stack.enter_async_context(fetcher), store, services=services)
        cogs = discovery.build(kit)
        toolbox = await _toolbox(settings, store, cogs, stack, in_discord=in_discord)
        conversations = Conversations(
            engine,
            store,
            model,
            others,
            toolbox,
            _embedder(settings, stack),
            line=_line(settings),
            limits=ReplyLimits(
                per_user=settings.replies_per_user_per_hour,
                per_server=settings.replies_per_server_per_hour,
                waiting=settings.waiting_per_user,
                tokens_per_user=settings.tokens_per_user_per_hour,
                tokens_per_server=settings.tokens_per_server_per_hour,
            ),
            summaries=settings.summaries,
            house=house,
            system=settings.system_prompt or "",
        )
        stack.push_async_callback(conversations.summaries.aclose)
        yield Core(engine, store, model, conversations, kit, cogs)


def _judge(settings: Settings) -> None:
    """Refuse what names nothing, before a model is loaded, or downloaded, for it."""
    if settings.model:
        catalogue.named(settings.model)
    if settings.engine_url:
        parse(settings.engine_url)
    for named in settings.engines or ():
        parse(named.url, "ENGINES")
        if named.model:
            catalogue.named(named.model, _profile_of(named))
    if settings.mcp_config:
        read_config(settings.mcp_config)


def _profile_of(named: NamedEngine) -> str:
    return f"ENGINES' profile of {named.name}"


def _house(file: Path | None) -> Read | None:
    """The character that the bot itself is, if its operator has given it one."""
    if file is None:
        return None
    try:
        with file.open("rb") as opened:
            return Read.of(opened.read(MAX_FILE + 1), file.name)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError(f"CHARACTER_FILE: {file} cannot be read: {reason}.") from None
    except BadInput as error:
        raise SettingsError(f"CHARACTER_FILE: {file}: {error.text}") from None


async def _toolbox(
    settings: Settings,
    store: Store,
    cogs: Sequence[Any],
    stack: AsyncExitStack,
    *,
    in_discord: bool,
) -> Toolbox:
    tools = discovery.tools_in(cogs)
    configs = read_config(settings.mcp_config) if settings.mcp_config else ()
    on, unknown = discovery.named(settings.tools_on, cogs)
    # The tools of other servers are known only once those answer.
    foreign = {name for name in unknown if name.startswith(tuple(f"{c.name}_" for c in configs))}
    if wrong := [name for name in unknown if name not in foreign]:
        known = ", ".join(sorted(tool.name for tool in tools))
        files = ", ".join(sorted({discovery.file_of(cog) for cog in cogs}))
        raise SettingsError(
            f"TOOLS_ON: there is no tool {wrong[0]!r}; there are {known}; "
            f"or all tools of a file: {files}"
        )
    servers = McpServers(configs, taken={tool.name for tool in tools})
    await stack.enter_async_context(servers)
    return Toolbox(
        tools,
        store,
        ToolRules(store, on | foreign),
        in_discord=in_discord,
        rounds=settings.tool_rounds,
        calls_per_hour=settings.tool_calls_per_hour,
        calls_per_server=settings.tool_calls_per_server_per_hour,
        foreign=servers.tools,
    )


async def _connect(
    settings: Settings, url: str | None, stack: AsyncExitStack, setting: str = "ENGINE_URL"
) -> Engine:
    engine = await connect(
        url,
        api_key=settings.engine_api_key.get_secret_value() if settings.engine_api_key else None,
        model_file=settings.model_file,
        data_dir=settings.data_dir,
        limits=Limits(first_token=settings.first_token_timeout, total=settings.reply_timeout),
        setting=setting,
    )
    stack.push_async_callback(engine.aclose)
    return engine


async def _other(settings: Settings, named: NamedEngine, stack: AsyncExitStack) -> Served:
    """One of ENGINES. What is wrong with it is said of that setting."""
    engine = await _connect(settings, named.url, stack, "ENGINES")
    model = Model(
        engine,
        named.model,
        settings.max_reply_tokens,
        _profile_of(named),
        sampling=settings.sampling,
    )
    return Served(named.name, engine, model, _line(settings))


def _line(settings: Settings) -> Line:
    return Line(settings.engine_slots or 0, settings.first_token_timeout)


def _embedder(settings: Settings, stack: AsyncExitStack) -> EmbeddingServer | None:
    if settings.embedding_url is None:
        return None
    server = EmbeddingServer(settings.embedding_url, settings.embedding_model)
    stack.push_async_callback(server.aclose)
    return server


async def _open_store(settings: Settings, stack: AsyncExitStack) -> Store:
    if settings.redis_url:
        store = RedisStore(
            settings.redis_url.get_secret_value(), history_days=settings.history_days
        )
    else:
        # Only who has no Redis pays for the import.
        from bot.store.embedded import EmbeddedValkey

        valkey = await stack.enter_async_context(EmbeddedValkey(settings.data_dir))
        store = RedisStore(valkey.url, history_days=settings.history_days, revive=valkey.ensure)
    stack.push_async_callback(store.aclose)
    return store


async def run(settings: Settings, asked: asyncio.Event | None = None) -> None:
    """Connect to Discord and answer until asked to end; what is under way then ends first."""
    if settings.discord_token is None:
        raise SettingsError(
            "DISCORD_TOKEN: is not set; it is the bot's token from "
            "https://discord.com/developers/applications (or put it in a file: DISCORD_TOKEN_FILE)"
        )
    # Here and below: the playground does not pay for Discord, nor the doctor for either.
    from bot.client import HermesBot
    from bot.conversation.structured import JsonMode
    from bot.web.pictures import PicturePages

    async with _traced(settings, "discord"), open_core(settings, in_discord=True) as core:
        bot = HermesBot(
            settings,
            conversations=core.conversations,
            store=core.store,
            json_mode=JsonMode(core.engine, core.model),
            tool_cogs=core.tool_cogs,
            kit=core.kit,
        )
        core.kit.discord = bot

        async def connected() -> None:
            if bot.closing:
                raise UserError("It is about to end.")
            if not bot.is_ready():
                raise UserError("Not connected to Discord.")
            if lost := bot.deaf:
                raise UserError(f"Not connected to Discord (shard {', '.join(map(str, lost))}).")

        checks = {"redis": core.store.ping, "engine": core.engine.describe, "discord": connected}
        # What is there now stays: the garbage collector need not walk through all of it again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(_NEW_OBJECTS, 10, 10)
        pictures = PicturePages(core.store.blob) if settings.public_url else None

        def look() -> None:
            _look_at_lines(core.conversations.models)
            bot.show_shards()

        presence = core.conversations.presence
        async with (
            bot,
            _health(settings, checks, pictures),
            _running(bot.watch.run()),
            _running(presence.run()),
        ):
            # The first question need not wait until the engine has said what it serves.
            served = core.conversations.models
            warm_up = asyncio.gather(*(one.model.check() for one in served))
            try:
                with metrics.looking(look):
                    await _connected(
                        bot,
                        settings.discord_token.get_secret_value(),
                        asked or asyncio.Event(),
                        settings.stop_after,
                    )
            finally:
                warm_up.cancel()
                await asyncio.gather(warm_up, return_exceptions=True)
                await _leave(presence)


async def play(settings: Settings, *, open_browser: bool) -> None:
    """Serve the playground until stopped."""
    from bot.web.browser import can_open, open_page
    from bot.web.playground import Playground
    from bot.web.server import serve

    async with _traced(settings, "playground"), open_core(settings) as core:
        await core.model.check()
        model = await core.model.current()
        engine = _engine_in_words(settings, model)
        store = "Redis" if settings.redis_url else f"a private Valkey in {settings.data_dir}"
        # The page itself tells, at any time, whether the engine answers.
        page = Playground(core.conversations, core.model, engine=engine, store=store)
        checks = {"redis": core.store.ping, "engine": core.engine.describe}

        def look() -> None:
            _look_at_lines(core.conversations.models)

        async with serve(
            settings.http_host, settings.http_port, checks=checks, playground=page
        ) as address:
            print(f"\n  Playground: {address}    (Ctrl+C ends it)")
            print(f"  Engine:     {engine}; conversations are kept in {store}.")
            if model.info is None:
                print("  Note:       the engine does not answer yet; the page says when it does.")
            elif model.profile.note:
                print(f"  Note:       {model.profile.note}")
            print(flush=True)
            if open_browser and can_open():
                await open_page(address)
            with metrics.looking(look):
                await asyncio.Event().wait()


@asynccontextmanager
async def _traced(settings: Settings, front: str) -> AsyncGenerator[None, None]:
    """Send traces, if that is set, until everything inside has ended."""
    with exporting(front, ids=settings.trace_ids):
        yield


def _look_at_lines(models: Models) -> None:
    for served in models:
        metrics.LINE_WAITING.labels(served.name).set(served.line.waiting)


@asynccontextmanager
async def _running(work: Coroutine[Any, Any, None]) -> AsyncGenerator[None, None]:
    """Have `work` done beside what is inside, and end with it."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def _health(
    settings: Settings, checks: Mapping[str, Check], pictures: PicturePages | None
) -> AsyncGenerator[None, None]:
    """Serve health and pictures beside the bot; without a port it still answers people."""
    from bot.web.server import serve

    async with AsyncExitStack() as stack:
        try:
            address = await stack.enter_async_context(
                serve(settings.http_host, settings.http_port, checks=checks, pictures=pictures)
            )
            log.info("health on %s/healthz and /readyz, metrics on /metrics", address)
        except StartupError as error:
            log.warning("no health page: %s", error)
        yield


def _engine_in_words(settings: Settings, model: ModelInUse) -> str:
    if settings.engine_url is None:
        served = settings.model_file or "the bundled tiny model"
        return f"llama.cpp on this machine with {served}"
    if model.info is None:
        return f"{settings.engine_url}"
    return f"{model.info.kind} at {settings.engine_url} with {model.info.model or 'a model'}"


async def _connected(bot: HermesBot, token: str, asked: asyncio.Event, grace: float) -> None:
    """Be connected until asked to end; what is under way then has so many seconds for it."""
    connection = asyncio.create_task(bot.start(token), name="connection")
    end = asyncio.create_task(asked.wait(), name="end")
    try:
        await asyncio.wait({connection, end}, return_when=asyncio.FIRST_COMPLETED)
        if connection.done():
            connection.result()
        else:
            await bot.wind_down(grace)
    finally:
        end.cancel()
        connection.cancel()
        await asyncio.gather(connection, return_exceptions=True)


async def _leave(presence: Presence) -> None:
    """Tell other processes that they have what this one owes; without the store they find out."""
    with suppress(StoreUnavailable, TimeoutError):
        async with asyncio.timeout(_LEAVING):
            await presence.leave()

"""The core, put together: the one place that picks the classes behind its Protocols."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.characters.bounds import MAX_FILE
from bot.conversation.books import Read
from bot.conversation.limits import ReplyLimits
from bot.conversation.model import Model
from bot.conversation.models import Served
from bot.conversation.ports import Engine, Store
from bot.conversation.presence import share
from bot.conversation.queue import Line
from bot.conversation.service import Conversations
from bot.conversation.tool_rules import ToolRules
from bot.conversation.toolbox import Toolbox
from bot.engine.connect import connect, parse
from bot.engine.embedding import EmbeddingServer
from bot.engine.limits import Limits
from bot.errors import BadInput, SettingsError
from bot.models import catalogue
from bot.net.fetch import Fetcher
from bot.setting_values import NamedEngine
from bot.settings import Settings
from bot.store.history import RedisStore
from bot.tools import discovery
from bot.tools.kit import Kit
from bot.tools.mcp import McpServers, read_config
from bot.tools.services import Services


@dataclass(frozen=True, slots=True)
class Core:
    """What both fronts (Discord and the playground) are built on.

    `model` is the default; `conversations.models` has them all. `tool_cogs` are what the tools are
    methods of, built with `kit`.
    """

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
        model = Model(
            engine,
            settings.model,
            settings.max_reply_tokens,
            sampling=settings.sampling,
            patience=settings.first_token_timeout,
        )
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
        yield Core(store, model, conversations, kit, cogs)


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
    settings: Settings,
    url: str | None,
    stack: AsyncExitStack,
    setting: str = "ENGINE_URL",
    key: SecretStr | None = None,
) -> Engine:
    key = settings.engine_api_key if key is None else key
    engine = await connect(
        url,
        api_key=key.get_secret_value() or None if key else None,
        model_file=settings.model_file,
        data_dir=settings.data_dir,
        limits=Limits(first_token=settings.first_token_timeout, total=settings.reply_timeout),
        setting=setting,
    )
    stack.push_async_callback(engine.aclose)
    return engine


async def _other(settings: Settings, named: NamedEngine, stack: AsyncExitStack) -> Served:
    """One of ENGINES. What is wrong with it is said of that setting."""
    own = (settings.engine_api_keys or {}).get(named.name)
    engine = await _connect(settings, named.url, stack, "ENGINES", own)
    model = Model(
        engine,
        named.model,
        settings.max_reply_tokens,
        _profile_of(named),
        sampling=settings.sampling,
        patience=settings.first_token_timeout,
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
    ids, count = settings.shard_ids, settings.shard_count
    part = share(ids, count) if ids and count else ""
    days = settings.history_days
    if settings.redis_url:
        url = settings.redis_url.get_secret_value()
        store = RedisStore(url, history_days=days, share=part)
    else:
        # Only who has no Redis pays for the import.
        from bot.store.embedded import EmbeddedValkey

        valkey = await stack.enter_async_context(EmbeddedValkey(settings.data_dir))
        store = RedisStore(valkey.url, history_days=days, revive=valkey.ensure, share=part)
    stack.push_async_callback(store.aclose)
    return store

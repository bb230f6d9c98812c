"""The two fronts over the core: Discord, and the playground."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import logging
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from bot import metrics
from bot.conversation.life import vouch
from bot.conversation.model import ModelInUse
from bot.conversation.models import Models
from bot.conversation.presence import Presence
from bot.core import Core, open_core
from bot.errors import SettingsError, StartupError, StoreUnavailable, UserError
from bot.settings import Settings
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

    asked = asked or asyncio.Event()
    async with _traced(settings, "discord"), _opened(settings, asked) as core:
        default = core.conversations.models.named("")
        bot = HermesBot(
            settings,
            conversations=core.conversations,
            store=core.store,
            json_mode=JsonMode(default.engine, core.model),
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

        checks = {"redis": core.store.ping, "engine": partial(vouch, default), "discord": connected}
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
            _running(_settle(bot)),
        ):
            # The first question need not wait until the engine has said what it serves.
            served = core.conversations.models
            warm_up = asyncio.gather(*(one.model.check() for one in served))
            try:
                with metrics.looking(look):
                    await _connected(
                        bot,
                        settings.discord_token.get_secret_value(),
                        asked,
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
        engine_answers = partial(vouch, core.conversations.models.named(""))
        checks = {"redis": core.store.ping, "engine": engine_answers}

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
            try:
                with metrics.looking(look):
                    await asyncio.Event().wait()
            finally:
                await _leave(core.conversations.presence)


@asynccontextmanager
async def _opened(settings: Settings, asked: asyncio.Event) -> AsyncGenerator[Core, None]:
    """The core. Who asks to end before it is open does not wait for it: a model may be on its way.

    The running task is cancelled then.
    """
    opening = asyncio.current_task()
    assert opening is not None
    end = asyncio.create_task(asked.wait(), name="end")
    end.add_done_callback(lambda heard: heard.cancelled() or opening.cancel())
    async with AsyncExitStack() as stack:
        try:
            core = await stack.enter_async_context(open_core(settings, in_discord=True))
        finally:
            end.cancel()
        yield core


@asynccontextmanager
async def _traced(settings: Settings, front: str) -> AsyncGenerator[None, None]:
    """Send traces, if that is set, until everything inside has ended."""
    with exporting(front, ids=settings.trace_ids):
        yield


async def _settle(bot: HermesBot) -> None:
    """Once all is there, have it stay, and give back what was only needed to come so far."""
    await bot.wait_until_ready()
    # The garbage collector need not walk through all of it again.
    gc.collect()
    gc.freeze()
    # glibc keeps what imports used for a moment, a megabyte. Others know no such call.
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


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

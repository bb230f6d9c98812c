"""The whole bot without a network: for whoever reads its commands."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bot.conversation.model import Model
from bot.conversation.service import Conversations
from bot.conversation.structured import JsonMode
from bot.engine.connect import ProbedEngine
from bot.net.fetch import Fetcher
from bot.settings import load
from bot.store.history import RedisStore
from bot.tools import discovery
from bot.tools.kit import Kit

if TYPE_CHECKING:
    from bot.client import HermesBot

# Nobody listens there, and nobody asks.
_NOWHERE = "127.0.0.1:9"


@asynccontextmanager
async def offline_bot() -> AsyncGenerator[HermesBot, None]:
    """The bot with its default settings and every cog, connected to nothing.

    Its commands are those that Discord is told. A cog that does not load is a `StartupError` with
    its name.
    """
    from bot.client import HermesBot

    settings = load({}, dotenv=Path(os.devnull))
    engine = ProbedEngine(f"http://{_NOWHERE}")
    store = RedisStore(f"redis://{_NOWHERE}")
    model = Model(engine, None, settings.max_reply_tokens)
    kit = Kit(settings, Fetcher(), store)
    bot = HermesBot(
        settings,
        conversations=Conversations(engine, store, model),
        store=store,
        json_mode=JsonMode(engine, model),
        tool_cogs=discovery.build(kit),
        kit=kit,
    )
    kit.discord = bot
    try:
        await bot.load_cogs()
        yield bot
    finally:
        # To close a client that never logged in is more than discord.py can do.
        for name in tuple(bot.cogs):
            await bot.remove_cog(name)
        await store.aclose()
        await engine.aclose()

"""The bot in the test's own process, connected to the stand-in over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.client import HermesBot
from bot.conversation.model import Model
from bot.conversation.ports import Store
from bot.conversation.service import Conversations
from bot.conversation.structured import JsonMode
from bot.settings import load
from tests.stand_ins.discord import DiscordStandIn
from tests.stand_ins.engine import ScriptedEngine


def make_bot(url: str, store: Store, engine: ScriptedEngine | None = None) -> HermesBot:
    """A bot with everything but a real engine, not connected yet."""
    settings = load({"DISCORD_API_URL": url}, dotenv=None)
    engine = engine or ScriptedEngine()
    model = Model(engine, None, 1024)
    conversations = Conversations(engine, store, model)
    json_mode = JsonMode(engine, model)
    return HermesBot(settings, conversations=conversations, store=store, json_mode=json_mode)


@asynccontextmanager
async def running(
    stand_in: DiscordStandIn, store: Store, url: str = "", engine: ScriptedEngine | None = None
) -> AsyncIterator[HermesBot]:
    """A bot inside, connected and with its servers there."""
    async with make_bot(url or stand_in.api, store, engine) as bot:
        task = asyncio.create_task(bot.start("token"))
        waiting = asyncio.create_task(
            stand_in.until(lambda: stand_in.gateway.connected and bot.guilds, 15)
        )
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if task.done():
            task.result()
        yield bot
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def answered(world: DiscordStandIn, text: str = "hi") -> str:
    """What the bot says first to a question of Alice's."""
    asked = world.send(world.channel, world.alice, f"{world.mention} {text}")
    await world.until(lambda: world.replies(asked))
    return world.replies(asked)[0].content

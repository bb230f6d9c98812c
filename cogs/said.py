"""What the bot posts without being asked becomes part of the conversation there."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import discord

from bot.client import HermesBot
from bot.client.failures import note
from bot.errors import StoreUnavailable
from cogs.places import conversation_in
from cogs.reading import posted_text

log = logging.getLogger(__name__)


class Said:
    """Tells conversations of posts; that waits for a reply that is being written there."""

    def __init__(self) -> None:
        self._telling: set[asyncio.Task[None]] = set()

    def tell(
        self, client: discord.Client, message: discord.Message, author: str, text: str = ""
    ) -> None:
        """Begin to tell of a message; `said` has the rest."""
        if not isinstance(client, HermesBot):
            return
        work = _tell(client, message, author, text)
        telling = asyncio.create_task(work, name=f"said {message.id}")
        self._telling.add(telling)
        telling.add_done_callback(self._ended)

    def _ended(self, telling: asyncio.Task[Any]) -> None:
        self._telling.discard(telling)
        if not telling.cancelled() and (error := telling.exception()):
            note(error, telling.get_name())


async def said(bot: HermesBot, message: discord.Message, author: str, text: str = "") -> None:
    """Make a message that the bot has posted part of its channel's conversation, once.

    `author` is the id of whom it was posted for; `text` is what it says, if not all of it.
    """
    conversation, posted = conversation_in(message.channel.id), str(message.id)
    timeline = bot.conversations.timeline
    if await timeline.find(conversation, posted) is None:
        text = text or posted_text(message, bot.user)
        await timeline.say(conversation, posted, text, author=author)


async def _tell(bot: HermesBot, message: discord.Message, author: str, text: str) -> None:
    try:
        await said(bot, message, author, text)
    except StoreUnavailable as error:
        log.warning("message %s is posted, but not remembered: %s", message.id, error)

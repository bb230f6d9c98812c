"""What a thread began with, for whoever is the first to speak to the bot in it."""

from __future__ import annotations

import asyncio
import logging

import discord

from bot.client import HermesBot
from bot.errors import StoreUnavailable
from cogs.live.sending import FAILURES
from cogs.own_threads.where import is_made, stands_in
from cogs.places import conversation_in

log = logging.getLogger(__name__)

# How long it is waited for, in seconds; then the question is read without it.
_PATIENCE = 2.0


async def starter_for(
    bot: HermesBot, message: discord.Message, *, asked: bool
) -> discord.Message | None:
    """The message at which a thread hangs, or a post's first, for the first question in there.

    None for a reply, which says itself what it is about, and where there is nothing to be read.
    `asked` tells a message that is about to be answered from one that is only read anew, which gets
    the same again. Costs a round trip to the store for each message in a thread.
    """
    thread = message.channel
    if not isinstance(thread, discord.Thread) or thread.is_private() or message.id == thread.id:
        return None
    # The talk of a thread that the bot made has it already.
    if message.type is discord.MessageType.reply or is_made(bot, thread):
        return None
    try:
        turns = await bot.conversations.history(conversation_in(thread.id))
        if turns[0].id != str(message.id) if turns else not asked:
            return None
        home = stands_in(bot, thread, thread.id)
        async with asyncio.timeout(_PATIENCE):
            return thread.starter_message or (home and await home.fetch_message(thread.id))
    except (StoreUnavailable, *FAILURES) as error:
        log.debug("thread %s: what it began with is not known: %s", thread.id, error)
        return None

"""Whether somebody calls by name who plays in a channel, or the bot where nobody does."""

from __future__ import annotations

import logging

import discord

from bot.characters.naming import named, says
from bot.characters.scene import awake
from bot.client import HermesBot
from bot.errors import StoreUnavailable
from cogs.own_threads.where import mode_at
from cogs.places import conversation_in
from cogs.reading.words import own_words

log = logging.getLogger(__name__)


async def is_called_by_name(bot: HermesBot, message: discord.Message) -> bool:
    """Whether a message says a name that wakes somebody there, in its writer's own words.

    Only where the place has chosen that names count. Costs one round trip to the store there.
    """
    if message.guild is None or not message.content:
        return False
    mode, _ = await mode_at(bot, message.channel)
    if mode != "name":
        return False
    try:
        stage = await bot.conversations.stages.get(conversation_in(message.channel.id))
    except StoreUnavailable as error:
        log.info("message %s: whether it calls somebody is not known: %s", message.id, error)
        return False
    text = own_words(message.content)
    if stage is not None and stage.cast:
        return bool(named(text, awake(stage)))
    house = bot.conversations.house
    names = [message.guild.me.display_name, *([house.card.called] if house else [])]
    return any(says(text, name) for name in names)

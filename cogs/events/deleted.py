"""What was set in a channel, a thread or a category goes when that is deleted."""

from __future__ import annotations

import logging

import discord

from bot.client import HermesBot
from bot.client.failures import DISCORD_FAILURES
from cogs.places import category_place, conversation_in

log = logging.getLogger(__name__)

_UNKNOWN_CHANNEL = 10003


async def forget_settings(bot: HermesBot, channel_id: int) -> None:
    """Forget what was set in a place that was deleted. Raises `StoreUnavailable`.

    People made these settings by hand, and nothing brings them back: so Discord has to say once
    more that there is no such place. If it does not, they stay, where they do no harm.
    """
    for place in (conversation_in(channel_id), category_place(channel_id)):
        if await bot.administration.has_any(place) and await _is_gone(bot, channel_id):
            await bot.administration.forget(place)
            log.info("what was set in %s is forgotten", place)


async def _is_gone(bot: HermesBot, channel_id: int) -> bool:
    try:
        await bot.http.get_channel(channel_id)
    except discord.NotFound as error:
        return error.code == _UNKNOWN_CHANNEL
    except DISCORD_FAILURES as error:
        log.info("whether channel %s is gone: %s", channel_id, error)
    return False

"""What stands under the bot's name in lists of members, if its operator wants anything to."""

from __future__ import annotations

import discord

from bot.client import HermesBot


async def setup(bot: HermesBot) -> None:
    """Have it told to Discord with each login, so that it is there after every reconnect."""
    if bot.settings.status_text:
        bot.activity = discord.CustomActivity(name=bot.settings.status_text)

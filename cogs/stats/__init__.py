"""`/stats`: how much a server uses the bot, in figures and a picture, for who manages it."""

from __future__ import annotations

import asyncio
import io
import time
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.conversation.statistics import HOUR
from cogs.live.target import NOBODY
from cogs.stats.picture import draw
from cogs.stats.words import in_words

_HOURS = {"24 hours": 24, "7 days": 7 * 24}


class Stats(commands.Cog):
    """Shows what was counted of a server: replies, people, tokens, times; no words, no names."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.describe(over="How far back")
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    async def stats(
        self,
        interaction: discord.Interaction[HermesBot],
        over: Literal["24 hours", "7 days"] = "24 hours",
    ) -> None:
        """How much I was used in this server: replies, people, tokens, times"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        hours = _HOURS[over]
        first = int(time.time()) // HOUR - hours + 1
        found = await self.bot.store.statistics(str(interaction.guild_id), first, hours)
        text = in_words(found, over)
        if not found.total.replies:
            await interaction.edit_original_response(content=text)
            return
        # Drawing takes some hundredths of a second, in which others want to be answered.
        picture = await asyncio.to_thread(draw, found)
        file = discord.File(io.BytesIO(picture), "stats.png", description=text[:1_000])
        await interaction.edit_original_response(
            content=text, attachments=[file], allowed_mentions=NOBODY
        )


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(Stats(bot))

"""`/say`: the bot posts what somebody else wrote, and knows that it did."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.errors import BadInput, StoreUnavailable
from bot.language import later, tr
from cogs.live.target import NOBODY
from cogs.places import can_write
from cogs.policy import check_text
from cogs.reading.words import is_blank
from cogs.said import said

_NO_PLACE = later("I can only do that in a channel where I may write.")


class Say(commands.Cog):
    """Words that are put into the bot's mouth."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.describe(text="What I am to post here")
    @app_commands.default_permissions(manage_messages=True)
    @app_commands.guild_only()
    async def say(
        self,
        interaction: discord.Interaction[HermesBot],
        text: app_commands.Range[str, 1, 2000],
    ) -> None:
        """Have me post a message here; it becomes part of our talk"""
        if is_blank(text):
            raise BadInput(later("There is no text in that. Please write some."))
        await interaction.response.defer(ephemeral=True, thinking=True)
        channel, guild = interaction.channel, interaction.guild
        await check_text(interaction, text)
        if not isinstance(channel, discord.abc.Messageable) or not can_write(
            channel, guild.me if guild else None
        ):
            raise BadInput(_NO_PLACE)
        message = await channel.send(text, allowed_mentions=NOBODY)
        link = message.jump_url
        try:
            await said(self.bot, message, str(interaction.user.id))
            told = tr("Done: {link}. It is part of our talk here.", link=link)
        except StoreUnavailable:
            told = tr(
                "Posted: {link}. My memory cannot be reached right now, so I will not remember it.",
                link=link,
            )
        await interaction.edit_original_response(content=told)


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(Say(bot))

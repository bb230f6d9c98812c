"""`/channel`: answer everything in a channel, only when addressed, or by name as well."""

from __future__ import annotations

from collections.abc import Mapping

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.conversation.config import Mode
from bot.language import Text, later, tr
from cogs.places import can_write, conversation_in, server_of

_ALWAYS = later(
    "I now answer every message here, without a mention. I stay quiet when people reply to each "
    "other or begin with somebody else's mention. Other bots are ignored."
)
_MENTION = later("I now answer here only when I am mentioned, when you reply to me, or by /ask.")
_NAME = later(
    "I now answer here when somebody says the name of a character on stage (mine, where nobody "
    "is), when I am mentioned, when you reply to me, or by /ask. Other bots are ignored."
)
_TOLD: Mapping[Mode, Text] = {"always": _ALWAYS, "mention": _MENTION, "name": _NAME}
_BLIND = later(
    "⚠️ But Discord does not show me messages that do not mention me: the bot's operator has to "
    "switch on the Message Content intent (Developer Portal, page Bot) and restart me."
)
_MUTE = later("⚠️ But I am not allowed to write here: I need View Channel and Send Messages.")


class Channel(commands.Cog):
    """How much a channel wants to hear from the bot."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.describe(
        mode="always: every message; mention: only when addressed; name: also by saying a name"
    )
    @app_commands.default_permissions(manage_channels=True)
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    async def channel(self, interaction: discord.Interaction[HermesBot], mode: Mode) -> None:
        """Choose whether I answer everything in this channel or only when addressed"""
        await interaction.response.defer(thinking=True)
        await self.bot.administration.change(
            str(interaction.user.id),
            server_of(interaction),
            conversation_in(interaction.channel_id or 0),
            "mode",
            mode,
        )
        lines = [_TOLD[mode]]
        if mode != "mention" and not self.bot.reads_everything:
            lines.append(_BLIND)
        if not can_write(interaction.channel, interaction.guild and interaction.guild.me):
            lines.append(_MUTE)
        await interaction.edit_original_response(content="\n".join(map(tr, lines)))


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(Channel(bot))

"""`/usage`: what somebody has used in this hour, and when they may have more."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.conversation.quotas import Kind, Share, Used, next_hour
from bot.language import later, tr
from cogs.admission import asker_for
from cogs.live.target import NOBODY
from cogs.places import is_guest

_FREE = later("Nothing is limited here: ask me as often as you like.")
_NOTE = later(
    "-# Answering again, going on and every line of a character count as answers. Tokens are "
    "pieces of words that I write, my thoughts included."
)
_LINES: Mapping[tuple[Kind, Share], str] = {
    ("replies", "everywhere"): later("Answers to you, wherever you ask: **{used:,}** of {most:,}"),
    ("replies", "here"): later("Answers to you in this server: **{used:,}** of {most:,}"),
    ("replies", "server"): later("Answers to everybody in this server: **{used:,}** of {most:,}"),
    ("tokens", "everywhere"): later("Tokens for you, wherever you ask: **{used:,}** of {most:,}"),
    ("tokens", "here"): later("Tokens for you in this server: **{used:,}** of {most:,}"),
    ("tokens", "server"): later("Tokens for everybody in this server: **{used:,}** of {most:,}"),
    ("calls", "everywhere"): later(
        "Tool calls for you, outside of servers: **{used:,}** of {most:,}"
    ),
    ("calls", "here"): later("Tool calls for you in this server: **{used:,}** of {most:,}"),
    ("calls", "server"): later("Tool calls for everybody in this server: **{used:,}** of {most:,}"),
}


class Usage(commands.Cog):
    """Tells people about their own use, for their eyes only."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def usage(self, interaction: discord.Interaction[HermesBot]) -> None:
        """What you have used of me in this hour, and when you may have more"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        asker = asker_for(interaction.user, interaction.guild_id, guest=is_guest(interaction))
        await self.bot.configuration.load()
        found = await self.bot.conversations.used(asker)
        text = in_words(found, time.time())
        await interaction.edit_original_response(content=text, allowed_mentions=NOBODY)


def in_words(found: Sequence[Used], now: float) -> str:
    """What was used of everything that is limited."""
    if not found:
        return tr(_FREE)
    head = tr("**This hour**, which ends {when}", when=f"<t:{next_hour(now)}:R>")
    return "\n".join([head, *(f"{_mark(one)} {_line(one)}" for one in found), tr(_NOTE)])


def _mark(one: Used) -> str:
    return "⚠️" if one.up else "-"


def _line(one: Used) -> str:
    told = tr(_LINES[one.quota.kind, one.quota.share])
    return told.format(used=one.used, most=one.quota.most)


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(Usage(bot))

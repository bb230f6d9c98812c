"""`/reset`: forget what was said."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.language import later, tr
from cogs.places import conversation_here

_SCENE_STAYS = later(
    "The scene stays as it is set up. `/scene greet` has the characters say their first lines "
    "again; `/scene end` ends it."
)


class Reset(commands.Cog):
    """A fresh start for a channel."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.default_permissions(manage_messages=True)
    async def reset(self, interaction: discord.Interaction[HermesBot]) -> None:
        """Forget what was said in this channel (its settings stay)"""
        # A reply that is being written ends first, which may take a moment.
        await interaction.response.defer(thinking=True)
        conversation = conversation_here(interaction)
        count = await self.bot.conversations.timeline.reset(conversation)
        stage = await self.bot.conversations.stages.get(conversation)
        told = _told(count)
        if stage and stage.cast:
            told += f"\n{tr(_SCENE_STAYS)}"
        await interaction.edit_original_response(content=told)


def _told(count: int) -> str:
    if not count:
        return tr("There was nothing to forget: we have not talked here yet.")
    return tr(
        "Done: I have forgotten one message. The next one starts a new talk. "
        "For a day /undo brings the old one back, as long as nothing new is said.",
        "Done: I have forgotten {n:,} messages. The next one starts a new talk. "
        "For a day /undo brings the old one back, as long as nothing new is said.",
        n=count,
    )


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(Reset(bot))

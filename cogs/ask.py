"""`/ask`: a question by command, answered in the response."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.conversation.ask import Ask
from bot.errors import BadInput
from cogs.live import live_of
from cogs.live.target import InteractionTarget
from cogs.places import conversation_in, engine_here, private_conversation, rules_here
from cogs.reading import text_for_ask
from cogs.reading.words import is_blank

_TOGETHER = "I answer this together with the other questions here: see the next reply."


class AskCommand(commands.Cog, name="Ask"):
    """Questions that work without a mention and without any permission of the bot."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.describe(
        question="What do you want to know?",
        private="Only you see question and answer; a talk of its own, apart from the channel's",
        fresh="With private: forget our private talk first",
    )
    async def ask(
        self,
        interaction: discord.Interaction[HermesBot],
        question: app_commands.Range[str, 1, 4000],
        private: bool = False,
        fresh: bool = False,
    ) -> None:
        """Ask me something, here or just between us"""
        text = text_for_ask(interaction, question)
        if is_blank(text):
            raise BadInput("There is no question in that. Please write one.")
        await interaction.response.defer(ephemeral=private, thinking=True)
        ask = await _ask_of(interaction, text, private=private)
        if private and fresh:
            await self.bot.conversations.timeline.reset(ask.conversation)
        async with self.bot.conversations.turn(ask) as reply:
            if reply is None:
                await interaction.edit_original_response(content=_TOGETHER)
            else:
                await live_of(self.bot).deliver(reply, InteractionTarget(interaction))


async def _ask_of(interaction: discord.Interaction[HermesBot], text: str, *, private: bool) -> Ask:
    channel, user = interaction.channel_id or 0, interaction.user
    shared = interaction.guild_id is not None and not private
    return Ask(
        conversation=private_conversation(channel, user.id)
        if private
        else conversation_in(channel),
        id=str(interaction.id),
        author=str(user.id),
        speaker=user.display_name if shared else "",
        text=text,
        origin={
            "channel": str(channel),
            "asker": str(user.id),
            "guild": str(interaction.guild_id or ""),
            "interaction": interaction.token,
            "application": str(interaction.application_id),
            "private": "yes" if private else "",
            **await rules_here(interaction, interaction.user),
        },
        engine=await engine_here(interaction),
    )


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(AskCommand(bot))

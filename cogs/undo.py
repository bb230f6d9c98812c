"""`/undo` and `/redo`: take back the last questions with their replies, and bring them again."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.conversation.timeline import Step, last_exchanges
from bot.errors import BadInput
from bot.language import later, tr
from cogs.live.target import NOBODY
from cogs.live.wording import small
from cogs.places import channel_here, conversation_here
from cogs.taking_back import (
    bring_back,
    check_for,
    in_words,
    show_newest,
    stop_writing,
    take_back,
    taken_back,
)

_NOTHING_SAID = later("There is nothing to take back: I remember nothing that was said here.")
_TAKEN_OUT = later(
    "What /chat import has brought is taken out again: I remember nothing that was said here."
)
_NOTHING_TAKEN = later(
    "There is nothing to bring back. What was taken back stays for a day, and only until "
    "something new is said."
)


class Undo(commands.Cog):
    """One step back, one step forward."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.describe(steps="How many questions with their replies")
    async def undo(
        self, interaction: discord.Interaction[HermesBot], steps: app_commands.Range[int, 1, 20] = 1
    ) -> None:
        """Take back your last question and my reply to it"""
        conversation = conversation_here(interaction)
        check = check_for(interaction)
        # Twice: now, since a refusal is nobody else's business, and again when it is done.
        taken = last_exchanges(await self.bot.conversations.history(conversation), steps)
        check(taken)
        stop_writing(self.bot, conversation, taken)
        await interaction.response.defer(thinking=True)
        step = await self.bot.conversations.timeline.undo(conversation, steps, check)
        channel = channel_here(interaction)
        unmarked = await take_back(self.bot, channel, step.turns, "/undo")
        await show_newest(self.bot, channel, conversation)
        await interaction.edit_original_response(
            content=_undone(step, unmarked), allowed_mentions=NOBODY
        )

    @app_commands.command()
    async def redo(self, interaction: discord.Interaction[HermesBot]) -> None:
        """Bring back what was last taken back here"""
        conversation = conversation_here(interaction)
        check = check_for(interaction)
        undone = await self.bot.store.undone(conversation)
        if not undone:
            raise BadInput(_NOTHING_TAKEN)
        check(undone)
        await interaction.response.defer(thinking=True)
        step = await self.bot.conversations.timeline.redo(conversation, check)
        if not step.turns:
            raise BadInput(_NOTHING_TAKEN)
        await bring_back(self.bot, channel_here(interaction), conversation, step.turns)
        await interaction.edit_original_response(
            content=small(tr("Brought back: {what}.", what=in_words(step.turns))),
            allowed_mentions=NOBODY,
        )


def _undone(step: Step, unmarked: int) -> str:
    if step.turns:
        return taken_back(step.turns, unmarked)
    if step.brought:
        return _taken_out(step.restored)
    if not step.restored:
        return tr(_NOTHING_SAID)
    return tr(
        "The /reset is undone: I remember one message again.",
        "The /reset is undone: I remember {n:,} messages again.",
        n=step.restored,
    )


def _taken_out(restored: int) -> str:
    """What came out of a file is gone; so many messages are there again."""
    if not restored:
        return tr(_TAKEN_OUT)
    return tr(
        "What /chat import has brought is taken out again: I remember one message of before.",
        "What /chat import has brought is taken out again: I remember {n:,} messages of before.",
        n=restored,
    )


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(Undo(bot))

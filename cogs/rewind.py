"""`/rewind`: take back all that came after a message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.client.failures import answer
from bot.conversation.timeline import last_exchanges, said_after
from bot.conversation.turns import Turn
from bot.errors import BadInput
from bot.language import later, tr
from cogs.components import KnownButton
from cogs.links import message_named
from cogs.live.buttons import Button, view_of
from cogs.live.target import NOBODY
from cogs.places import channel_here, conversation_here
from cogs.taking_back import (
    check_for,
    exchanges,
    in_words,
    show_newest,
    stop_writing,
    take_back,
    taken_back,
)

CONFIRM = re.compile(r"rewind:(?P<keep>[^:]{0,60})")
CANCEL = re.compile(r"rewind-not")

# Whatever takes back more than so many exchanges is asked about first.
_UNASKED = 2

_NOTHING_AFTER = later("Nothing that I remember came after that.")
_WHICH = later("Please say how far: give me a message, or a number of exchanges, but not both.")
_SURE = later("This takes back {what}. /redo brings it back, until something new is said. Go on?")
_UNCHANGED = later("Nothing was taken back.")
_DONE = later("Done.")


class Rewind(commands.Cog):
    """Many steps back at once."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.describe(
        to="Link or id of the message that is to be the last one",
        exchanges="Or how many questions with their replies to take back",
    )
    async def rewind(
        self,
        interaction: discord.Interaction[HermesBot],
        to: str | None = None,
        exchanges: app_commands.Range[int, 1, 200] | None = None,
    ) -> None:
        """Take back everything that came after a message"""
        if (to is None) == (exchanges is None):
            raise BadInput(_WHICH)
        if to is not None:
            await rewind_to(interaction, str(message_named(to, interaction.channel_id or 0)))
        else:
            turns = await _history(interaction)
            left = turns[: len(turns) - len(last_exchanges(turns, exchanges or 1))]
            await rewind_to(interaction, left[-1].id if left else "")


async def rewind_to(interaction: discord.Interaction[HermesBot], message: str) -> None:
    """Take back what came after a message, and tell it; asks first if that is much.

    `message` is the id of a message, or of the turn, that stays as the last one; "" keeps nothing.
    """
    taken = _after(await _history(interaction), message)
    check_for(interaction)(taken)
    if exchanges(taken) <= _UNASKED:
        await _carry_out(interaction, message, taken)
        return
    buttons = (
        Button(tr("Take it back"), f"rewind:{message}", discord.ButtonStyle.danger),
        Button(tr("Cancel"), "rewind-not"),
    )
    question = tr(_SURE).format(what=in_words(taken))
    await answer(interaction, question, view=view_of(buttons), allowed_mentions=NOBODY)


class ConfirmButton(KnownButton, template=CONFIRM):
    """Takes back what its message asks about."""

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """Do it, if nothing stands against it by now."""
        taken = _after(await _history(interaction), self.parts["keep"])
        check_for(interaction)(taken)
        await interaction.response.edit_message(content=tr(_DONE), view=None)
        await _carry_out(interaction, self.parts["keep"], taken)


class CancelButton(KnownButton, template=CANCEL):
    """Leaves all as it is."""

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """Say so."""
        await interaction.response.edit_message(content=tr(_UNCHANGED), view=None)


async def _carry_out(
    interaction: discord.Interaction[HermesBot], message: str, expected: Sequence[Turn]
) -> None:
    bot, conversation = interaction.client, conversation_here(interaction)
    stop_writing(bot, conversation, expected)
    if not interaction.response.is_done():
        await interaction.response.defer(thinking=True)
    step = await bot.conversations.timeline.rewind(conversation, message, check_for(interaction))
    channel = channel_here(interaction)
    unmarked = await take_back(bot, channel, step.turns, "/rewind")
    await show_newest(bot, channel, conversation)
    # All may see it, since all of them talk on from there.
    told = taken_back(step.turns, unmarked) if step.turns else tr(_NOTHING_AFTER)
    await interaction.followup.send(told, allowed_mentions=NOBODY)


async def _history(interaction: discord.Interaction[HermesBot]) -> Sequence[Turn]:
    conversation = conversation_here(interaction)
    return await interaction.client.conversations.history(conversation)


def _after(turns: Sequence[Turn], message: str) -> Sequence[Turn]:
    taken = said_after(turns, message)
    if not taken:
        raise BadInput(_NOTHING_AFTER)
    return taken


async def setup(bot: HermesBot) -> None:
    """Add the cog, and hear its buttons also after a restart."""
    await bot.add_cog(Rewind(bot))
    bot.add_dynamic_items(ConfirmButton, CancelButton)

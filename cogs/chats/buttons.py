"""The buttons under the question whether a talk is to be brought in."""

from __future__ import annotations

import re
from typing import Any

import discord

from bot.language import later, tr
from cogs.chats import bringing
from cogs.components import KnownButton, pressing
from cogs.opted_out import refuse_opted_out
from cogs.places import conversation_here

_UNCHANGED = later("Nothing was brought in; everything here is as it was.")


class ImportButton(
    KnownButton,
    template=re.compile(rf"chat-import:(?P<how>{bringing.INSTEAD}|{bringing.BEHIND})"),
):
    """Brings in what its message asks about."""

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """Do it, if whoever presses may, and nothing is written there."""
        conversation = conversation_here(interaction)
        refuse_opted_out(interaction)
        bringing.check_may(interaction)
        with pressing(interaction.client, conversation):
            await bringing.bring(interaction, self.parts["how"])


class CancelButton(KnownButton, template=re.compile(r"chat-import-not")):
    """Leaves all as it is."""

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """Say so."""
        await interaction.response.edit_message(content=tr(_UNCHANGED), attachments=[], view=None)

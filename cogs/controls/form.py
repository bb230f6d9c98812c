"""The form in which a reply's text is changed by hand."""

from __future__ import annotations

from typing import Any

import discord

from bot.errors import BadInput
from bot.language import later, tr
from cogs.components import pressing
from cogs.controls import actions, panel
from cogs.controls.meant import Meant, find
from cogs.forms import Form

LONGEST = 4_000
"""What Discord takes in one field."""

_TOO_LONG = later(
    "That reply is too long for Discord's form, which takes {most:,} characters. "
    "You can have it written again, or delete it.",
    most=LONGEST,
)


class EditForm(Form):
    """One field with the reply's text; `in_panel` says whether it came from the panel."""

    def __init__(self, meant: Meant, *, in_panel: bool) -> None:
        if len(meant.turn.text) > LONGEST:
            raise BadInput(_TOO_LONG)
        super().__init__(title=tr("Edit this reply"))
        self._meant = meant
        self._in_panel = in_panel
        self.text: discord.ui.TextInput[EditForm] = discord.ui.TextInput(
            style=discord.TextStyle.paragraph, default=meant.turn.text, max_length=LONGEST
        )
        self.add_field(
            self.text,
            label=tr("What I shall have said"),
            description=tr("I go on from this text, as if it were my own."),
        )

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Put the text in place of the one that stood there."""
        await interaction.response.defer()
        with pressing(interaction.client, self._meant.conversation):
            # Much may have been said while it was filled in.
            known = self._meant
            meant = await find(interaction, known.conversation, known.message, known.asker)
            turn = await actions.rewrite(interaction, meant, self.text.value)
        if self._in_panel:
            await panel.refresh(interaction, meant, turn)

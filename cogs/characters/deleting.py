"""Asking once more before something of a library is deleted."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import ClassVar

import discord

from bot.language import later, tr
from cogs.characters.shelf import Interaction
from cogs.components import KnownButton
from cogs.live.buttons import Button, view_of

_KEPT = later("Nothing is deleted.")


def template_of(kind: str) -> re.Pattern[str]:
    """The ids of the buttons under a question about something of a kind."""
    return re.compile(rf"{kind}-delete:(?P<what>yes|no):(?P<named>[0-9a-f]{{1,32}})")


async def ask_once_more(interaction: Interaction, kind: str, named: str, question: str) -> None:
    """Put a question with *Delete* and *Keep* into the response, which is deferred."""
    yes = Button(tr("Delete"), f"{kind}-delete:yes:{named}", discord.ButtonStyle.danger)
    no = Button(tr("Keep"), f"{kind}-delete:no:{named}")
    await interaction.edit_original_response(content=question, view=view_of((yes, no)))


class DeletionButton(KnownButton, template=re.compile(r"(?!)")):
    """The answer to the question; `delete` is given the id, and says what has come of it."""

    delete: ClassVar[Callable[[Interaction, str], Awaitable[str]]]

    async def callback(self, interaction: Interaction) -> None:
        """Delete it, or leave it."""
        await interaction.response.defer()
        text = tr(_KEPT)
        if self.parts["what"] == "yes":
            text = await type(self).delete(interaction, self.parts["named"])
        await interaction.edit_original_response(content=text, view=None)

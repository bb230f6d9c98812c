"""The forms (modals) of `/json`: room for what does not fit into a command's line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.language import tr
from cogs.forms import Form

# A form's fields hold no more than this; a file holds larger schemas.
_FIELD = 4_000

EXAMPLE = "title: text\nyear: integer?\ngenre: drama | comedy   # what it mostly is"


def _schema_field(label: str) -> discord.ui.TextInput[Any]:
    return discord.ui.TextInput(
        label=label,
        style=discord.TextStyle.paragraph,
        placeholder=EXAMPLE,
        max_length=_FIELD,
        custom_id="schema",
    )


class AskForm(Form):
    """The question, and the schema or a saved one's name."""

    def __init__(
        self,
        question: str,
        schema: str,
        submit: Callable[[discord.Interaction[Any], str, str], Awaitable[None]],
    ) -> None:
        super().__init__(title=tr("Ask for JSON"))
        self._submit = submit
        self.question: discord.ui.TextInput[Any] = discord.ui.TextInput(
            label=tr("What do you want to know?"),
            style=discord.TextStyle.paragraph,
            placeholder=tr("A film by Akira Kurosawa"),
            default=question[:_FIELD] or None,
            max_length=_FIELD,
            custom_id="question",
        )
        self.schema = _schema_field(tr("Fields, JSON Schema, or a saved name"))
        self.schema.default = schema[:_FIELD] or None
        self.add_item(self.question)
        self.add_item(self.schema)

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        """Ask."""
        await self._submit(interaction, self.question.value, self.schema.value)


class SaveForm(Form):
    """The schema alone."""

    def __init__(self, submit: Callable[[discord.Interaction[Any], str], Awaitable[None]]) -> None:
        super().__init__(title=tr("Save a schema"))
        self._submit = submit
        self.schema = _schema_field(tr("Fields, or a JSON Schema"))
        self.add_item(self.schema)

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        """Save."""
        await self._submit(interaction, self.schema.value)

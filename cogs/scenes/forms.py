"""The form in which a scene's scenario is written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import discord

from bot.characters.stage import Stage
from bot.language import later, tr
from cogs.forms import Form
from cogs.live.target import NOBODY
from cogs.places import conversation_here
from cogs.scenes.card import LONGEST_SCENARIO
from cogs.scenes.place import check_may_direct, existing

_KEPT = later("The scenario is set. All characters know it from their next line on.")
_CLEARED = later(
    "There is no scenario of the scene's own any more: what the characters' cards say holds."
)


class ScenarioForm(Form):
    """One long field; left empty, the cards' own scenarios hold."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(title=tr("The scenario"))
        self._text: discord.ui.TextInput[ScenarioForm] = discord.ui.TextInput(
            style=discord.TextStyle.paragraph,
            default=stage.scenario[:LONGEST_SCENARIO] or None,
            max_length=LONGEST_SCENARIO,
            required=False,
            placeholder=tr("A snowed-in inn. Somebody in the room is not who they say they are."),
            custom_id="text",
        )
        self.add_field(
            self._text,
            label=tr("Where and how it plays"),
            description=tr("It comes in the stead of what the characters' cards say of it."),
        )

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Keep the scenario."""
        text = self._text.value.strip()
        await interaction.response.defer(ephemeral=True, thinking=True)

        def changed(stage: Stage) -> Stage:
            check_may_direct(interaction, existing(stage))
            return replace(stage, scenario=text)

        await interaction.client.conversations.stages.change(
            conversation_here(interaction), changed
        )
        await interaction.edit_original_response(
            content=tr(_KEPT if text else _CLEARED), allowed_mentions=NOBODY
        )

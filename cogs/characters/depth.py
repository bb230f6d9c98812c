"""The depth prompt of a card: what its character is told some messages before the end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import discord

from bot.characters.card import MAX_DEPTH_PROMPT, Card, DepthPrompt
from bot.characters.editing import edited
from bot.client import HermesBot
from bot.errors import BadInput
from bot.language import later, tr
from cogs.characters.changing import allowed, from_form, save, too_long
from cogs.characters.forms import FIELD, Submit
from cogs.characters.keeping import Kept
from cogs.forms import Form

_NAME = later("depth prompt")
_NOT_A_DEPTH = later(
    "“Depth” has to be a whole number from 0 to {most}: how many messages before the end.",
    most=MAX_DEPTH_PROMPT,
)
_ROLES = {
    "system": later("as an instruction (the usual)"),
    "user": later("as if a person said it"),
    "assistant": later("as if a character said it"),
}


class DepthForm(Form):
    """The text, where it stands, and in whose name."""

    def __init__(self, title: str, present: DepthPrompt, submit: Submit) -> None:
        super().__init__(title=title)
        self._submit = submit
        self._text: discord.ui.TextInput[Any] = discord.ui.TextInput(
            style=discord.TextStyle.paragraph,
            default=present.text or None,
            required=False,
            max_length=FIELD,
            custom_id="text",
        )
        self._depth: discord.ui.TextInput[Any] = discord.ui.TextInput(
            default=str(present.depth), max_length=4, custom_id="depth"
        )
        self._role: discord.ui.Select[Any] = discord.ui.Select(
            custom_id="role",
            options=[
                discord.SelectOption(label=tr(words), value=role, default=role == present.role)
                for role, words in _ROLES.items()
            ],
        )
        for label, about, component in (
            (tr("Depth prompt"), tr("Told to this character with every line."), self._text),
            (
                tr("Depth"),
                tr("How many messages before the end it stands; 0 weighs most."),
                self._depth,
            ),
            (tr("Role"), tr("In whose name it is told."), self._role),
        ):
            self.add_field(component, label=label, description=about)

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        """Hand over what was written."""
        role = self._role.values[0] if self._role.values else "system"
        written = {"text": self._text.value, "depth": self._depth.value, "role": role}
        await self._submit(interaction, written)


async def show_form(interaction: discord.Interaction[HermesBot], kept: Kept) -> None:
    """Show the form with what the card says."""
    present = kept.card.depth_prompt or DepthPrompt("")
    if len(present.text) > FIELD:
        raise too_long(len(present.text))

    async def submit(sent: discord.Interaction[HermesBot], written: Mapping[str, str]) -> None:
        async def change() -> None:
            number = written["depth"].strip()
            if not (number.isdecimal() and int(number) <= MAX_DEPTH_PROMPT):
                raise BadInput(_NOT_A_DEPTH)
            now = await allowed(sent, character.id)
            said = {"depth": int(number), "role": written["role"]}
            await _change(sent, now, written["text"], said)

        await from_form(sent, written["text"], change)

    # The form lives for a while, and must not keep the whole card with it.
    character = kept.character
    await interaction.response.send_modal(DepthForm(character.name, present, submit))


async def from_text(interaction: discord.Interaction[HermesBot], kept: Kept, text: str) -> None:
    """Take another text; where it stands and in whose name stays as it is."""
    now = kept.card.depth_prompt or DepthPrompt("")
    await _change(interaction, kept, text, {"depth": now.depth, "role": now.role})


async def _change(
    interaction: discord.Interaction[HermesBot], kept: Kept, text: str, said: Mapping[str, Any]
) -> None:
    extensions = _with(kept.card, text.replace("\r\n", "\n").strip(), said)
    card = await asyncio.to_thread(lambda: edited(kept.card, extensions=extensions))
    changed = Kept(kept.character, card, kept.picture)
    await save(interaction, changed, _NAME, adult=kept.character.adult)


def _with(card: Card, text: str, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """The card's extensions with another depth prompt; what else stands in it stays."""
    given = card.extensions.get("depth_prompt")
    old = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
    return {**card.extensions, "depth_prompt": {**old, "prompt": text, **said}}

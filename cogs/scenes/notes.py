"""`/note`: what the author of a story reminds the model of, again and again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast, get_args

import discord
from discord import app_commands
from discord.ext import commands

from bot.characters.part import Voice
from bot.characters.stage import Note, Stage
from bot.client import HermesBot
from bot.errors import BadInput
from bot.language import later, tr
from cogs.characters.shelf import Interaction
from cogs.forms import Form, in_time
from cogs.live.target import NOBODY
from cogs.places import conversation_here
from cogs.reading.words import is_blank
from cogs.scenes.card import LONGEST_NOTE, note_line
from cogs.scenes.place import check_may_direct, directed_here, existing, stage_here

_MOST_DEPTH = 100
_MOST_EVERY = 100

_DEPTH = later("Depth")
_EVERY = later("Every")

_ROLES = {
    "system": later("as an instruction (the usual)"),
    "user": later("as if a person said it"),
    "assistant": later("as if a character said it"),
}

_NONE = later("There is no author's note here. `/note set` writes one.")
_EMPTY = later("An empty note says nothing. `/note clear` takes it away.")
_KEPT = later("From now on the characters are told this:\n{note}")
_CLEARED = later("The author's note is gone.")


class NoteForm(Form):
    """The text, where it stands, how often, and in whose name."""

    def __init__(self, note: Note | None) -> None:
        super().__init__(title=tr("Author's note"))
        note = note or Note("")
        self._text: discord.ui.TextInput[NoteForm] = discord.ui.TextInput(
            style=discord.TextStyle.paragraph,
            default=note.text or None,
            max_length=LONGEST_NOTE,
            placeholder=tr("Slow, tense scenes. Nobody trusts anybody yet."),
            custom_id="text",
        )
        self._depth: discord.ui.TextInput[NoteForm] = discord.ui.TextInput(
            default=str(note.depth), max_length=3, custom_id="depth"
        )
        self._every: discord.ui.TextInput[NoteForm] = discord.ui.TextInput(
            default=str(note.every), max_length=3, custom_id="every"
        )
        self._role: discord.ui.Select[Any] = discord.ui.Select(
            custom_id="role",
            options=[
                discord.SelectOption(label=tr(words), value=role, default=role == note.role)
                for role, words in _ROLES.items()
            ],
        )
        for text, about, component in (
            (
                tr("The note"),
                tr("Told to the characters again and again. Whoever asks for it sees it."),
                self._text,
            ),
            (
                tr(_DEPTH),
                tr("How many messages before the end it stands; 0 weighs most."),
                self._depth,
            ),
            (tr(_EVERY), tr("With every so many messages of people; 1 is always."), self._every),
            (tr("Role"), tr("In whose name it is told."), self._role),
        ):
            self.add_field(component, label=text, description=about)

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Keep the note."""
        note = self._read()
        await interaction.response.defer(ephemeral=True, thinking=True)

        def noted(stage: Stage) -> Stage:
            check_may_direct(interaction, existing(stage))
            return replace(stage, note=note)

        await interaction.client.conversations.stages.change(conversation_here(interaction), noted)
        await _answer(interaction, tr(_KEPT).format(note=note_line(note)))

    def _read(self) -> Note:
        text = self._text.value.strip()
        if is_blank(text):
            raise BadInput(_EMPTY)
        chosen = self._role.values
        role = chosen[0] if chosen and chosen[0] in get_args(Voice) else "system"
        return Note(
            text,
            depth=_number(_DEPTH, self._depth.value, 0, _MOST_DEPTH),
            every=_number(_EVERY, self._every.value, 1, _MOST_EVERY),
            role=cast(Voice, role),
        )


class Notes(
    commands.GroupCog, group_name="note", group_description="The author's note of this scene"
):
    """A word in the characters' ears."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    @app_commands.command()
    async def set(self, interaction: Interaction) -> None:
        """Write a note that the characters are told again and again"""
        stage = await in_time(directed_here(interaction))
        await interaction.response.send_modal(NoteForm(stage.note))

    @app_commands.command()
    async def show(self, interaction: Interaction) -> None:
        """Show the author's note"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        stage = await stage_here(interaction)
        await _answer(interaction, note_line(stage.note) if stage.note else tr(_NONE))

    @app_commands.command()
    async def clear(self, interaction: Interaction) -> None:
        """Take the author's note away"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await directed_here(interaction)

        def cleared(stage: Stage) -> Stage:
            check_may_direct(interaction, existing(stage))
            return replace(stage, note=None)

        await self.bot.conversations.stages.change(conversation_here(interaction), cleared)
        await _answer(interaction, tr(_CLEARED))


async def _answer(interaction: discord.Interaction[Any], text: str) -> None:
    await interaction.edit_original_response(content=text, allowed_mentions=NOBODY)


def _number(what: str, written: str, least: int, most: int) -> int:
    number = int(written) if written.strip().isdecimal() else -1
    if not least <= number <= most:
        raise BadInput(
            later(
                "“{what}” has to be a whole number from {least} to {most}.",
                what=what,
                least=least,
                most=most,
            )
        )
    return number

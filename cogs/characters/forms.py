"""The forms (modals) of `/character`: writing a character, one part of it, and bringing a file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import discord

from bot.language import tr
from cogs.forms import Form

FIELD = 4_000
"""How many characters a field of a form can hold."""

# What Discord takes of what stands in an empty field.
_PLACEHOLDER = 100

_EXAMPLE_OF_CARD = '{"name": "Mira", "description": …}'
# The two words are what a scene is told apart by, in whatever language it is written.
_EXAMPLE_OF_SCENE = "Personality: {personality}\nScenario: {scenario}"

Submit = Callable[[discord.Interaction[Any], Mapping[str, str]], Awaitable[None]]
SubmitFile = Callable[[discord.Interaction[Any], "discord.Attachment | None", str], Awaitable[None]]


class CharacterForm(Form):
    """What makes a character: five fields, of which only the name is needed."""

    def __init__(self, submit: Submit) -> None:
        super().__init__(title=tr("A new character"))
        self._submit = submit
        self._fields = {
            "name": _line(tr("Name"), "Mira", 80),
            "description": _text(
                tr("Who is that?"),
                tr("An innkeeper in her fifties. Tall, grey braid, laughs loudly."),
            ),
            "scene": _text(
                tr("Manner, and where it plays"),
                _EXAMPLE_OF_SCENE.format(
                    personality=tr("warm, nosy, stubborn"),
                    scenario=tr("{{user}} comes in from the rain."),
                ),
                required=False,
            ),
            "greeting": _text(
                tr("What it says first"),
                tr("*She looks up.* “You look drowned, {{user}}. Sit down.”"),
                required=False,
            ),
            "examples": _text(
                tr("How it talks"),
                tr("{{user}}: A room, please.\n{{char}}: “Only if you wipe those boots, love.”"),
                required=False,
            ),
        }
        for name, (label, field) in self._fields.items():
            field.custom_id = name
            self.add_field(field, label=label)

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        """Hand over what was written, by field."""
        written = {name: field.value for name, (_, field) in self._fields.items()}
        await self._submit(interaction, written)


class PartForm(Form):
    """One part of something that is there already, in one field."""

    def __init__(
        self,
        title: str,
        label: str,
        present: str,
        submit: Submit,
        *,
        description: str = "",
        short: bool = False,
    ) -> None:
        super().__init__(title=title)
        self._submit = submit
        style = discord.TextStyle.short if short else discord.TextStyle.paragraph
        self._text: discord.ui.TextInput[Any] = discord.ui.TextInput(
            style=style,
            default=present or None,
            required=False,
            max_length=max(200, len(present)) if short else FIELD,
            custom_id="text",
        )
        self.add_field(self._text, label=label, description=description)

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        """Hand over what was written."""
        await self._submit(interaction, {"text": self._text.value})


class PersonaForm(Form):
    """A name, and what characters know of somebody."""

    def __init__(self, name: str, text: str, submit: Submit) -> None:
        super().__init__(title=tr("Who are you here?"))
        self._submit = submit
        self._name: discord.ui.TextInput[Any] = discord.ui.TextInput(
            default=name or None, required=False, max_length=32, custom_id="name"
        )
        self._text: discord.ui.TextInput[Any] = discord.ui.TextInput(
            style=discord.TextStyle.paragraph,
            default=text or None,
            required=False,
            max_length=2_000,
            placeholder=tr("A young smith from the Fen. She limps since the war.")[:_PLACEHOLDER],
            custom_id="text",
        )
        self.add_field(
            self._name,
            label=tr("What characters call you"),
            description=tr("Leave it out to keep the name that you have here"),
        )
        self.add_field(self._text, label=tr("What they should know of you"))

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        """Hand over what was written."""
        await self._submit(interaction, {"name": self._name.value, "text": self._text.value})


class FileForm(Form):
    """A file, or its text pasted."""

    def __init__(
        self, title: str, kinds: str, submit: SubmitFile, example: str = _EXAMPLE_OF_CARD
    ) -> None:
        super().__init__(title=title)
        self._submit = submit
        self._file: discord.ui.FileUpload[Any] = discord.ui.FileUpload(
            required=False, max_values=1, custom_id="file"
        )
        self._text: discord.ui.TextInput[Any] = discord.ui.TextInput(
            style=discord.TextStyle.paragraph,
            required=False,
            max_length=FIELD,
            placeholder=example[:_PLACEHOLDER],
            custom_id="text",
        )
        self.add_field(self._file, label=tr("File"), description=kinds)
        self.add_field(self._text, label=tr("Or its JSON, pasted"))

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        """Hand over what was given: a file, a text, or nothing."""
        files = self._file.values
        await self._submit(interaction, files[0] if files else None, self._text.value)


def _line(label: str, example: str, most: int) -> tuple[str, discord.ui.TextInput[Any]]:
    return label, discord.ui.TextInput(placeholder=example, max_length=most)


def _text(
    label: str, example: str, *, required: bool = True
) -> tuple[str, discord.ui.TextInput[Any]]:
    return label, discord.ui.TextInput(
        style=discord.TextStyle.paragraph,
        placeholder=example[:_PLACEHOLDER],
        max_length=FIELD,
        required=required,
    )

"""`/character edit`: one part of a card at a time, in a form or from a file."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import discord

from bot.characters import picture
from bot.characters.card import Card
from bot.characters.editing import edited
from bot.client import HermesBot
from bot.client.failures import answer
from bot.conversation.library import Character
from bot.errors import BadInput, StoreUnavailable, UserError
from bot.language import later, tr
from cogs.allowed import check_card
from cogs.characters import keeping
from cogs.characters.files import read_upload
from cogs.characters.forms import FIELD, PartForm
from cogs.characters.keeping import Kept
from cogs.characters.rights import check_change
from cogs.characters.shelf import Interaction, find_character, shown_name
from cogs.reading.words import is_blank

PICTURE = "picture"
MARKS = {"for adults": True, "for everybody": False}
"""What can be said of a character beside its card: whether it is for adults only."""

# A modal has to be shown within three seconds.
_FORM_SECONDS = 2.0

# What stands between two greetings, in a line of its own.
_BETWEEN = "***"

_PICTURE = later("picture")
_NOT_TEXT = later("That file is not readable as text. Please save it as UTF-8.")
_NO_PICTURE = later("That is no picture that I can read. I take PNG, JPEG, WebP and GIF.")
_NO_PART = later("There is no such part. Please choose one that Discord suggests.")
_NEEDS_FILE = later("Please give the new picture as `file`.")
_NOT_A_NUMBER = later("That has to be a number from 0 (never speaks unasked) to 1 (always).")
_ATTACHED = later("Your text is attached, so that it is not lost.")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a card: how it is called, shown in one text field, and read from it again.

    `name` is what a sentence calls it, `label` what stands above the field.
    """

    name: str
    label: str
    help: str
    shown: Callable[[Card], str]
    changes: Callable[[str], Mapping[str, Any]]
    short: bool = False


def _text(field: str, name: str, label: str, help: str = "", *, short: bool = False) -> Part:
    return Part(
        name,
        label,
        help,
        lambda card: getattr(card, field),
        lambda text: {field: text.strip()},
        short,
    )


def _talkativeness(text: str) -> Mapping[str, Any]:
    try:
        value = float(text.replace(",", ".").strip())
    except ValueError:
        raise BadInput(_NOT_A_NUMBER) from None
    if not 0 <= value <= 1:
        raise BadInput(_NOT_A_NUMBER)
    return {"talkativeness": value}


def _greetings(text: str) -> Mapping[str, Any]:
    found: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.strip() == _BETWEEN:
            found.append([])
        else:
            found[-1].append(line)
    whole = ("\n".join(lines).strip() for lines in found)
    return {"alternate_greetings": [one for one in whole if one]}


PARTS: Mapping[str, Part] = {
    "name": _text("name", later("name"), later("Name"), short=True),
    "nickname": _text(
        "nickname",
        later("nickname"),
        later("Nickname"),
        later("What {{char}} stands for, if not the name"),
        short=True,
    ),
    "description": _text("description", later("description"), later("Description")),
    "personality": _text("personality", later("personality"), later("Personality")),
    "scenario": _text(
        "scenario", later("scenario"), later("Scenario"), later("Where the story begins")
    ),
    "first greeting": _text("first_mes", later("first greeting"), later("First greeting")),
    "other greetings": Part(
        later("other greetings"),
        later("Other greetings"),
        later("A line with {mark} between two of them", mark=_BETWEEN),
        lambda card: f"\n{_BETWEEN}\n".join(card.alternate_greetings),
        _greetings,
    ),
    "examples": _text(
        "mes_example",
        later("examples"),
        later("How it talks"),
        later("<START> begins a new example"),
    ),
    "system prompt": _text(
        "system_prompt",
        later("system prompt"),
        later("System prompt"),
        later("{{original}} is the usual one"),
    ),
    "last instructions": _text(
        "post_history_instructions",
        later("last instructions"),
        later("Last instructions"),
        later("What stands behind the talk"),
    ),
    "creator's notes": _text(
        "creator_notes",
        later("creator's notes"),
        later("Creator's notes"),
        later("For people; never in a prompt"),
    ),
    "tags": Part(
        later("tags"),
        later("Tags"),
        later("With commas between them"),
        lambda card: ", ".join(card.tags),
        lambda text: {"tags": [tag.strip() for tag in text.split(",") if tag.strip()]},
    ),
    "version": _text("character_version", later("version"), later("Version"), short=True),
    "talkativeness": Part(
        later("talkativeness"),
        later("Talkativeness"),
        later("From 0, never unasked, to 1, always"),
        lambda card: f"{card.talkativeness:g}",
        _talkativeness,
        short=True,
    ),
}


async def edit(
    interaction: Interaction, named: str, part: str, file: discord.Attachment | None
) -> None:
    """Change a part by a file, or show the form for it."""
    if part not in (*PARTS, PICTURE, *MARKS):
        raise BadInput(_NO_PART)
    if part in MARKS:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await _set_adult(interaction, named, MARKS[part])
        return
    if file is None and part != PICTURE:
        await _show_form(interaction, named, part)
        return
    if file is None:
        raise BadInput(_NEEDS_FILE)
    await interaction.response.defer(ephemeral=True, thinking=True)
    kept = await _allowed(interaction, named)
    data = await read_upload(file)
    if part == PICTURE:
        await _set_picture(interaction, kept, data)
        return
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(_NOT_TEXT) from None
    await _change(interaction, kept, part, text)


async def _set_adult(interaction: Interaction, named: str, adult: bool) -> None:
    """Say whether a character is for age-restricted channels only."""
    kept = await _allowed(interaction, named)
    changed = replace(kept, character=replace(kept.character, adult=adult))
    await keeping.save(interaction.client.store, changed)
    name = shown_name(kept.character.name)
    await interaction.edit_original_response(
        content=tr("**{name}** plays in age-restricted channels only from now on.", name=name)
        if adult
        else tr("**{name}** may play everywhere from now on.", name=name)
    )


async def _allowed(interaction: Interaction, named: str) -> Kept:
    character = await find_character(interaction, named)
    check_change(interaction, character)
    return await keeping.load(interaction.client, character)


async def _show_form(interaction: Interaction, named: str, part: str) -> None:
    try:
        async with asyncio.timeout(_FORM_SECONDS):
            kept = await _allowed(interaction, named)
    except TimeoutError:
        raise StoreUnavailable from None
    about = PARTS[part]
    present = about.shown(kept.card)
    if len(present) > FIELD:
        raise BadInput(
            later(
                "That part has {length:,} characters, and Discord's forms hold {most:,}. Write it "
                "into a text file and give that as `file`; `/character export` gives you the "
                "present text.",
                length=len(present),
                most=FIELD,
            )
        )

    async def submit(sent: discord.Interaction[HermesBot], written: Mapping[str, str]) -> None:
        await _submitted(sent, kept.character, part, written["text"])

    form = PartForm(
        kept.character.name,
        tr(about.label),
        present,
        submit,
        description=tr(about.help),
        short=about.short,
    )
    await interaction.response.send_modal(form)


async def _submitted(
    interaction: discord.Interaction[HermesBot], character: Character, part: str, text: str
) -> None:
    """Change what is there by now; if that is refused, nothing that was typed is lost."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    try:
        kept = await _allowed(interaction, character.id)
        await _change(interaction, kept, part, text)
    except UserError as error:
        if is_blank(text):
            raise
        file = discord.File(io.BytesIO(text.encode("utf-8", "replace")), "text.txt")
        await answer(interaction, f"{tr(error.text)} {tr(_ATTACHED)}", file=file)


async def _change(
    interaction: discord.Interaction[HermesBot], kept: Kept, part: str, text: str
) -> None:
    changes = PARTS[part].changes(text.replace("\r\n", "\n"))
    card = await asyncio.to_thread(lambda: edited(kept.card, **changes))
    adult = kept.character.adult or (keeping.is_adult(card) and part == "tags")
    await _save(interaction, Kept(kept.character, card, kept.picture), part, adult=adult)


async def _set_picture(interaction: Interaction, kept: Kept, data: bytes) -> None:
    seen = picture.look_at(data)
    if seen is None:
        raise BadInput(_NO_PICTURE)
    picture.check_size(seen)
    changed = Kept(kept.character, kept.card, keeping.bare_picture(data))
    await _save(interaction, changed, PICTURE, adult=kept.character.adult)


async def _save(
    interaction: discord.Interaction[HermesBot], kept: Kept, part: str, *, adult: bool
) -> None:
    await check_card(interaction, kept.card)
    character = keeping.described(kept.character, kept.card, picture=kept.picture, adult=adult)
    await keeping.save(interaction.client.store, Kept(character, kept.card, kept.picture))
    await interaction.edit_original_response(
        content=tr(
            "The {part} of **{name}** is changed. Stories under way go on with the card as it was; "
            "`/character use` brings in the new one.",
            part=_PICTURE if part == PICTURE else PARTS[part].name,
            name=shown_name(character.name),
        )
    )

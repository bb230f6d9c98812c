"""`/character edit`: one part of a card at a time, in a form or from a file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import discord

from bot.characters import picture
from bot.characters.editing import edited
from bot.client import HermesBot
from bot.conversation.library import Character
from bot.errors import BadInput
from bot.language import later, tr
from cogs.characters import depth, entries, keeping
from cogs.characters.changing import (
    allowed,
    allowed_for_form,
    from_form,
    given_text,
    save,
    too_long,
)
from cogs.characters.files import read_upload
from cogs.characters.forms import FIELD, PartForm
from cogs.characters.keeping import Kept
from cogs.characters.parts import PARTS
from cogs.characters.shelf import Interaction, shown_name

PICTURE = "picture"
LORE = "lore"
DEPTH = "depth prompt"
MARKS = {"for adults": True, "for everybody": False}
"""What can be said of a character beside its card: whether it is for adults only."""

CHOICES = (*PARTS, DEPTH, LORE, PICTURE, *MARKS)
"""All that can be changed, as `/character edit` names it."""

_PICTURE = later("picture")
_NO_PICTURE = later("That is no picture that I can read. I take PNG, JPEG, WebP and GIF.")
_NO_PART = later("There is no such part. Please choose one that Discord suggests.")
_NEEDS_FILE = later("Please give the new picture as `file`.")
_NO_ENTRY = later("Only the lore has entries. Please choose it as `part`, or leave `entry` out.")


async def edit(
    interaction: Interaction, named: str, part: str, entry: str, file: discord.Attachment | None
) -> None:
    """Change a part by a file, or show the form for it."""
    if part not in CHOICES:
        raise BadInput(_NO_PART)
    if entry and part != LORE:
        raise BadInput(_NO_ENTRY)
    if part in MARKS:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await _set_adult(interaction, named, MARKS[part])
    elif file is None:
        await _show_form(interaction, named, part, entry)
    else:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await _from_file(interaction, await allowed(interaction, named), part, entry, file)


async def _show_form(interaction: Interaction, named: str, part: str, entry: str) -> None:
    if part == PICTURE:
        raise BadInput(_NEEDS_FILE)
    kept = await allowed_for_form(interaction, named)
    if part == LORE:
        await entries.show_form(interaction, kept, entry)
    elif part == DEPTH:
        await depth.show_form(interaction, kept)
    else:
        await _show_text(interaction, kept, part)


async def _from_file(
    interaction: Interaction, kept: Kept, part: str, entry: str, file: discord.Attachment
) -> None:
    if part == PICTURE:
        await _set_picture(interaction, kept, await read_upload(file))
    elif part == LORE:
        await entries.from_file(interaction, kept, entry, await read_upload(file), file.filename)
    elif part == DEPTH:
        await depth.from_text(interaction, kept, await given_text(file))
    else:
        await _change(interaction, kept, part, await given_text(file))


async def _set_adult(interaction: Interaction, named: str, adult: bool) -> None:
    """Say whether a character is for age-restricted channels only."""
    kept = await allowed(interaction, named)
    changed = replace(kept, character=replace(kept.character, adult=adult))
    await keeping.save(interaction.client.store, changed)
    name = shown_name(kept.character.name)
    await interaction.edit_original_response(
        content=tr("**{name}** plays in age-restricted channels only from now on.", name=name)
        if adult
        else tr("**{name}** may play everywhere from now on.", name=name)
    )


async def _show_text(interaction: Interaction, kept: Kept, part: str) -> None:
    about = PARTS[part]
    present = about.shown(kept.card)
    if len(present) > FIELD:
        raise too_long(len(present))

    async def submit(sent: discord.Interaction[HermesBot], written: Mapping[str, str]) -> None:
        text = written["text"]
        await from_form(sent, text, lambda: _submitted(sent, character, part, text))

    # The form lives for a while, and must not keep the whole card with it.
    character = kept.character
    form = PartForm(
        character.name,
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
    """Change what is there by now."""
    await _change(interaction, await allowed(interaction, character.id), part, text)


async def _change(
    interaction: discord.Interaction[HermesBot], kept: Kept, part: str, text: str
) -> None:
    changes = PARTS[part].changes(text.replace("\r\n", "\n"))
    card = await asyncio.to_thread(lambda: edited(kept.card, **changes))
    adult = kept.character.adult or (keeping.is_adult(card) and part == "tags")
    changed = Kept(kept.character, card, kept.picture)
    await save(interaction, changed, PARTS[part].name, adult=adult)


async def _set_picture(interaction: Interaction, kept: Kept, data: bytes) -> None:
    seen = picture.look_at(data)
    if seen is None:
        raise BadInput(_NO_PICTURE)
    picture.check_size(seen)
    changed = Kept(kept.character, kept.card, keeping.bare_picture(data))
    await save(interaction, changed, _PICTURE, adult=kept.character.adult)

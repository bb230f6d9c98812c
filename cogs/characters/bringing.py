"""Bringing a character in: from a file, a link, pasted JSON, or written in a form."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Mapping

import discord

from bot.characters.editing import new_card
from bot.characters.export import as_json
from bot.characters.read import Found, read_card
from bot.client.failures import answer
from bot.errors import BadInput, UserError
from bot.language import later, tr
from cogs.characters import keeping, telling
from cogs.characters.files import check_given, read_given
from cogs.characters.keeping import Kept
from cogs.characters.rights import check_bring, may_bring
from cogs.characters.shelf import Interaction, home_library, own_library
from cogs.live.buttons import view_of
from cogs.live.target import NOBODY
from cogs.policy import check_card
from cogs.reading.words import is_blank

FORM_TITLE = later("Bring a character")
FORM_KINDS = later("A card: PNG, JSON or CHARX")

_BOOK = later("That file is a lorebook without a character. `/lore import` takes it.")
_ATTACHED = later(
    "What you wrote is attached as a card, so that it is not lost: `/character import`."
)
_NO_NAME = later("A character needs a name.")
_SCENARIO = re.compile(r"^[ \t]*scenario[ \t]*:[ \t]*", re.IGNORECASE | re.MULTILINE)
_PERSONALITY = re.compile(r"\A\s*personality\s*:\s*", re.IGNORECASE)


async def library_for(interaction: Interaction, private: bool | None) -> str:
    """Where something new is put; unless it is said, what all share for who may change that."""
    if private is None:
        private = not await may_bring(interaction)
    if private:
        return own_library(interaction.user.id)
    await check_bring(interaction)
    return home_library(interaction)


async def from_file(
    interaction: Interaction,
    file: discord.Attachment | None,
    text: str,
    *,
    link: str = "",
    private: bool | None,
    adult: bool,
) -> None:
    """Bring what was given, and tell what it is."""
    check_given(file, text, link)
    library = await library_for(interaction, private)
    await interaction.response.defer(ephemeral=True, thinking=True)
    data, name = await read_given(interaction.client, file, text, link)
    # Unpacking and parsing megabytes takes a moment, in which others are to be answered.
    found = await asyncio.to_thread(read_card, data, name)
    await _bring(interaction, found, library, adult=adult)


async def from_form(
    interaction: Interaction, written: Mapping[str, str], *, private: bool | None, adult: bool
) -> None:
    """Make a character of what was written into the form."""
    name = written["name"]
    if is_blank(name):
        raise BadInput(_NO_NAME)
    library = await library_for(interaction, private)
    await interaction.response.defer(ephemeral=True, thinking=True)
    personality, scenario = divided(written["scene"])
    card = new_card(
        name,
        description=written["description"].strip(),
        personality=personality,
        scenario=scenario,
        first_mes=written["greeting"].strip(),
        mes_example=written["examples"].strip(),
        creator=interaction.user.display_name,
    )
    try:
        await _bring(interaction, Found("json", card), library, adult=adult)
    except UserError as error:
        file = discord.File(io.BytesIO(as_json(card)), "character.json")
        await answer(interaction, f"{tr(error.text)} {tr(_ATTACHED)}", file=file)


def divided(text: str) -> tuple[str, str]:
    """Manner and scene out of one field: what follows `Scenario:` is the scene."""
    parts = _SCENARIO.split(text, maxsplit=1)
    personality = _PERSONALITY.sub("", parts[0]).strip()
    return personality, parts[1].strip() if len(parts) > 1 else ""


async def _bring(interaction: Interaction, found: Found, library: str, *, adult: bool) -> None:
    if found.card is None:
        raise BadInput(_BOOK)
    await check_card(interaction, found.card)
    owner = str(interaction.user.id)
    character = keeping.new_character(
        found.card, library, owner, picture=found.picture, adult=adult
    )
    kept = Kept(character, found.card, found.picture)
    await keeping.save(interaction.client.store, kept)
    cost = await telling.cost_here(interaction, found.card)
    language = interaction.locale.value
    await interaction.edit_original_response(
        content=telling.brought(kept, cost, found.warnings, language),
        view=view_of(telling.buttons(character)),
        allowed_mentions=NOBODY,
    )

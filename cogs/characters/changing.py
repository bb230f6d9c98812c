"""What all ways to change a card share: who may, what is stored and said, what is not lost."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable

import discord

from bot.client import HermesBot
from bot.client.failures import answer
from bot.errors import BadInput, UserError
from bot.language import later, tr
from cogs.characters import keeping
from cogs.characters.files import read_upload
from cogs.characters.forms import FIELD
from cogs.characters.keeping import Kept
from cogs.characters.rights import check_change
from cogs.characters.shelf import find_character, shown_name
from cogs.forms import in_time
from cogs.policy import check_card
from cogs.reading.files import text_in
from cogs.reading.words import is_blank

_NOT_TEXT = later("That file is not readable as text. Please save it as UTF-8.")
_ATTACHED = later("Your text is attached, so that it is not lost.")

Interaction = discord.Interaction[HermesBot]


async def allowed(interaction: Interaction, named: str) -> Kept:
    """The character that is meant, for somebody who may change it; else a `BadInput`."""
    character = await find_character(interaction, named)
    check_change(interaction, character)
    return await keeping.load(interaction.client, character)


async def allowed_for_form(interaction: Interaction, named: str) -> Kept:
    """The same, while a form can still be shown."""
    return await in_time(allowed(interaction, named))


async def given_text(file: discord.Attachment) -> str:
    """What stands in a file of text."""
    text = text_in(await read_upload(file))
    if text is None:
        raise BadInput(_NOT_TEXT)
    return text


def too_long(length: int) -> BadInput:
    """The error where a part of a card does not fit into a form."""
    return BadInput(
        later(
            "That part has {length:,} characters, and Discord's forms hold {most:,}. Write it "
            "into a text file and give that as `file`; `/character export` gives you the "
            "present text.",
            length=length,
            most=FIELD,
        )
    )


async def from_form(
    interaction: Interaction, typed: str, change: Callable[[], Awaitable[None]]
) -> None:
    """Do what somebody has sent a form for; if that is refused, they are given what they typed."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    try:
        await change()
    except UserError as error:
        if is_blank(typed):
            raise
        file = discord.File(io.BytesIO(typed.encode("utf-8", "replace")), "text.txt")
        await answer(interaction, f"{tr(error.text)} {tr(_ATTACHED)}", file=file)


async def save(interaction: Interaction, kept: Kept, part: str, *, adult: bool) -> None:
    """Keep a changed card, and say which part of it is another one now."""
    await check_card(interaction, kept.card)
    character = keeping.described(kept.character, kept.card, picture=kept.picture, adult=adult)
    await keeping.save(interaction.client.store, Kept(character, kept.card, kept.picture))
    await interaction.edit_original_response(
        content=tr(
            "The {part} of **{name}** is changed. Stories under way go on with the card as it was; "
            "`/character use` brings in the new one.",
            part=part,
            name=shown_name(character.name),
        )
    )

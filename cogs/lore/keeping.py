"""Bringing lorebooks in, handing them out, deleting them."""

from __future__ import annotations

import asyncio
import io
import json
import re
import secrets
from pathlib import PurePath

import discord

from bot.characters.lore import book as lorebook
from bot.characters.lore.entry import Book
from bot.characters.read import Found, read_card
from bot.conversation.library import MAX_WORLDS, World
from bot.errors import BadInput
from bot.language import later, tr
from cogs.characters.bringing import library_for
from cogs.characters.deleting import DeletionButton, ask_once_more, template_of
from cogs.characters.files import check_given, read_given
from cogs.characters.keeping import digest_of
from cogs.characters.rights import check_change
from cogs.characters.shelf import Interaction, find_world, is_private, shown_name
from cogs.live.target import NOBODY
from cogs.lore import shelved, showing

_KIND = "lore"

_LONGEST_NAME = 80

_NO_BOOK = later("That card has no lorebook. `/character import` brings the character itself.")
_FULL = later(
    "There is no room for another lorebook in this server's library: it holds {most}, and so many "
    "bytes. Delete one first.",
    most=MAX_WORLDS,
)
_OWN_FULL = later(
    "There is no room for another lorebook in your library: it holds {most}, and so many bytes. "
    "Delete one first.",
    most=MAX_WORLDS,
)
_GONE = later("That lorebook is gone already.")


async def bring(
    interaction: Interaction,
    file: discord.Attachment | None,
    text: str,
    *,
    link: str = "",
    private: bool | None,
) -> None:
    """Bring a lorebook out of a file, a link to one or a pasted text, and tell what it is."""
    check_given(file, text, link)
    library = await library_for(interaction, private)
    await interaction.response.defer(ephemeral=True, thinking=True)
    data, name = await read_given(interaction.client, file, text, link)
    # Reading megabytes takes a moment, in which others are to be answered.
    found, document, book = await asyncio.to_thread(_read, data, name)
    world = World(
        id=secrets.token_hex(6),
        library=library,
        name=_name(found, book, name),
        owner=str(interaction.user.id),
        book=digest_of(document),
        entries=len(book.entries),
    )
    if not await interaction.client.store.save_world(world, document):
        raise BadInput(_OWN_FULL if is_private(world) else _FULL)
    await interaction.edit_original_response(
        content=showing.brought(world, book, found.warnings), allowed_mentions=NOBODY
    )


async def export(interaction: Interaction, named: str) -> None:
    """Hand out a lorebook as it was brought in; that of a card as it stands there."""
    opened = await shelved.open_book(interaction.client, await shelved.find(interaction, named))
    name = re.sub(r"[^\w-]+", "-", opened.shelved.name).strip("-") or "lorebook"
    data = opened.text.encode("utf-8", "replace")
    await interaction.edit_original_response(
        content=tr("The lorebook **{name}**.", name=shown_name(opened.shelved.name)),
        attachments=[discord.File(io.BytesIO(data), f"{name}.json")],
        allowed_mentions=NOBODY,
    )


async def ask_to_delete(interaction: Interaction, named: str) -> None:
    """Ask once more before a lorebook is deleted."""
    world = await find_world(interaction, named)
    check_change(interaction, world)
    question = tr(
        "**Delete {name}?** Stories in which it is switched on go on without it.",
        name=shown_name(world.name),
    )
    await ask_once_more(interaction, _KIND, world.id, question)


async def _delete(interaction: Interaction, named: str) -> str:
    world = await find_world(interaction, named)
    check_change(interaction, world)
    there = await interaction.client.store.delete_world(world.library, world.id)
    if not there:
        return tr(_GONE)
    return tr("**{name}** is deleted.", name=shown_name(world.name))


class DeleteButton(DeletionButton, template=template_of(_KIND)):
    """The answer to the question whether a lorebook is to be deleted."""

    delete = staticmethod(_delete)


def _read(data: bytes, filename: str) -> tuple[Found, bytes, Book]:
    found = read_card(data, filename)
    if found.card is not None:
        if not found.card.character_book:
            raise BadInput(_NO_BOOK)
        document = json.dumps(found.card.character_book, ensure_ascii=False, indent=1)
        book = lorebook.read(found.card.character_book, found.card.name)
    else:
        document = found.document
        book = lorebook.read(found.lorebook)
    return found, document.encode("utf-8", "surrogatepass"), book


def _name(found: Found, book: Book, filename: str) -> str:
    stem = PurePath(filename).stem.replace("_", " ")
    card = found.card.name if found.card else ""
    name = " ".join((book.name or card or stem).split())
    return name[:_LONGEST_NAME] or "Lorebook"

"""What is done with a character as a whole: shown, copied, handed out, moved, deleted."""

from __future__ import annotations

import asyncio
import io
import re
import time
from dataclasses import replace
from typing import Literal

import discord

from bot.characters import picture
from bot.characters.export import as_charx, as_json, as_png
from bot.errors import BadInput
from bot.language import later, tr
from cogs.characters import keeping, telling
from cogs.characters.deleting import DeletionButton, ask_once_more, template_of
from cogs.characters.keeping import Kept
from cogs.characters.rights import check_bring, check_change, check_may_play
from cogs.characters.shelf import (
    Interaction,
    find_character,
    home_library,
    is_private,
    own_library,
    shown_name,
)
from cogs.live.buttons import view_of
from cogs.live.target import NOBODY
from cogs.policy import check_card

Format = Literal["png", "json", "charx"]
Visibility = Literal["private", "server"]

_KIND = "character"

# Discord takes files of 10 MiB from bots.
_MOST_SENT = 10 * 2**20

_NO_SERVER = later("We are not in a server here, so every character here is yours alone already.")
_TOO_LARGE = later("That file would be too large for Discord. `json` is without the picture.")
_GONE = later("That character is gone already.")


async def show(interaction: Interaction, named: str, *, everybody: bool = False) -> None:
    """Show a character's card, to `everybody` or the asker; the response is deferred."""
    character = await find_character(interaction, named)
    if everybody:
        await check_may_play(interaction, character)
    kept = await keeping.load(interaction.client, character)
    cost = await telling.cost_here(interaction, kept.card)
    panel = telling.CardPanel(kept, cost, interaction.locale.value)
    await interaction.edit_original_response(
        view=panel, attachments=panel.files, allowed_mentions=NOBODY
    )


async def export(interaction: Interaction, named: str, form: Format) -> None:
    """Hand out a character as a file that other programs read."""
    kept = await keeping.load(interaction.client, await find_character(interaction, named))
    data = await asyncio.to_thread(_file_of, kept, form)
    if len(data) > _MOST_SENT:
        raise BadInput(_TOO_LARGE)
    name = re.sub(r"[^\w-]+", "-", kept.character.name).strip("-") or "character"
    title = shown_name(kept.character.name)
    text = tr("**{name}**, with everything that its card says.", name=title)
    seen = picture.look_at(kept.picture) if kept.picture else None
    if form == "png" and kept.picture and (seen is None or "png" not in seen.kind):
        note = tr("Its own picture is no PNG and cannot hold a card; `charx` has both.")
        text = f"{text} {note}"
    await interaction.edit_original_response(
        content=text, attachments=[discord.File(io.BytesIO(data), f"{name}.{form}")]
    )


async def duplicate(interaction: Interaction, named: str, name: str, private: bool) -> None:
    """Make a copy that can be changed without changing the other one."""
    character = await find_character(interaction, named)
    library = own_library(interaction.user.id) if private else home_library(interaction)
    if not private:
        await check_bring(interaction)
    kept = await keeping.load(interaction.client, character)
    card = keeping.renamed(kept.card, name) if name.strip() else kept.card
    await check_card(interaction, card)
    copy = keeping.new_character(
        card,
        library,
        str(interaction.user.id),
        picture=kept.picture,
        adult=character.adult,
    )
    copied = replace(copy, talkativeness=character.talkativeness)
    await keeping.save(interaction.client.store, Kept(copied, card, kept.picture))
    await interaction.edit_original_response(
        content=_copied(shown_name(copied.name), own=is_private(copied)),
        view=view_of(telling.buttons(copied)),
    )


async def share(interaction: Interaction, named: str, visibility: Visibility) -> None:
    """Move a character between its owner's library and the server's."""
    if interaction.guild_id is None:
        raise BadInput(_NO_SERVER)
    character = await find_character(interaction, named)
    check_change(interaction, character)
    name = shown_name(character.name)
    if is_private(character) == (visibility == "private"):
        raise BadInput(
            later("“{name}” is private already.", name=name)
            if visibility == "private"
            else later("“{name}” is in this server's library already.", name=name)
        )
    if visibility == "server":
        await check_bring(interaction)
    elif character.owner != str(interaction.user.id):
        raise BadInput(
            later(
                "“{name}” was brought by somebody else, so it cannot become yours alone. "
                "`/character duplicate` makes a copy that is.",
                name=name,
            )
        )
    kept = await keeping.load(interaction.client, character)
    if visibility == "server":
        await check_card(interaction, kept.card)
    library = (
        home_library(interaction) if visibility == "server" else own_library(interaction.user.id)
    )
    # It keeps its id, so that who is on stage somewhere is still known to be the same.
    moved = replace(
        character,
        library=library,
        visibility=visibility,
        updated=time.time(),
    )
    store = interaction.client.store
    # The new one first: should the bot die in between, there are two of it and not none.
    await keeping.save(store, replace(kept, character=moved))
    await store.delete_character(character.library, character.id)
    await interaction.edit_original_response(content=_moved(name, visibility))


async def ask_to_delete(interaction: Interaction, named: str) -> None:
    """Ask once more before a character is deleted."""
    character = await find_character(interaction, named)
    check_change(interaction, character)
    question = tr(
        "**Delete {name}?** Its card and picture go with it. Stories that are being told with it "
        "go on to their end; `/character export` keeps a copy for you.",
        name=shown_name(character.name),
    )
    await ask_once_more(interaction, _KIND, character.id, question)


async def _delete(interaction: Interaction, named: str) -> str:
    character = await find_character(interaction, named)
    check_change(interaction, character)
    there = await interaction.client.store.delete_character(character.library, character.id)
    if not there:
        return tr(_GONE)
    return tr("**{name}** is deleted.", name=shown_name(character.name))


class DeleteButton(DeletionButton, template=template_of(_KIND)):
    """The answer to the question whether a character is to be deleted."""

    delete = staticmethod(_delete)


def _copied(name: str, *, own: bool) -> str:
    if own:
        return tr(
            "**{name}** is a copy in your own library. `/character edit` changes it.", name=name
        )
    return tr(
        "**{name}** is a copy in this server's library. `/character edit` changes it.", name=name
    )


def _moved(name: str, visibility: Visibility) -> str:
    if visibility == "private":
        return tr(
            "**{name}** is private now: only you find it, in every server and with me alone.",
            name=name,
        )
    return tr(
        "**{name}** is in this server's library now: everybody here can find and use it.",
        name=name,
    )


def _file_of(kept: Kept, form: Format) -> bytes:
    if form == "json":
        return as_json(kept.card)
    make = as_png if form == "png" else as_charx
    return make(kept.card, kept.picture or b"")

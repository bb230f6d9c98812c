"""`/lore test`: what the lorebooks would tell now, and why."""

from __future__ import annotations

import io
from collections.abc import Mapping

import discord

from bot.characters.compose import lore_of
from bot.characters.lore.outcome import Found
from bot.characters.lore.scan import Moment, look_up
from bot.characters.lore.scan import Opened as Looked
from bot.characters.macros import Values
from bot.characters.stage import Stage
from bot.conversation.books import Books
from bot.conversation.casting import Casting
from bot.conversation.ports import Store
from bot.conversation.turns import Snapshot, Turn
from bot.errors import BadInput
from bot.language import later
from cogs.characters.shelf import Interaction
from cogs.live.target import NOBODY
from cogs.lore import shelved, showing
from cogs.places import conversation_here, engine_here, story_origin

# What a test of one book alone may tell; in a story the model's own limit counts.
_ROOM = 8_000

_NOBODY = later(
    "Nobody is on stage here, and lore is told when characters speak. Choose a `book` to try that "
    "one alone, or bring somebody with `/character use`."
)


async def test(interaction: Interaction, text: str, named: str) -> None:
    """Show which entries would be told if `text` was said now, and why; the response is deferred.

    `named` is a lorebook to be tried alone, "" for all that count here.
    """
    if named:
        found, names = await _alone(interaction, text, named)
    else:
        found, names = await _on_stage(interaction, text)
    files: list[discord.File] = []
    if showing.is_cut(found) or found.told:
        told = showing.all_reasons(found)
        files.append(discord.File(io.BytesIO(told.encode("utf-8", "replace")), "lore.txt"))
    await interaction.edit_original_response(
        content=showing.tried(found, names), attachments=files, allowed_mentions=NOBODY
    )


async def _alone(
    interaction: Interaction, text: str, named: str
) -> tuple[Found, Mapping[str, str]]:
    opened = await shelved.open_book(interaction.client, await shelved.find(interaction, named))
    engine = await engine_here(interaction)
    count = interaction.client.conversations.models.named(engine).model.estimate
    values = Values(
        char=opened.shelved.name, user=interaction.user.display_name, now=interaction.created_at
    )
    book = Looked(opened.shelved.id, opened.book, values, values)
    found = look_up([book], [text], Moment(messages=1), count=count, room=_ROOM)
    return found, {opened.shelved.id: opened.shelved.name}


async def _on_stage(interaction: Interaction, text: str) -> tuple[Found, Mapping[str, str]]:
    store = interaction.client.store
    conversation, user = conversation_here(interaction), interaction.user
    snapshot = await store.load(conversation)
    origin = {"asker": str(user.id), **story_origin(interaction.guild_id, user.id, user)}
    house = interaction.client.conversations.house
    company = await Casting(store, house).company(conversation, snapshot, origin)
    if company is None:
        raise BadInput(_NOBODY)
    turns = _with(snapshot, text, str(user.id), user.display_name)
    served = interaction.client.conversations.models.named(await engine_here(interaction))
    speaker = company.stage.cast[0].character
    scene = await Books(store, house).scene(company, speaker, snapshot, turns, served)
    return lore_of(scene), await _names(store, company.stage)


def _with(snapshot: Snapshot, text: str, author: str, name: str) -> list[Turn]:
    """What was said, and what would be said now."""
    number = snapshot.turns[-1].n + 1 if snapshot.turns else 1
    return [*snapshot.turns, Turn("test", number, "user", text, speaker=name, author=author)]


async def _names(store: Store, stage: Stage) -> Mapping[str, str]:
    """What people call the lorebooks of a stage, by the ids that the stage has for them."""
    names = {one.character: one.name for one in stage.cast}
    for library in dict.fromkeys(library for library, _ in stage.lore):
        names.update({world.id: world.name for world in await store.worlds(library)})
    return names

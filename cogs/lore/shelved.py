"""Lorebooks that can be meant in a place: those of the libraries, and those within cards."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

from discord import app_commands

from bot.characters.cards import card_of
from bot.characters.lore import book as lorebook
from bot.characters.lore.entry import Book, Entry
from bot.characters.playing import book_of
from bot.characters.stage import Member, Stage
from bot.client import HermesBot
from bot.conversation.library import World
from bot.errors import BadInput
from bot.language import later, tr
from cogs import suggestions
from cogs.characters.shelf import Interaction, fitting_in, labels_of, pick, shown_name, worlds_here
from cogs.places import conversation_here
from cogs.reading.words import shortened

_LOST = later("That lorebook is lost, or gone by now. Please import it again.")


@dataclass(frozen=True, slots=True)
class Shelved:
    """A lorebook: one of a library (`world`), or that of the card of a `member` on stage.

    `id` is what a stage calls it.
    """

    id: str
    name: str
    world: World | None = None
    member: Member | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A lorebook with what stands in it; `text` is its JSON."""

    shelved: Shelved
    book: Book
    text: str

    def entry(self, named: str) -> Entry:
        """The entry that is meant: by its id, its title, or one of its keys."""
        if found := self.book.named(named):
            return found
        raise BadInput(
            later(
                "There is no entry “{entry}” in **{name}**. Choose one that Discord suggests.",
                entry=shown_name(named),
                name=shown_name(self.shelved.name),
            )
        )


async def stage_here(interaction: Interaction) -> Stage:
    """What is set up where a command was used; an empty stage if nothing is."""
    stages = interaction.client.conversations.stages
    return await stages.get(conversation_here(interaction)) or Stage()


async def find(interaction: Interaction, named: str) -> Shelved:
    """The lorebook that is meant, by its id or its name; that of a card by its character's."""
    worlds, stage = await asyncio.gather(worlds_here(interaction), stage_here(interaction))
    wanted = named.strip()
    for member in stage.cast:
        if wanted == member.character or wanted.casefold() == member.name.casefold():
            return of_member(member)
    return of_world(pick(worlds, wanted, what="lorebook"))


async def open_book(bot: HermesBot, shelved: Shelved) -> Opened:
    """Read a lorebook; one that is lost is `BadInput`."""
    if shelved.member is not None:
        return await _of_card(bot, shelved, shelved.member)
    assert shelved.world is not None
    blob = await bot.store.blob(shelved.world.library, shelved.world.book)
    if blob is None:
        raise BadInput(_LOST)
    text = blob.decode("utf-8", "surrogatepass")
    book = await asyncio.to_thread(lambda: lorebook.read(json.loads(text), shelved.name))
    return Opened(shelved, book, text)


def of_world(world: World) -> Shelved:
    """A lorebook of a library."""
    return Shelved(world.id, world.name, world=world)


def of_member(member: Member) -> Shelved:
    """The lorebook within the card of a character on stage."""
    return Shelved(member.character, member.name, member=member)


def title_of(entry: Entry) -> str:
    """What people may know an entry by."""
    return entry.known_as


async def suggest_books(
    interaction: Interaction, typed: str, *, cards: bool = True
) -> list[app_commands.Choice[str]]:
    """The lorebooks that fit what was typed; with `cards` those of the cards on stage, too."""
    found = await suggestions.in_time(
        asyncio.gather(worlds_here(interaction), stage_here(interaction))
    )
    if found is None:
        return []
    worlds, stage = found
    wanted = typed.casefold().strip()
    members = [one for one in stage.cast if cards and wanted in one.name.casefold()]
    fitting = fitting_in(worlds, typed)
    choices = [
        app_commands.Choice(
            name=shortened(tr("{name} · within its card", name=one.name), 100),
            value=one.character,
        )
        for one in members
    ]
    choices += [
        app_commands.Choice(name=shown, value=one.id)
        for shown, one in zip(labels_of(fitting), fitting, strict=True)
    ]
    return choices[: suggestions.MOST]


async def suggest_entries(
    interaction: Interaction, named: str, typed: str
) -> list[app_commands.Choice[str]]:
    """The entries of a lorebook that fit what was typed."""
    opened = await suggestions.in_time(_opened(interaction, named))
    fitting = opened.book.fitting(typed) if opened else ()
    return [
        app_commands.Choice(
            name=shortened(title_of(one) or one.id, suggestions.LONGEST),
            value=one.id[: suggestions.LONGEST],
        )
        for one in fitting[: suggestions.MOST]
    ]


async def _opened(interaction: Interaction, named: str) -> Opened:
    return await open_book(interaction.client, await find(interaction, named))


async def _of_card(bot: HermesBot, shelved: Shelved, member: Member) -> Opened:
    blob = await bot.store.blob(member.library, member.card)
    if blob is None:
        raise BadInput(_LOST)
    card = await asyncio.to_thread(card_of, blob.decode("utf-8", "surrogatepass"))
    book = book_of(card)
    if book is None:
        raise BadInput(
            later("The card of **{name}** has no lorebook.", name=shown_name(member.name))
        )
    return Opened(shelved, book, json.dumps(card.character_book, ensure_ascii=False, indent=1))


def switched_off(stage: Stage, shelved: Shelved) -> Sequence[str]:
    """The ids of the entries of a lorebook that are switched off on a stage."""
    start = f"{shelved.id}/"
    return [one.removeprefix(start) for one in stage.lore_off if one.startswith(start)]

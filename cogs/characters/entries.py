"""The lorebook within a card: one entry at a time in a form, or all of it from a file."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import discord
from discord import app_commands

from bot.characters.card import Card
from bot.characters.editing import edited
from bot.characters.lore import editing
from bot.characters.lore.editing import Written, keys_in
from bot.characters.lore.entry import Book
from bot.characters.playing import book_of
from bot.characters.read import read_card
from bot.client import HermesBot
from bot.conversation.library import Character
from bot.errors import BadInput
from bot.language import later, tr
from cogs import suggestions
from cogs.characters.changing import allowed, from_form, save
from cogs.characters.forms import FIELD
from cogs.characters.keeping import Kept, load
from cogs.characters.shelf import Interaction, find_character, shown_name
from cogs.forms import Form
from cogs.reading.words import shortened

_LONGEST_TITLE = 200

_NAME = later("lore")
_NO_BOOK = later("That file has no lorebook.")
_WHOLE_BOOK = later(
    "A file is the whole lorebook, so please leave `entry` out, or leave the file out to change "
    "that entry in a form."
)


class EntryForm(Form):
    """What an entry says, when it is told, and whether it is there at all."""

    def __init__(self, title: str, present: Written, sent: Any, *, new: bool) -> None:
        super().__init__(title=title)
        self._sent = sent
        self._title = _field("title", present.title, most=_LONGEST_TITLE, long=False)
        self._keys = _field("keys", "\n".join(present.keys))
        self._secondary = _field("secondary", "\n".join(present.secondary))
        self._content = _field("content", present.content)
        marks = {"enabled": tr("Switched on"), "constant": tr("Told always, without a key")}
        if not new:
            marks["delete"] = tr("Delete this entry")
        self._marks: discord.ui.CheckboxGroup[Any] = discord.ui.CheckboxGroup(
            custom_id="marks",
            required=False,
            min_values=0,
            options=[
                discord.CheckboxGroupOption(
                    label=words, value=mark, default=getattr(present, mark, False)
                )
                for mark, words in marks.items()
            ],
        )
        in_lines = tr("Each in a line of its own; /…/ is a regular expression")
        for label, about, component in (
            (tr("Title"), tr("For people; no model reads it"), self._title),
            (tr("Keys"), in_lines, self._keys),
            (tr("Only if one of these is there, too"), tr("May be left empty"), self._secondary),
            (tr("What is told"), None, self._content),
            (tr("How it counts"), None, self._marks),
        ):
            self.add_field(component, label=label, description=about)

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        """Hand over what was written."""
        fields = (self._title, self._keys, self._secondary, self._content)
        written = {field.custom_id: field.value.replace("\r\n", "\n") for field in fields}
        await self._sent(interaction, written, self._marks.values)


async def show_form(interaction: Interaction, kept: Kept, named: str) -> None:
    """Show the form for an entry, or for a new one where none is named."""
    id = _id_of(kept, named) if named else None
    present = editing.written(kept.card.character_book or {}, id) if id is not None else Written()
    longest = max(len(present.content), *(len("\n".join(k)) for k in _keys_of(present)))
    if longest > FIELD:
        raise BadInput(
            later(
                "That entry has {length:,} characters, and Discord's forms hold {most:,}. Please "
                "change it in the file that `/character export` gives you as `json`, and give that "
                "as `file`.",
                length=longest,
                most=FIELD,
            )
        )

    async def sent(
        answer: discord.Interaction[HermesBot], written: Mapping[str, str], marks: Collection[str]
    ) -> None:
        typed = "\n\n".join(filter(None, written.values()))
        await from_form(answer, typed, lambda: _submitted(answer, character, id, written, marks))

    # The form lives for a while, and must not keep the whole card with it.
    character = kept.character
    form = EntryForm(character.name, present, sent, new=id is None)
    await interaction.response.send_modal(form)


async def from_file(
    interaction: Interaction, kept: Kept, entry: str, data: bytes, filename: str
) -> None:
    """Put the lorebook of a file in the place of the card's: of a world, a book, or a card."""
    if entry:
        raise BadInput(_WHOLE_BOOK)
    found = await asyncio.to_thread(read_card, data, filename)
    book = found.card.character_book if found.card else found.lorebook
    if not book:
        raise BadInput(_NO_BOOK)
    await _save(interaction, kept, editing.for_card(book))


async def suggest(
    interaction: Interaction, named: str | None, typed: str
) -> list[app_commands.Choice[str]]:
    """The entries of a card's lorebook that fit what was typed."""
    book = await suggestions.in_time(_book(interaction, named or ""))
    return [
        app_commands.Choice(
            name=shortened(one.known_as or one.id, suggestions.LONGEST),
            value=one.id[: suggestions.LONGEST],
        )
        for one in (book.fitting(typed) if book else ())[: suggestions.MOST]
    ]


async def _book(interaction: Interaction, named: str) -> Book | None:
    return book_of(await _card(interaction.client, await find_character(interaction, named)))


async def _card(bot: HermesBot, character: Character) -> Card:
    return (await load(bot, character, picture=False)).card


async def _submitted(
    interaction: discord.Interaction[HermesBot],
    character: Character,
    id: str | None,
    written: Mapping[str, str],
    marks: Collection[str],
) -> None:
    """Change the entry as it is by now."""
    kept = await allowed(interaction, character.id)
    book = kept.card.character_book
    if "delete" in marks and id is not None:
        await _save(interaction, kept, editing.without_entry(book or {}, id))
        return
    old = editing.written(book or {}, id) if id is not None else Written()
    await _save(interaction, kept, editing.with_entry(book, id, _read(old, written, marks)))


def _read(old: Written, written: Mapping[str, str], marks: Collection[str]) -> Written:
    """What the form says; a field that nobody has touched stays as it was, blanks and all."""

    def keys(field: str, before: tuple[str, ...]) -> tuple[str, ...]:
        same = written[field].strip() == "\n".join(before).strip()
        return before if same else keys_in(written[field])

    def text(field: str, before: str) -> str:
        typed = written[field].strip()
        return before if typed == before.strip() else typed

    return replace(
        old,
        title=text("title", old.title),
        keys=keys("keys", old.keys),
        secondary=keys("secondary", old.secondary),
        content=text("content", old.content),
        enabled="enabled" in marks,
        constant="constant" in marks,
    )


async def _save(
    interaction: discord.Interaction[HermesBot], kept: Kept, book: Mapping[str, Any]
) -> None:
    card = await asyncio.to_thread(lambda: edited(kept.card, character_book=book))
    changed = Kept(kept.character, card, kept.picture)
    await save(interaction, changed, _NAME, adult=kept.character.adult)


def _id_of(kept: Kept, named: str) -> str:
    book = book_of(kept.card)
    found = book.named(named) if book else None
    if found is None:
        raise BadInput(
            later(
                "There is no entry “{entry}” in **{name}**. Choose one that Discord suggests.",
                entry=shown_name(named),
                name=shown_name(kept.character.name),
            )
        )
    return found.id


def _keys_of(present: Written) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return present.keys, present.secondary


def _field(
    name: str, present: str, *, most: int = FIELD, long: bool = True
) -> discord.ui.TextInput[Any]:
    return discord.ui.TextInput(
        style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
        default=present or None,
        required=False,
        max_length=most,
        custom_id=name,
    )

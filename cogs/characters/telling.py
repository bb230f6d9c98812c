"""What is told of a character: after it was brought in, in lists, and as a panel."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence

import discord

from bot.characters import picture
from bot.characters.card import Card
from bot.characters.shown_names import mended_name
from bot.client import HermesBot
from bot.conversation.library import Character
from bot.language import tr
from cogs.characters.keeping import Kept
from cogs.characters.measure import Cost, cost_of, entries_of
from cogs.characters.shelf import is_private, shown_name
from cogs.live.buttons import Button
from cogs.live.traces import harmless
from cogs.places import engine_here
from cogs.reading.words import label, shortened
from cogs.system import quoted

PRESS = re.compile(r"character:(?P<what>use|show):(?P<character>[0-9a-f]{1,32})")

_NOTES = 1_200
_NOTES_IN_PANEL = 1_400
_GREETING = 700
_TAGS = 12
_TAGS_LISTED = 4
_LINE = 120
_WARNINGS = 900
_HEAD = 200
_SUFFIXES = {"png": "png", "apng": "png", "jpeg": "jpg", "gif": "gif", "webp": "webp"}


async def cost_here(interaction: discord.Interaction[HermesBot], card: Card) -> Cost:
    """What a card costs with the model that answers in this place."""
    engine = await engine_here(interaction)
    return cost_of(card, interaction.client.conversations.models.named(engine).model.estimate)


def brought(kept: Kept, cost: Cost, warnings: Sequence[str], language: str) -> str:
    """What is said of a character that is new here, within one message."""
    character, card = kept.character, kept.card
    facts = [
        tr("about {tokens:,} tokens in every prompt", tokens=cost.always),
        *_counts(card),
        tr("with its picture") if kept.picture else tr("no picture"),
        *([tr("**for age-restricted channels only**")] if character.adult else []),
    ]
    lines = [_placed(character, ", ".join(facts))]
    _, mended = mended_name(character.name)
    if mended:
        lines.append(f"⚠️ {tr(mended)}")
    if warnings:
        told = "\n".join(f"⚠️ {harmless(tr(warning))}" for warning in warnings)
        lines.append(shortened(told, _WARNINGS))
    lines += _notes(card, language, min(_NOTES, 1_900 - sum(map(len, lines))))
    return "\n".join(lines)


def _placed(character: Character, facts: str) -> str:
    name = shown_name(character.name)
    if is_private(character):
        return tr(
            "**{name}** is in your own library; nobody else finds it: {facts}.",
            name=name,
            facts=facts,
        )
    return tr("**{name}** is in the library: {facts}.", name=name, facts=facts)


def buttons(character: Character, *, show: bool = True) -> tuple[Button, ...]:
    """What can be done with a character at once."""
    use = Button(
        tr("Bring into this channel"), f"character:use:{character.id}", discord.ButtonStyle.primary
    )
    return (use, Button(tr("Show"), f"character:show:{character.id}")) if show else (use,)


class CardPanel(discord.ui.LayoutView):
    """A character's card, with its picture and the button that brings it on stage."""

    def __init__(self, kept: Kept, cost: Cost, language: str) -> None:
        super().__init__(timeout=None)
        self.file = _picture_file(kept)
        box: discord.ui.Container[CardPanel] = discord.ui.Container(accent_colour=0xC07A3E)
        head = discord.ui.TextDisplay[CardPanel](_head(kept))
        if self.file:
            portrait = discord.ui.Thumbnail[CardPanel](self.file)
            box.add_item(discord.ui.Section(head, accessory=portrait))
        else:
            box.add_item(head)
        notes = _notes(kept.card, language, _NOTES_IN_PANEL)
        greeting = _greeting(kept.card)
        for text in ("\n".join(notes), greeting, _figures(kept.card, cost)):
            if text:
                box.add_item(discord.ui.Separator())
                box.add_item(discord.ui.TextDisplay(text))
        self.add_item(box)
        row: discord.ui.ActionRow[CardPanel] = discord.ui.ActionRow()
        for button in buttons(kept.character, show=False):
            row.add_item(button.make())
        self.add_item(row)
        # The button is heard by its id, so discord.py need not keep the panel.
        self.stop()

    @property
    def files(self) -> list[discord.File]:
        """What has to be sent along."""
        return [self.file] if self.file else []


def _head(kept: Kept) -> str:
    character, card = kept.character, kept.card
    creator = harmless(shortened(label(card.creator), 60))
    version = harmless(shortened(label(card.character_version), 30))
    remarks = [
        tr("by {creator}", creator=creator) if card.creator.strip() else "",
        tr("version {version}", version=version) if card.character_version.strip() else "",
        tr("private") if is_private(character) else "",
        "**18+**" if character.adult else "",
    ]
    lines = [f"## {shown_name(character.name)}"]
    if told := " · ".join(filter(None, remarks)):
        lines.append(told)
    if card.nickname.strip():
        lines.append(tr("called {name}", name=shown_name(card.nickname)))
    if character.tags:
        tags = ", ".join(harmless(label(tag)) for tag in character.tags[:_TAGS])
        lines.append(f"-# {shortened(tags, _HEAD)}")
    return "\n".join(lines)


def _figures(card: Card, cost: Cost) -> str:
    parts = " · ".join(f"{tr(name)} {tokens:,}" for name, tokens in cost.parts.items())
    counts = ", ".join(_counts(card))
    sums = tr(
        "About {always:,} tokens in every prompt, {most:,} with all of it:",
        always=cost.always,
        most=cost.most,
    )
    return f"**{counts[:1].upper()}{counts[1:]}**\n{sums}\n-# {parts}"


def _counts(card: Card) -> list[str]:
    greetings, lore = len(card.greetings), len(entries_of(card))
    told = [tr("one greeting", "{n:,} greetings", n=greetings) if greetings else tr("no greeting")]
    if lore:
        told.append(tr("one lore entry", "{n:,} lore entries", n=lore))
    return told


def _greeting(card: Card) -> str:
    if not card.greetings:
        return ""
    return f"**{tr('Begins with')}**\n{quoted(card.greetings[0], _GREETING)}"


def _notes(card: Card, language: str, room: int) -> list[str]:
    notes = card.notes_in(language).strip()
    if not notes or room < 100:
        return []
    return [f"**{tr('Its creator says')}**", quoted(notes, room // 2 if room < 400 else room - 300)]


def _picture_file(kept: Kept) -> discord.File | None:
    seen = picture.look_at(kept.picture) if kept.picture else None
    if seen is None or kept.picture is None:
        return None
    return discord.File(io.BytesIO(kept.picture), f"picture.{_SUFFIXES[seen.kind]}")


def listed(some: Iterable[Character]) -> str:
    """Characters in a list, one a line."""
    return "\n".join(_entry(one) for one in some)


def _entry(one: Character) -> str:
    remarks = ["18+"] if one.adult else []
    remarks += [tr("private")] if is_private(one) else []
    remarks += [harmless(label(tag)) for tag in one.tags[:_TAGS_LISTED]]
    name = shown_name(one.name)
    told = shortened(", ".join(remarks), max(_LINE - len(name), 10))
    return f"- **{name}** · {told}" if remarks else f"- **{name}**"

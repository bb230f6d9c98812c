"""The scene as a panel: title, mood, scenario, who is on stage, and how it is played."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord

from bot.characters.stage import Member, Note, Order, Stage
from bot.language import Text, later, tr
from cogs.live.traces import harmless
from cogs.reading.words import shortened

LONGEST_TITLE = 100
LONGEST_MOOD = 200
LONGEST_SCENARIO = 4_000
LONGEST_NOTE = 2_000

MOST_PICTURES = 6
"""Discord takes 40 parts in a panel, and a member with a picture is three of them."""

_SCENARIO_SHOWN = 1_200
_NOTE_SHOWN = 300
_NAME_SHOWN = 60

_UNTITLED = later("A scene")
_NOBODY = later("Nobody is on stage yet. `/scene cast` brings somebody in.")

ORDERS: Mapping[Order, Text] = {
    "natural": later("whoever is addressed, or feels like it"),
    "list": later("everybody in turn"),
    "model": later("the model chooses"),
    "manual": later("only who is addressed, or by /scene next"),
}
"""The orders in words, as they are offered."""

LEVELS: Mapping[float, Text] = {
    0.0: later("only when addressed"),
    0.25: later("seldom"),
    0.5: later("sometimes"),
    0.75: later("often"),
    1.0: later("always"),
}
"""How much somebody talks, in words."""

NO_ROUNDS = later("none")
"""How many lines characters speak among themselves, where they speak none."""


class Panel(discord.ui.LayoutView):
    """A panel whose buttons and menus are heard by their ids, so that no view has to be kept."""

    def __init__(self, *items: discord.ui.Item[Any]) -> None:
        super().__init__(timeout=None)
        self.add_item(discord.ui.Container(*items))
        self.stop()


def scene_card(stage: Stage, pictures: Mapping[str, str]) -> Panel:
    """The panel of a scene; `pictures` are addresses by character."""
    items: list[discord.ui.Item[Any]] = [discord.ui.TextDisplay(_head(stage))]
    if stage.scenario:
        items.append(discord.ui.TextDisplay(_shown(stage.scenario, _SCENARIO_SHOWN)))
    items.append(discord.ui.Separator())
    items += _members(stage, pictures)
    items.append(discord.ui.Separator())
    items.append(discord.ui.TextDisplay(_foot(stage)))
    return Panel(*items)


def member_line(member: Member) -> str:
    """A member in one line."""
    remarks = [tr("talks {level}", level=level_of(member.talkativeness))]
    remarks += [tr("muted")] if member.muted else []
    remarks += ["18+"] if member.adult else []
    return f"**{_shown(member.name, _NAME_SHOWN)}** · {' · '.join(remarks)}"


def level_of(talkativeness: float) -> Text:
    """How much somebody talks, in the nearest words there are."""
    nearest = min(LEVELS, key=lambda level: abs(level - talkativeness))
    return LEVELS[nearest]


def title_of(stage: Stage) -> str:
    """The scene's title, or words that stand for it; harmless in a message."""
    return _shown(stage.title or tr(_UNTITLED), LONGEST_TITLE)


def _head(stage: Stage) -> str:
    lines = [f"## {title_of(stage)}"]
    if stage.paused:
        lines.append(tr("⏸️ Paused: nobody speaks until `/scene resume`."))
    if stage.mood:
        lines.append(tr("*Mood: {mood}*", mood=_shown(stage.mood, LONGEST_MOOD)))
    return "\n".join(lines)


def _members(stage: Stage, pictures: Mapping[str, str]) -> list[discord.ui.Item[Any]]:
    if not stage.cast:
        return [discord.ui.TextDisplay(tr(_NOBODY))]
    if not any(member.character in pictures for member in stage.cast):
        return [discord.ui.TextDisplay("\n".join(map(member_line, stage.cast)))]
    items: list[discord.ui.Item[Any]] = []
    for member in stage.cast:
        line: discord.ui.TextDisplay[Any] = discord.ui.TextDisplay(member_line(member))
        address = pictures.get(member.character)
        if address:
            items.append(discord.ui.Section(line, accessory=discord.ui.Thumbnail(address)))
        else:
            items.append(line)
    return items


def _foot(stage: Stage) -> str:
    lines = [tr("Who speaks: {order}", order=ORDERS[stage.order])]
    if stage.several and stage.order in ("natural", "model"):
        lines.append(tr("Lines among themselves: {rounds}", rounds=stage.rounds or NO_ROUNDS))
    if stage.lore:
        books = len(stage.lore)
        lines.append(tr("Lorebooks: {books}, beside the characters' own", books=books))
    if stage.note:
        lines.append(note_line(stage.note))
    return "\n".join(f"-# {line}" for line in lines)


def note_line(note: Note) -> str:
    """An author's note in one line."""
    often = tr("with every message")
    if note.every != 1:
        often = tr("with every {number}. message", number=note.every)
    where = tr("at the very end")
    if note.depth:
        where = tr("{n} message before the end", "{n} messages before the end", n=note.depth)
    text = _shown(note.text, _NOTE_SHOWN)
    return tr("Author's note ({often}, {where}): {text}", often=often, where=where, text=text)


def _shown(text: str, most: int) -> str:
    # Escaping makes it longer, and all of a panel's text together is limited.
    return shortened(harmless(" ".join(text.split())), most)

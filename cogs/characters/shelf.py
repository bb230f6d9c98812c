"""Which libraries count in a place of Discord, and how something in them is found by its name."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Sequence
from difflib import SequenceMatcher
from typing import Literal, TypeVar

import discord
from discord import app_commands

from bot.client import HermesBot
from bot.conversation.library import Character, World
from bot.errors import BadInput
from bot.language import later, tr
from cogs import suggestions
from cogs.live.traces import harmless
from cogs.reading.words import label, shortened

Interaction = discord.Interaction[HermesBot]

Kept = TypeVar("Kept", bound=Character | World)

_LONGEST_NAME = 60
_TAGS_SHOWN = 2
# How much of two words has to be the same, so that one may be a slip of the other.
_ALIKE = 0.75


def own_library(user_id: int) -> str:
    """The library that is a person's alone, and goes with them to every server."""
    return f"discord:user:{user_id}"


def home_library(interaction: discord.Interaction) -> str:
    """Where what belongs to the place is kept: the server's library, in a DM the person's own."""
    if interaction.guild_id is None:
        return own_library(interaction.user.id)
    return f"discord:server:{interaction.guild_id}"


def libraries(interaction: discord.Interaction) -> tuple[str, ...]:
    """All libraries that somebody may use where they are, their own first."""
    own = own_library(interaction.user.id)
    return tuple(dict.fromkeys((own, home_library(interaction))))


def is_private(one: Character | World) -> bool:
    """Whether only its owner finds it."""
    return one.library.startswith("discord:user:")


async def characters_here(interaction: Interaction) -> list[Character]:
    """The characters that somebody can use where they are, by name."""
    found = await interaction.client.store.characters_of(libraries(interaction))
    return _by_name([one for some in found.values() for one in some])


async def worlds_here(interaction: Interaction) -> list[World]:
    """The lorebooks that somebody can use where they are, by name."""
    store = interaction.client.store
    found = await asyncio.gather(*(store.worlds(library) for library in libraries(interaction)))
    return _by_name([one for some in found for one in some])


async def find_character(interaction: Interaction, named: str) -> Character:
    """The character that is meant: by its id, or by a name that only one has."""
    every = await characters_here(interaction)
    return pick(every, named, what="character")


async def find_world(interaction: Interaction, named: str) -> World:
    """The lorebook that is meant: by its id, or by a name that only one has."""
    return pick(await worlds_here(interaction), named, what="lorebook")


async def suggest(
    wanted: Awaitable[Sequence[Character | World]], typed: str
) -> list[app_commands.Choice[str]]:
    """What Discord offers while a name is typed, best first; nothing if it takes too long."""
    fitting = fitting_in(await suggestions.in_time(wanted) or (), typed)[: suggestions.MOST]
    labels = labels_of(fitting)
    return [
        app_commands.Choice(name=shown, value=one.id)
        for shown, one in zip(labels, fitting, strict=True)
    ]


def fitting_in(every: Sequence[Kept], typed: str) -> list[Kept]:
    """Those whose name or tags have what was typed, best first.

    Only if there are none a slip of the pen is looked for.
    """
    words = typed.casefold().split()
    if not words:
        return list(every)
    ranked = [(rank, one) for one in every if (rank := _rank(one, words)) is not None]
    if not ranked:
        return [one for one in every if _is_slip(one, words)]
    return [one for _, one in sorted(ranked, key=lambda pair: pair[0])]


def labels_of(some: Sequence[Kept]) -> list[str]:
    """A line for each that tells it apart from the others."""
    lines = [_line(one) for one in some]
    times = Counter(lines)
    told = [
        line if times[line] == 1 else f"{line} · #{one.id[:6]}"
        for line, one in zip(lines, some, strict=True)
    ]
    return [shortened(line, suggestions.LONGEST) for line in told]


def shown_name(name: str) -> str:
    """A name for a sentence: short, and without any effect in Discord."""
    return harmless(shortened(label(name), _LONGEST_NAME))


def pick(every: Sequence[Kept], named: str, *, what: Literal["character", "lorebook"]) -> Kept:
    """The one that is meant by an id or a name; raises `BadInput` where that is not clear."""
    wanted = named.strip()
    for one in every:
        if one.id == wanted:
            return one
    exact = [one for one in every if one.name.casefold() == wanted.casefold()]
    if len(exact) == 1:
        return exact[0]
    fitting = exact or fitting_in(every, wanted) if wanted else []
    if len(fitting) == 1:
        return fitting[0]
    name = shown_name(wanted)
    if fitting:
        told = later(
            "There are several called “{name}” here. Please choose one that Discord suggests while "
            "you type: there they are told apart.",
            name=name,
        )
    elif what == "character":
        told = later(
            "I know no character “{name}” here. Choose one that Discord suggests while you type, "
            "or see `/character list`.",
            name=name,
        )
    else:
        told = later(
            "I know no lorebook “{name}” here. Choose one that Discord suggests while you type, "
            "or see `/lore list`.",
            name=name,
        )
    raise BadInput(told)


def _rank(one: Character | World, words: Sequence[str]) -> int | None:
    """How well something fits, 0 best; None if it does not."""
    name = one.name.casefold()
    parts = re.findall(r"\w+", name)
    tags = [tag.casefold() for tag in one.tags] if isinstance(one, Character) else []
    if name.startswith(" ".join(words)):
        return 0
    if all(any(part.startswith(word) for part in parts) for word in words):
        return 1
    if all(word in name for word in words):
        return 2
    if all(word in name or any(word in tag for tag in tags) for word in words):
        return 3
    return None


def _is_slip(one: Character | World, words: Sequence[str]) -> bool:
    parts = re.findall(r"\w+", one.name.casefold())
    return all(any(_alike(word, part) for part in parts) for word in words)


def _alike(word: str, part: str) -> bool:
    # What is typed may be the beginning of a longer word.
    start = part[: len(word) + 1]
    # A slip changes a letter or two: what has fewer in common need not be compared at length.
    if len(word) <= 2 or len(set(word) - set(start)) > 2:
        return False
    return SequenceMatcher(None, word, start).ratio() >= _ALIKE


def _line(one: Character | World) -> str:
    remarks: list[str] = []
    if isinstance(one, Character):
        remarks += one.tags[:_TAGS_SHOWN]
        remarks += ["18+"] if one.adult else []
    else:
        remarks.append(tr("one entry", "{n:,} entries", n=one.entries))
    remarks += [tr("private")] if is_private(one) else []
    return " · ".join((shortened(label(one.name), _LONGEST_NAME), *map(label, remarks)))


def _by_name(some: list[Kept]) -> list[Kept]:
    return sorted(some, key=lambda one: (one.name.casefold(), is_private(one), one.id))

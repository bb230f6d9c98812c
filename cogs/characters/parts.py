"""The parts of a card that are one text each, as `/character edit` shows and reads them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.characters.card import Card
from bot.errors import BadInput
from bot.language import later

# What stands between two greetings, in a line of its own.
_BETWEEN = "***"
_STARS = re.compile(r"\*{3,}")

# What begins the notes in a language, in a line of its own: [de], [pt-br].
_IN_LANGUAGE = re.compile(r"\[([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})?)\]\s*")

_NOT_A_NUMBER = later("That has to be a number from 0 (never speaks unasked) to 1 (always).")
_WHICH_LANGUAGE = later(
    "Please begin with the language in brackets, such as [de], in a line of its own."
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a card: how it is called, shown in one text field, and read from it again.

    `name` is what a sentence calls it, `label` what stands above the field.
    """

    name: str
    label: str
    help: str
    shown: Callable[[Card], str]
    changes: Callable[[str], Mapping[str, Any]]
    short: bool = False


def _text(field: str, name: str, label: str, help: str = "", *, short: bool = False) -> Part:
    return Part(
        name,
        label,
        help,
        lambda card: getattr(card, field),
        lambda text: {field: text.strip()},
        short,
    )


def _talkativeness(text: str) -> Mapping[str, Any]:
    try:
        value = float(text.replace(",", ".").strip())
    except ValueError:
        raise BadInput(_NOT_A_NUMBER) from None
    if not 0 <= value <= 1:
        raise BadInput(_NOT_A_NUMBER)
    return {"talkativeness": value}


def _shown_greetings(greetings: Sequence[str]) -> str:
    within = max((len(line) for text in greetings for line in _stars(text)), default=0)
    if not within:
        return f"\n{_BETWEEN}\n".join(greetings)
    # Where greetings have such lines themselves, a longer one divides them; also one from nothing.
    return "\n".join(f"{text}\n{'*' * (within + 1)}" for text in greetings)


def _greetings(text: str) -> list[str]:
    between = max(_stars(text), key=len, default=_BETWEEN)
    found: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.strip() == between:
            found.append([])
        else:
            found[-1].append(line)
    whole = ("\n".join(lines).strip() for lines in found)
    return [one for one in whole if one]


def _stars(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if _STARS.fullmatch(line.strip())]


def _in_languages(text: str) -> Mapping[str, Any]:
    found: dict[str, list[str]] = {}
    lines: list[str] | None = None
    for line in text.strip().splitlines():
        if language := _IN_LANGUAGE.fullmatch(line):
            lines = found.setdefault(language[1], [])
        elif lines is None:
            raise BadInput(_WHICH_LANGUAGE)
        else:
            lines.append(line)
    notes = {language: "\n".join(lines).strip() for language, lines in found.items()}
    return {"creator_notes_multilingual": {one: text for one, text in notes.items() if text}}


def _several(field: str, name: str, label: str) -> Part:
    return Part(
        name,
        label,
        later("A line with {mark} between two of them", mark=_BETWEEN),
        lambda card: _shown_greetings(getattr(card, field)),
        lambda text: {field: _greetings(text)},
    )


PARTS: Mapping[str, Part] = {
    "name": _text("name", later("name"), later("Name"), short=True),
    "nickname": _text(
        "nickname",
        later("nickname"),
        later("Nickname"),
        later("What {{char}} stands for, if not the name"),
        short=True,
    ),
    "description": _text("description", later("description"), later("Description")),
    "personality": _text("personality", later("personality"), later("Personality")),
    "scenario": _text(
        "scenario", later("scenario"), later("Scenario"), later("Where the story begins")
    ),
    "first greeting": _text("first_mes", later("first greeting"), later("First greeting")),
    "other greetings": _several(
        "alternate_greetings", later("other greetings"), later("Other greetings")
    ),
    "greetings for company": _several(
        "group_only_greetings", later("greetings for company"), later("Greetings for company")
    ),
    "examples": _text(
        "mes_example",
        later("examples"),
        later("How it talks"),
        later("<START> begins a new example"),
    ),
    "system prompt": _text(
        "system_prompt",
        later("system prompt"),
        later("System prompt"),
        later("{{original}} is the usual one"),
    ),
    "last instructions": _text(
        "post_history_instructions",
        later("last instructions"),
        later("Last instructions"),
        later("What stands behind the talk"),
    ),
    "creator's notes": _text(
        "creator_notes",
        later("creator's notes"),
        later("Creator's notes"),
        later("For people; never in a prompt"),
    ),
    "notes in languages": Part(
        later("notes in languages"),
        later("Creator's notes, by language"),
        later("[de] in a line of its own begins the German ones"),
        lambda card: "\n\n".join(
            f"[{language}]\n{text}" for language, text in card.creator_notes_multilingual.items()
        ),
        _in_languages,
    ),
    "tags": Part(
        later("tags"),
        later("Tags"),
        later("With commas between them"),
        lambda card: ", ".join(card.tags),
        lambda text: {"tags": [tag.strip() for tag in text.split(",") if tag.strip()]},
    ),
    "creator": _text("creator", later("creator"), later("Creator"), short=True),
    "version": _text("character_version", later("version"), later("Version"), short=True),
    "talkativeness": Part(
        later("talkativeness"),
        later("Talkativeness"),
        later("From 0, never unasked, to 1, always"),
        lambda card: f"{card.talkativeness:g}",
        _talkativeness,
        short=True,
    ),
}

"""From a card's JSON text to a `Card`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.characters import bounds, fields, splice
from bot.characters.card import V2, V3, Card, number
from bot.characters.document import Parsed, parse
from bot.characters.fields import LISTS, TEXTS, Reader, place_for, value_at, where
from bot.errors import BadInput
from bot.language import later

_KNOWN = {V2: 2.0, V3: 3.0}
_MOST = {"tags": bounds.MAX_TAGS, "source": bounds.MAX_TAGS}
_ENDING = re.compile(r"(\.(card|charx?|json|a?png|v[123]|spec))+$", re.IGNORECASE)


def card_of(text: str) -> Card:
    """Read a card's JSON text; what cannot be a card is `BadInput`."""
    return card_from(parse(text), "")


def card_from(parsed: Parsed, filename: str) -> Card:
    """The card that a parsed JSON object is; `filename` names one that has no name of its own."""
    root = parsed.root
    reader = Reader()
    values = {name: value_at(root, where(root, name)) for name in (*TEXTS, *LISTS)}
    texts = {name: reader.text(name, values[name]) if where(root, name) else "" for name in TEXTS}
    texts["name"] = " ".join(texts["name"].split())
    if not (texts["name"] and _is_card(root)) and not _says_something(texts):
        raise BadInput(
            later(
                "I found no character in that: a card has at least a name and a description. "
                "Is it really a character card?"
            )
        )
    if not texts["name"]:
        return _named(parsed, filename)
    if len(texts["name"]) > bounds.MAX_NAME:
        raise BadInput(
            later(
                "The character's name is {length} characters long; I can keep up to {most}. "
                "Shorten it where it was made.",
                length=len(texts["name"]),
                most=bounds.MAX_NAME,
            )
        )
    lists = {
        name: reader.texts(name, values[name], _MOST.get(name, bounds.MAX_GREETINGS))
        for name in LISTS
    }
    spec, version = _version(reader, root)
    return Card(
        **texts,
        alternate_greetings=lists["alternate_greetings"],
        group_only_greetings=lists["group_only_greetings"],
        tags=lists["tags"],
        source=lists["source"],
        creator_notes_multilingual=reader.translations(
            "creator_notes_multilingual", _of(root, "creator_notes_multilingual")
        ),
        character_book=reader.book("character_book", _of(root, "character_book")),
        extensions=_extensions(reader, root),
        spec=spec,
        spec_version=version,
        document=parsed.text,
        warnings=(*parsed.warnings, *reader.told()),
    )


def _is_card(root: Mapping[str, Any]) -> bool:
    return isinstance(root.get("data"), dict) or str(root.get("spec")).startswith("chara_card")


def _says_something(texts: Mapping[str, str]) -> bool:
    return any(texts[name].strip() for name in fields.V1_TEXTS[1:])


def _named(parsed: Parsed, filename: str) -> Card:
    """The card with the file's name as its own."""
    stem = _ENDING.sub("", re.split(r"[\\/]", filename)[-1]).replace("_", " ")
    name = " ".join(stem.split())[: bounds.MAX_NAME]
    if not any(letter.isalpha() for letter in name):
        raise BadInput(later("That card has no name. Give it one where it was made."))
    root = parsed.root
    path = where(root, "name") or place_for(root, "name")
    card = card_of(splice.replaced(parsed.text, with_value(root, path, name), root))
    told = later("The card has no name, so I called it “{name}” after its file.", name=name)
    return replace(card, warnings=(told, *parsed.warnings, *card.warnings))


def with_value(root: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A copy of an object with another value at a path."""
    if len(path) == 1:
        return {**root, path[0]: value}
    return {**root, path[0]: with_value(root[path[0]], path[1:], value)}


def _of(root: Mapping[str, Any], name: str) -> Any:
    return value_at(root, where(root, name))


def _extensions(reader: Reader, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The card's extensions; flat cards of SillyTavern say how talkative they are at the root."""
    found = reader.mapping("extensions", _of(root, "extensions"))
    if "talkativeness" not in found and "talkativeness" in root and not where(root, "extensions"):
        return {**found, "talkativeness": root["talkativeness"]}
    return found


def _version(reader: Reader, root: Mapping[str, Any]) -> tuple[str, str]:
    given = root.get("spec")
    spec = given if isinstance(given, str) else ""
    version = root.get("spec_version")
    number_of_it = number(version)
    said = str(version)[:20] if isinstance(version, str | int | float) else ""
    if spec and spec not in _KNOWN:
        reader.warnings.append(
            later(
                "The card's format (`{format}`) is unknown to me; I read what I know of it.",
                format=spec[:40],
            )
        )
    elif number_of_it is not None and number_of_it > _KNOWN.get(spec, 3.0):
        reader.warnings.append(
            later(
                "The card's format is newer ({version}) than what I know; "
                "I read what I know of it.",
                version=said,
            )
        )
    return spec[:40], said

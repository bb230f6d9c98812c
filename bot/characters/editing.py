"""Cards that people write or change here. Their JSON text is changed with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from bot.characters import splice
from bot.characters.card import V3, Card
from bot.characters.cards import card_of, with_value
from bot.characters.document import parse, whole
from bot.characters.fields import LISTS, TEXTS, V1_TEXTS, place_for, where
from bot.errors import BadInput
from bot.language import later

EDITABLE = (*TEXTS, *LISTS, "creator_notes_multilingual", "character_book", "extensions")

REQUIRED: Mapping[str, Any] = {
    **dict.fromkeys(TEXTS[:-1], ""),
    "tags": [],
    "alternate_greetings": [],
    "group_only_greetings": [],
    "extensions": {},
}
"""What a card of the third version has to have, with its default."""


def new_card(name: str, **texts: Any) -> Card:
    """A card of the third version that somebody writes here, from fields as `edited` takes them."""
    root = {"spec": V3, "spec_version": "3.0", "data": {**REQUIRED, "name": _name(name)}}
    return edited(card_of(splice.written(root)), **texts)


def edited(card: Card, **changes: Any) -> Card:
    """The card with other values in some of its fields, and with nothing else changed.

    The fields are those of `Card` from `name` to `extensions`, and `talkativeness`. None takes the
    field away. Values that are the card's already change nothing, so that a form may send all of
    its fields. A value that a card cannot have is `BadInput`.
    """
    if "talkativeness" in changes:
        extensions = changes.get("extensions", card.extensions)
        value = changes.pop("talkativeness")
        changes["extensions"] = {**extensions, "talkativeness": value}
    if unknown := changes.keys() - set(EDITABLE):
        raise TypeError(f"a card has no {', '.join(sorted(unknown))}")
    changes = {name: value for name, value in changes.items() if value != getattr(card, name)}
    if not changes:
        return card
    if "name" in changes:
        changes["name"] = _name(changes["name"])
    old = parse(card.document).root
    root: dict[str, Any] = old
    for name, value in changes.items():
        root = _changed(root, name, _plain(value))
    made = card_of(splice.replaced(card.document, root, old))
    return replace(made, warnings=())


def _changed(root: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    path = where(root, name) or place_for(root, name)
    changed = _at(root, path, value)
    # Older programs read the copy outside of `data`, which must not say something else.
    if path[0] == "data" and name in V1_TEXTS and isinstance(root.get(name), str):
        changed = _at(changed, (name,), value)
    return changed


def _at(root: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    if value is not None:
        return with_value(root, path, value)
    if len(path) == 1:
        return {key: item for key, item in root.items() if key != path[0]}
    return {**root, path[0]: _at(root[path[0]], path[1:], None)}


def _plain(value: Any) -> Any:
    """What JSON calls the same."""
    if isinstance(value, tuple):
        return [*value]
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, Any]", value))
    return whole(value)


def _name(name: Any) -> str:
    words = " ".join(name.split()) if isinstance(name, str) else ""
    if not words:
        raise BadInput(later("A character needs a name."))
    return words

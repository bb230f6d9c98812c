"""The fields that the published formats of character cards name, as data.

V1 and V2: "Character Card V2 Specification" (malfoyslastname/character-card-spec-v2, spec_v1.md and
spec_v2.md). V3: "Character Card V3 Specification" (kwaroran/character-card-spec-v3, SPEC_V3.md).
"""

from __future__ import annotations

from typing import Any

TEXT, TEXTS, NUMBER, FLAG, ANY, ID = "text", "texts", "number", "flag", "any", "id"
"""`texts` is a list of text, `any` an object of anything, `id` a number or a text."""

V1 = dict.fromkeys(
    ("name", "description", "personality", "scenario", "first_mes", "mes_example"), TEXT
)
V2 = {
    **V1,
    "creator_notes": TEXT,
    "system_prompt": TEXT,
    "post_history_instructions": TEXT,
    "alternate_greetings": TEXTS,
    "tags": TEXTS,
    "creator": TEXT,
    "character_version": TEXT,
    "extensions": ANY,
}
V3 = {**V2, "group_only_greetings": TEXTS}
V3_MAY = {
    "nickname": TEXT,
    "creator_notes_multilingual": ANY,
    "source": TEXTS,
    "creation_date": NUMBER,
    "modification_date": NUMBER,
}
ASSET = dict.fromkeys(("type", "uri", "name", "ext"), TEXT)

BOOK = {"extensions": ANY}
BOOK_MAY = {
    "name": TEXT,
    "description": TEXT,
    "scan_depth": NUMBER,
    "token_budget": NUMBER,
    "recursive_scanning": FLAG,
}
ENTRY_V2 = {
    "keys": TEXTS,
    "content": TEXT,
    "extensions": ANY,
    "enabled": FLAG,
    "insertion_order": NUMBER,
}
ENTRY_V3 = {**ENTRY_V2, "use_regex": FLAG}
ENTRY_MAY = {
    "case_sensitive": FLAG,
    "name": TEXT,
    "priority": NUMBER,
    "id": ID,
    "comment": TEXT,
    "selective": FLAG,
    "secondary_keys": TEXTS,
    "constant": FLAG,
    "position": TEXT,
}


def faults(card: dict[str, Any], version: int) -> list[str]:
    """What a card of a version lacks by its specification, or has of a wrong type."""
    if version == 1:
        return _wrong(card, V1, {}, "card")
    found = []
    if (card.get("spec"), card.get("spec_version")) != (f"chara_card_v{version}", f"{version}.0"):
        found.append("spec")
    data = card.get("data")
    if not isinstance(data, dict):
        return [*found, "data"]
    found += _wrong(data, V2 if version == 2 else V3, V3_MAY if version == 3 else {}, "data")
    for asset in data.get("assets", []) if version == 3 else []:
        found += _wrong(asset, ASSET, {}, "asset")
    if (book := data.get("character_book")) is not None:
        found += _wrong(book, BOOK, BOOK_MAY, "book")
        for entry in book["entries"]:
            required = ENTRY_V2 if version == 2 else ENTRY_V3
            found += _wrong(entry, required, ENTRY_MAY, "entry")
    return found


def _wrong(given: dict[str, Any], must: dict[str, str], may: dict[str, str], where: str):
    missing = [f"{where}.{name} is missing" for name in must if name not in given]
    return missing + [
        f"{where}.{name} is no {kind}"
        for name, kind in {**must, **may}.items()
        if name in given and not _is(given[name], kind)
    ]


def _is(value: Any, kind: str) -> bool:
    if kind == TEXTS:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if kind == NUMBER:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == ID:
        return isinstance(value, int | str)
    return isinstance(value, {TEXT: str, FLAG: bool, ANY: dict}[kind])

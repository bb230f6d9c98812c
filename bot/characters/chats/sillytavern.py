"""SillyTavern's chats: one JSON object a line, the first one about the chat itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, cast

from bot.characters.chats import dates
from bot.characters.chats.line import NARRATOR, Chat, LeftOut, Line, Mark, add

OWN = "hermes"
"""The field within `extra` that says what only our own files say: a `Mark`."""

_MARKS: tuple[Mark, ...] = ("bare", "bot")

Row = Mapping[str, Any]


def is_row(value: object) -> bool:
    """Whether an object is a line of such a chat, or the one about it."""
    if not isinstance(value, dict):
        return False
    return "mes" in value or "chat_metadata" in value or "user_name" in value


def read(rows: Iterable[object]) -> Chat:
    """A chat out of its rows; those that make no sense are counted."""
    lines: list[Line] = []
    left_out: Counter[LeftOut] = Counter()
    user = character = ""
    note = False
    for row in rows:
        given: Row = cast(Row, row) if isinstance(row, dict) else {}
        if "mes" not in given and is_row(given):
            # Newer versions write "unused" where older ones wrote the names.
            user, character = _name(given, "user_name"), _name(given, "character_name")
            note = note or _has_note(given.get("chat_metadata"))
            continue
        line = _line(given)
        if isinstance(line, Line):
            add(lines, line)
        elif line:
            left_out[line] += 1
    return Chat(lines, user, character, left_out, note)


def _line(row: Row) -> Line | LeftOut | None:
    """A row as a line; why not, if it is none; None for one that has nothing to say."""
    text = _text(row.get("mes"))
    if text is None:
        return "unreadable"
    extra = row.get("extra")
    about: Row = cast(Row, extra) if isinstance(extra, dict) else {}
    kind, hidden = about.get("type"), _is_set(row.get("is_system"))
    if hidden and kind and kind != "narrator":
        return "notices"
    texts, shown = _swipes(row, text)
    if not any(texts):
        return None
    at = dates.milliseconds(row.get("send_date"))
    if kind == "narrator":
        return Line("narrator", NARRATOR, text, at, hidden=hidden)
    mark = about.get(OWN)
    line = Line(
        "person" if _is_set(row.get("is_user")) else "character",
        _name(row, "name"),
        text,
        at,
        hidden=hidden,
        mark=mark if mark in _MARKS else "",
    )
    if line.side == "person" or len(texts) < 2:
        return line if text else None
    return Line(line.side, line.name, text, at, texts, shown, hidden, line.mark)


def _swipes(row: Row, text: str) -> tuple[tuple[str, ...], int]:
    """All texts of a line, and which one is shown: what was edited since stands in `mes` alone."""
    given = row.get("swipes")
    found = [_text(one) for one in cast("list[object]", given)] if isinstance(given, list) else []
    texts = [one or "" for one in found]
    shown = row.get("swipe_id")
    if not isinstance(shown, int) or not 0 <= shown < len(texts):
        return (text,), 0
    texts[shown] = text
    kept = [(number, one) for number, one in enumerate(texts) if one or number == shown]
    numbers = [number for number, _ in kept]
    return tuple(one for _, one in kept), numbers.index(shown)


def _text(value: object) -> str | None:
    """What is said; Chub puts it into an object."""
    if isinstance(value, dict):
        value = cast(Row, value).get("message")
    return value if isinstance(value, str) else None


def _name(row: Row, field: str) -> str:
    name = row.get(field)
    return name if isinstance(name, str) and name != "unused" else ""


def _is_set(value: object) -> bool:
    return value is True or (isinstance(value, int) and value == 1)


def _has_note(metadata: object) -> bool:
    if not isinstance(metadata, dict):
        return False
    note = cast(Row, metadata).get("note_prompt")
    return isinstance(note, str) and bool(note.strip())

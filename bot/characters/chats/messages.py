"""Lists of messages: ChatML's {"role", "content"} and ShareGPT's {"from", "value"}."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal, cast

from bot.characters.chats import dates
from bot.characters.chats.line import NARRATOR, Chat, LeftOut, Line, Side, add

Row = Mapping[str, Any]

_Role = Side | Literal["system", "tool"]

_ROLES: Mapping[str, _Role] = {
    "user": "person",
    "human": "person",
    "assistant": "character",
    "gpt": "character",
    "model": "character",
    "bot": "character",
    "chatgpt": "character",
    "system": "system",
    "developer": "system",
    "tool": "tool",
    "function": "tool",
    "function_call": "tool",
    "observation": "tool",
}


def is_message(value: object) -> bool:
    """Whether an object is a message of such a list."""
    if not isinstance(value, dict):
        return False
    keys = cast(Row, value).keys()
    return "role" in keys or {"from", "value"} <= keys


def conversation_of(value: object) -> list[object] | None:
    """The list of messages in an object that holds one, as data sets do; None if it holds none."""
    if not isinstance(value, dict):
        return None
    given = cast(Row, value)
    for name in ("conversations", "messages", "conversation"):
        found = given.get(name)
        if isinstance(found, list):
            return cast("list[object]", found)
    return None


def read(rows: Iterable[object]) -> Chat:
    """A chat out of its messages. What the system says at the beginning is left out, as a prompt
    is no part of a talk; what it says later is told by the narrator.
    """
    lines: list[Line] = []
    left_out: Counter[LeftOut] = Counter()
    for row in rows:
        line = _line(cast(Row, row), first=not lines) if isinstance(row, dict) else "unreadable"
        if isinstance(line, Line):
            add(lines, line)
        elif line:
            left_out[line] += 1
    return Chat(lines, left_out=left_out)


def _line(row: Row, *, first: bool) -> Line | LeftOut | None:
    told = row.get("role", row.get("from"))
    role = _ROLES.get(told.casefold()) if isinstance(told, str) else None
    text = _text(row.get("content", row.get("value")))
    calls = row.get("tool_calls")
    if role == "tool" or (role == "character" and calls and not text):
        return "tools"
    if role is None or text is None:
        return "unreadable"
    if not text:
        return None
    at = dates.milliseconds(row.get("timestamp", row.get("created_at")))
    if role == "system":
        return "system" if first else Line("narrator", NARRATOR, text, at)
    name = row.get("name")
    return Line(role, name if isinstance(name, str) else "", text, at)


def _text(content: object) -> str | None:
    """What a message says: a text, or the texts among its parts."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    parts = (cast(Row, one) for one in cast("list[object]", content) if isinstance(one, dict))
    texts = (part.get("text") for part in parts)
    return "\n".join(text for text in texts if isinstance(text, str))

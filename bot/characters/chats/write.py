"""A chat as SillyTavern writes it, for SillyTavern and for this bot to read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from bot.characters.chats import dates
from bot.characters.chats.line import Chat, Line
from bot.characters.chats.sillytavern import OWN

_NAMELESS_USER = "User"


def as_jsonl(chat: Chat, now: int = 0, metadata: dict[str, Any] | None = None) -> bytes:
    """The chat as a file. `now` (Unix milliseconds) stands for dates that are not known; 0 leaves
    them out. `metadata` is what SillyTavern keeps about a chat beside its lines.
    """
    rows = (json.dumps(row, ensure_ascii=False) for row in _rows(chat, now, metadata or {}))
    return "\n".join(rows).encode("utf-8", "replace") + b"\n"


def _rows(chat: Chat, now: int, metadata: dict[str, Any]) -> Iterator[dict[str, Any]]:
    begun = next((line.at for line in chat.lines if line.at), now)
    yield {
        "user_name": chat.user or _NAMELESS_USER,
        "character_name": chat.character,
        "create_date": _date(begun),
        "chat_metadata": metadata,
    }
    characters = {line.name for line in chat.lines if line.side == "character"}
    last = begun if now else 0
    for line in chat.lines:
        last = line.at or last
        yield _row(line, line.at or (last if now else 0), group=len(characters) > 1)


def _row(line: Line, at: int, *, group: bool) -> dict[str, Any]:
    date = _date(at)
    row: dict[str, Any] = {
        "name": line.name,
        "is_user": line.side == "person",
        "is_system": line.hidden,
        "send_date": date,
        "mes": line.text,
        "extra": _extra(line),
    }
    if line.side == "character":
        texts = line.variants or (line.text,)
        row["swipe_id"] = line.variant
        row["swipes"] = [*texts]
        row["swipe_info"] = [{"send_date": date, "extra": {}} for _ in texts]
        if group and not line.mark:
            # By these a group chat knows whose line it is.
            row["original_avatar"] = f"{line.name}.png"
            row["force_avatar"] = f"/thumbnail?type=avatar&file={quote(line.name)}.png"
    return row


def _extra(line: Line) -> dict[str, Any]:
    narrated = {"type": "narrator"} if line.side == "narrator" else {}
    return {**narrated, OWN: line.mark} if line.mark else narrated


def _date(at: int) -> str:
    return dates.written(at) if at else ""

"""A chat out of a file that anybody may have written: nothing in it is trusted."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any, cast

from bot import json_input
from bot.characters.chats import messages, sillytavern
from bot.characters.chats.line import Chat, Line
from bot.errors import BadInput
from bot.language import later

_NO_CHAT = later(
    "That file holds no chat that I know: I read those of SillyTavern (.jsonl) and of "
    "`/chat export`, and JSON lists of messages with `role` and `content`, or `from` and `value`."
)
_EMPTY = later("Nobody says anything in that file.")
TOO_LARGE = later("That file has more in it than I can read at once. Please divide it.")

# Values, names and lists that are parsed at once: each costs some hundred bytes.
_MOST_PARTS = 1_000_000

# How many lines may be passed before one that says what the file is.
_MOST_UNKNOWN = 1_000

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_BOMS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def read_chat(data: bytes) -> Chat:
    """The chat that a file holds. A `BadInput` says why there is none."""
    chat = _read(_values(_decoded(data)))
    lines = [_clean(line) for line in chat.lines]
    said = [line for line in lines if line.text]
    if not said:
        raise BadInput(_EMPTY)
    return replace(chat, lines=said)


def _decoded(data: bytes) -> str:
    codec = next((codec for bom, codec in _BOMS if data.startswith(bom)), "utf-8-sig")
    return data.decode(codec, "replace")


def _values(text: str) -> Iterator[object]:
    """What stands in the file: the objects of its lines, or those of one list."""
    whole = _whole(text)
    if isinstance(whole, list):
        return iter(cast("list[object]", whole))
    if whole is not None:
        return iter([whole])
    # Not by `splitlines`: texts hold signs that it takes for ends of lines. One after the other,
    # since millions of tiny ones would take a hundred times their room.
    lines = io.StringIO(text, newline="\n")
    return (_parsed(line) for line in lines if not line.isspace())


def _whole(text: str) -> Any:
    """The one value that the text is, None if it is none."""
    if not _is_large(text):
        return _parsed(text)
    if text.lstrip().startswith("["):
        raise BadInput(TOO_LARGE)
    return None


def _parsed(text: str) -> Any:
    """A text as JSON, None if it is none: too deep, too long a number, cut off, too many parts."""
    try:
        return None if _is_large(text) else json_input.loads(text)
    except ValueError:
        return None


def _is_large(text: str) -> bool:
    return sum(map(text.count, ",[{")) > _MOST_PARTS


def _read(values: Iterator[object], *, within: bool = False) -> Chat:
    """A chat out of its rows, as the first one that means anything says what they are.

    `within`: they stand in an object already; those of a further one are none.
    """
    before: list[object] = []
    for value in values:
        every = chain(before, [value], values)
        if sillytavern.is_row(value):
            return sillytavern.read(every)
        if messages.is_message(value):
            return messages.read(every)
        held = None if within else messages.conversation_of(value)
        if held is not None:
            others = sum(messages.conversation_of(one) is not None for one in values)
            return _refuse(others + 1) if others else _read(iter(held), within=True)
        if len(before) == _MOST_UNKNOWN:
            break
        before.append(value)
    raise BadInput(_NO_CHAT)


def _refuse(count: int) -> Chat:
    raise BadInput(
        later(
            "That file holds {count:,} conversations. Please give me one with a single one.",
            count=count,
        )
    )


def _clean(line: Line) -> Line:
    """The line as it can be kept and sent: whole characters, none that is for machines only."""
    if not line.variants:
        return replace(line, text=_plain(line.text))
    variants = tuple(map(_plain, line.variants))
    return replace(line, text=variants[line.variant], variants=variants)


def _plain(text: str) -> str:
    whole = text.replace("\r\n", "\n").encode("utf-8", "replace").decode("utf-8")
    return _CONTROL.sub("", whole).strip()

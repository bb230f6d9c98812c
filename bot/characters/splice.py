"""Changing values within a JSON text, so that everything else in it stays as it was written.

A number may be written as `1.0` or `1e3`, a letter as `\\u00e9`, and no two programs indent alike.
Parsed and written again, all of that is lost; here only the changed values are written anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from bot.characters.document import whole

# Numbers of any length are skipped here, so none of them needs a value.
_SCAN = json.JSONDecoder(parse_int=len, parse_float=len).raw_decode
_SPACE = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Span:
    """A value within a JSON text: where it begins and ends; in an object, its key and its place."""

    start: int
    end: int
    key: str = ""
    key_start: int = 0


def written(value: Any) -> str:
    """A value as JSON text."""
    return json.dumps(whole(value), ensure_ascii=False)


def replaced(text: str, new: Mapping[str, Any], old: Mapping[str, Any]) -> str:
    """The text of an object, whose parsed value is `old`, changed so that it says `new`."""
    return _object(text, _skip(text, 0), old, new)


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON: 1, 1.0 and true are not."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        left, right = cast("dict[str, Any]", one), cast("dict[str, Any]", other)
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(one, list):
        first, second = cast("list[Any]", one), cast("list[Any]", other)
        return len(first) == len(second) and all(map(same, first, second))
    return bool(one == other)


def _value(text: str, span: Span, old: Any, new: Any) -> str:
    if same(old, new):
        return text[span.start : span.end]
    if isinstance(old, dict) and isinstance(new, dict):
        was, becomes = cast("dict[str, Any]", old), cast("dict[str, Any]", new)
        inner = text[span.start : span.end]
        return _object(inner, 0, was, becomes)
    if isinstance(old, list) and isinstance(new, list):
        return _list(text, span, cast("list[Any]", old), cast("list[Any]", new))
    return written(new)


def _object(text: str, start: int, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Members that stay keep their place, changed ones too; new ones follow at the end."""
    spans, end = _members(text, start)
    kept = [at for at, span in enumerate(spans) if span.key in new]
    if not kept:
        fresh = ", ".join(f"{written(key)}: {written(new[key])}" for key in new)
        return f"{text[:start]}{{{fresh}}}{text[end:]}"
    # Of keys that are there twice the last one counts.
    last = {span.key: span for span in spans}
    edits = [
        (span.start, span.end, _value(text, span, old[key], new[key]))
        for key, span in last.items()
        if key in new and not same(old[key], new[key])
    ]
    edits += [
        (span.key_start, spans[at + 1].key_start, "")
        for at, span in enumerate(spans[: kept[-1]])
        if span.key not in new
    ]
    gap = _gap(text, spans)
    added = [f",{gap}{written(key)}: {written(new[key])}" for key in new if key not in last]
    edits.append((spans[kept[-1]].end, spans[-1].end, "".join(added)))
    return _with_edits(text, edits)


def _with_edits(text: str, edits: list[tuple[int, int, str]]) -> str:
    """The text with pieces of it replaced; they do not overlap."""
    out: list[str] = []
    position = 0
    for start, end, replacement in sorted(edits):
        out += (text[position:start], replacement)
        position = end
    return "".join(out) + text[position:]


def _list(text: str, span: Span, old: Sequence[Any], new: Sequence[Any]) -> str:
    """Items that stay at the beginning and at the end keep their text, others are paired."""
    spans = _items(text, span.start)
    head = 0
    while head < min(len(old), len(new)) and same(old[head], new[head]):
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and same(old[-1 - tail], new[-1 - tail]):
        tail += 1
    texts: list[str] = []
    for at, item in enumerate(new):
        was = at if at < len(new) - tail else at + len(old) - len(new)
        if was < len(old) - (tail if at < len(new) - tail else 0):
            texts.append(_value(text, spans[was], old[was], item))
        else:
            texts.append(written(item))
    if len(old) == len(new):
        changed = zip(spans, texts, strict=True)
        edits = [(item.start, item.end, said) for item, said in changed]
        return _with_edits(text[: span.end], edits)[span.start :]
    return "[" + ", ".join(texts) + "]"


def _gap(text: str, spans: Sequence[Span]) -> str:
    """The blanks that stand before the last key, so that a new line looks like the others."""
    at = spans[-1].key_start
    begin = at
    while begin and text[begin - 1] in " \t\r\n":
        begin -= 1
    return text[begin:at]


def _members(text: str, start: int) -> tuple[list[Span], int]:
    """The members of the object that begins at `start`, and where it ends."""
    spans: list[Span] = []
    at = _skip(text, start + 1)
    while text[at] != "}":
        if text[at] == ",":
            at = _skip(text, at + 1)
        key, end = _SCAN(text, at)
        value_start = _skip(text, _skip(text, end) + 1)
        value_end = _SCAN(text, value_start)[1]
        spans.append(Span(value_start, value_end, whole(key), at))
        at = _skip(text, value_end)
    return spans, at + 1


def _items(text: str, start: int) -> list[Span]:
    """The items of the list that begins at `start`."""
    spans: list[Span] = []
    at = _skip(text, start + 1)
    while text[at] != "]":
        if text[at] == ",":
            at = _skip(text, at + 1)
        end = _SCAN(text, at)[1]
        spans.append(Span(at, end))
        at = _skip(text, end)
    return spans


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at

"""The JSON in a model's answer: bare, in a code fence, or with words around it."""

from __future__ import annotations

import json
import re

from bot import json_input
from bot.errors import BadInput
from bot.language import later
from bot.schemas import loose
from bot.schemas.loose import Unreadable
from bot.schemas.tree import check_depth

# Hermes 4 and Hermes 3 may think aloud first; braces in there are no answer.
_THOUGHTS = re.compile(r"<(think|scratch_pad)>.*?</\1>", re.DOTALL)
_FENCED = re.compile(r"```[\w-]*[ \t]*\n(.*?)\n?[ \t]*```", re.DOTALL)
# Where an object really begins, unlike a brace in prose: a name and a colon follow, or its end.
_BEGINNING = re.compile(r"""\{\s*(?:\}|"(?:[^"\\]|\\.)*"\s*:|'(?:[^'\\]|\\.)*'\s*:)""", re.DOTALL)


def read(text: str) -> object:
    """The one JSON value of an answer; `Unreadable` says why there is none, or more than one."""
    spoken = _THOUGHTS.sub("", text).strip()
    if not spoken:
        raise Unreadable(later("it is empty"))
    # As it is before anything else: what looks like a thought may stand in a text of it.
    for whole in (text.strip(), spoken):
        try:
            return _strictly(whole)
        except json.JSONDecodeError:
            pass
    found = _fenced(spoken) or _objects(spoken)
    # Braces without content stand for "an object" in prose.
    found = [value for value in found if value] or found
    if not found:
        raise Unreadable(later("there is no JSON object in it"))
    if any(value != found[0] for value in found):
        raise Unreadable(
            later("there are {count} JSON objects in it, but only one is wanted", count=len(found))
        )
    return found[0]


def write(value: object) -> str:
    """A value as people read it: indented JSON that can be encoded whatever is in it."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    # Half a character (a lone surrogate) cannot be sent; its escape sequence can.
    return text if _encodes(text) else json.dumps(value, indent=2)


def _strictly(text: str) -> object:
    try:
        value: object = json_input.loads(
            text,
            parse_int=lambda digits: loose.as_number(digits, whole=True),
            parse_float=lambda digits: loose.as_number(digits, whole=False),
            parse_constant=_refuse,
        )
        check_depth(value, loose.MAX_DEPTH)
    except (json_input.TooDeep, BadInput):
        raise Unreadable(
            later("it is nested more than {most} levels deep", most=loose.MAX_DEPTH)
        ) from None
    return value


def _fenced(text: str) -> list[object]:
    """All objects in code fences; none where a text in one of them holds a fence of its own."""
    fences: list[str] = _FENCED.findall(text)
    try:
        return [value for fence in fences for value in _objects(fence)]
    except Unreadable:
        return []


def _objects(text: str) -> list[object]:
    """All objects of a text, side by side; one that is broken is `Unreadable`."""
    found: list[object] = []
    at = 0
    while beginning := _BEGINNING.search(text, at):
        value, at = loose.read(text, beginning.start())
        found.append(value)
    return found


def _refuse(name: str) -> object:
    raise Unreadable(later("{name} is no JSON", name=name))


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

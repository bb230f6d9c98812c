"""A card's JSON text: from bytes to text, from text to values, both within bounds."""

from __future__ import annotations

import codecs
import json
import re
import sys
from dataclasses import dataclass
from typing import Any, cast

from bot.characters import bounds
from bot.errors import BadInput
from bot.json_input import levels, without_strings
from bot.language import later

_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_MAYBE_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_CONTROL = re.compile(r"[\x00-\x1f]")
_MOST_REPEATED = 5
_BLANK = " \t\r\n\0"

_TEXT = later("That card's text")
_ADVICE = later("Is its lorebook that large?")
_MENDED = later("That card's text, mended,")
_ODD_BYTES = later(
    "The file is not UTF-8, so I read it as Western European text; "
    "look whether accents and quotation marks are right."
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A JSON object: its text, what it says, and what is to be told of it."""

    text: str
    root: dict[str, Any]
    warnings: tuple[str, ...]


def decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    """A file's text, with warnings; `BadInput` if it cannot be text."""
    bounds.check(len(data), bounds.MAX_JSON, _TEXT, _ADVICE)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return data.decode("utf-16").strip(_BLANK), ()
        except UnicodeDecodeError:
            raise BadInput(
                later("That file begins as UTF-16 text but is none. Save it as UTF-8.")
            ) from None
    try:
        return data.decode("utf-8-sig").strip(_BLANK), ()
    except UnicodeDecodeError:
        # Python's cp1252 has five holes; Latin-1 has none.
        try:
            text = data.decode("cp1252")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
        return text.strip(_BLANK), (_ODD_BYTES,)


def parse(text: str, told: tuple[str, ...] = ()) -> Parsed:
    """Parse a text that has to be a JSON object; `BadInput` says what is wrong with it.

    Of keys that are there twice the last one counts. Halves of surrogate pairs, which no text can
    have, become U+FFFD. Line breaks within strings are tolerated, and written as JSON wants them.
    `told` are the warnings of whoever made the text.
    """
    # What came as Latin-1 or UTF-16 may be longer as UTF-8, in which it is kept.
    bounds.check(len(text.encode("utf-8", "surrogatepass")), bounds.MAX_JSON, _TEXT, _ADVICE)
    check_shape(text)
    repeated: dict[str, None] = {}
    try:
        value = _loads(text, repeated)
    except json.JSONDecodeError as error:
        if not error.msg.startswith("Invalid control character"):
            raise _broken(error) from None
        text = _with_escapes(text)
        try:
            value = _loads(text, repeated)
        except json.JSONDecodeError as worse:
            raise _broken(worse) from None
    if not isinstance(value, dict):
        raise BadInput(
            later("That is JSON, but no card: a card is an object that begins with `{`.")
        )
    root = cast("dict[str, Any]", whole(value) if _MAYBE_HALF.search(text) else value)
    if repeated:
        shown = ", ".join(f"`{name[:40]}`" for name in list(repeated)[:5])
        twice = later(
            "The card says {names} more than once; the last one counts.", names=whole(shown)
        )
        told = (*told, twice)
    return Parsed(text, root, told)


def _loads(text: str, repeated: dict[str, None]) -> Any:
    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs) and len(repeated) < _MOST_REPEATED:
            seen: set[str] = set()
            repeated.update({name: None for name, _ in pairs if name in seen or seen.add(name)})
        return found

    decoder = json.JSONDecoder(
        object_pairs_hook=members,
        parse_int=_integer,
        parse_float=_float,
        parse_constant=_no_json,
    )
    return decoder.decode(text)


def _broken(error: json.JSONDecodeError) -> BadInput:
    return BadInput(
        later(
            "That card's JSON is broken: {problem} (line {line}, column {column}). "
            "Was the file cut off or edited?",
            problem=error.msg,
            line=error.lineno,
            column=error.colno,
        )
    )


def _with_escapes(text: str) -> str:
    """The text with line breaks and the like in its strings written as JSON wants them."""
    count = sum(map(text.count, map(chr, range(32))))
    longest = len(json.dumps("\0")) - 2
    size = len(text.encode("utf-8", "surrogatepass")) + count * (longest - 1)
    bounds.check(size, bounds.MAX_JSON, _MENDED)
    return _STRING.sub(lambda string: _CONTROL.sub(_escaped, string[0]), text)


def _escaped(mark: re.Match[str]) -> str:
    return json.dumps(mark[0])[1:-1]


def check_shape(text: str) -> None:
    """Refuse JSON that is nested too deeply or has too many parts, without parsing it."""
    # At least one quotation mark of a string has no backslash before it.
    if text.count('"') - text.count('\\"') > 2 * bounds.MAX_PARTS:
        raise _too_many_parts()
    bare = without_strings(text)
    if sum(bare.count(mark) for mark in "[{,:") > bounds.MAX_PARTS:
        raise _too_many_parts()
    if levels(bare) > bounds.MAX_NESTING:
        raise BadInput(
            later(
                "That card's JSON is nested more than {most} levels deep. "
                "No card needs that; export it again from where it was made.",
                most=bounds.MAX_NESTING,
            )
        )


def whole(value: Any) -> Any:
    """The same value without halves of surrogate pairs, which cannot be stored or sent."""
    if isinstance(value, str):
        return _HALF_PAIR.sub("\ufffd", value)
    if isinstance(value, list):
        return [whole(item) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        given = cast("dict[str, Any]", value)
        return {whole(key): whole(item) for key, item in given.items()}
    return value


def _too_many_parts() -> BadInput:
    return BadInput(
        later(
            "That card has more than {most:,} parts, too many to read. Split its lorebook.",
            most=bounds.MAX_PARTS,
        )
    )


def _integer(digits: str) -> int | float:
    # Python refuses to read thousands of digits. Nobody calculates with them here.
    return int(digits) if len(digits) <= 400 else _float(digits)


def _float(digits: str) -> float:
    # What is beyond all numbers could not be written as JSON again.
    return min(sys.float_info.max, max(-sys.float_info.max, float(digits)))


def _no_json(name: str) -> Any:
    raise BadInput(
        later("That card's JSON is broken: it has {word} where a number has to be.", word=name)
    )

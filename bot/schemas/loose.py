"""JSON as models write it: also with Python's words and quotes, and a comma too many.

A reader of its own, since the data that Hermes models were trained on holds Python literals, and
nothing that a model wrote is ever handed to Python's own parser or evaluated.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from bot.language import Text, later

MAX_DEPTH = 32
"""How deep an answer may be nested. Checking it takes a dozen calls for each level."""

_LONGEST_NUMBER = 300

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?\d+(?P<fraction>\.\d+)?(?P<exponent>[eE][+-]?\d+)?")
_WORD = re.compile(r"[A-Za-z]+")
_WORDS = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
_PLAIN = {quote: re.compile(rf"[^\\{quote}]*") for quote in "\"'"}
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "\n": ""}
_CODED = re.compile(r"u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|U(0010[0-9a-fA-F]{4}|000[0-9a-fA-F]{5})")
_HALF = re.compile(r"\\u([0-9a-fA-F]{4})")
_HIGH, _LOW = range(0xD800, 0xDC00), range(0xDC00, 0xE000)


class Unreadable(ValueError):
    """The text is not what it should be; `text` says why, in words for the model too."""

    def __init__(self, text: Text) -> None:
        super().__init__(text)
        self.text = text


def read(text: str, at: int = 0) -> tuple[object, int]:
    """Read the value that begins at `at`; also returns where it ends."""
    reader = _Reader(text, at)
    return reader.value(0), reader.at


@dataclass(slots=True)
class _Reader:
    text: str
    at: int

    def value(self, depth: int) -> object:
        if depth > MAX_DEPTH:
            raise Unreadable(later("it is nested more than {most} levels deep", most=MAX_DEPTH))
        match self._next():
            case "{":
                return self._object(depth)
            case "[":
                return self._array(depth)
            case '"' | "'":
                return self._string()
            case _:
                return self._simple()

    def _object(self, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        self.at += 1
        while self._next() != "}":
            if self._next() not in "\"'":
                raise self._wrong(later("a name in quotes"))
            name = self._string()
            if self._next() != ":":
                raise self._wrong(later("a colon"))
            self.at += 1
            found[name] = self.value(depth + 1)
            self._comma("}")
        self.at += 1
        return found

    def _array(self, depth: int) -> list[object]:
        found: list[object] = []
        self.at += 1
        while self._next() != "]":
            found.append(self.value(depth + 1))
            self._comma("]")
        self.at += 1
        return found

    def _comma(self, end: str) -> None:
        """A comma, also one before the end; or the end itself, which stays."""
        if self._next() == ",":
            self.at += 1
        elif self._next() != end:
            raise self._wrong(later("a comma or {end}", end=end))

    def _string(self) -> str:
        quote = self.text[self.at]
        self.at += 1
        parts: list[str] = []
        while True:
            plain = _PLAIN[quote].match(self.text, self.at)
            assert plain is not None
            parts.append(plain[0])
            self.at = plain.end()
            if self.at >= len(self.text):
                raise Unreadable(later("it ends in the middle of a text"))
            if self.text[self.at] == quote:
                self.at += 1
                return "".join(parts)
            parts.append(self._escape())

    def _escape(self) -> str:
        self.at += 1
        if coded := _CODED.match(self.text, self.at):
            self.at = coded.end()
            return self._character(int(coded[1] or coded[2] or coded[3], 16))
        sign = self.text[self.at : self.at + 1]
        self.at += 1
        if sign in _ESCAPED:
            return _ESCAPED[sign]
        return sign if sign in "\"'/\\" else f"\\{sign}"

    def _character(self, code: int) -> str:
        """A character; two halves of one that is written as a pair are put together."""
        half = _HALF.match(self.text, self.at)
        if code in _HIGH and half and int(half[1], 16) in _LOW:
            self.at = half.end()
            return chr(0x10000 + ((code - 0xD800) << 10) + int(half[1], 16) - 0xDC00)
        return chr(code)

    def _simple(self) -> object:
        if number := _NUMBER.match(self.text, self.at):
            self.at = number.end()
            return as_number(number[0], whole=not (number["fraction"] or number["exponent"]))
        word = _WORD.match(self.text, self.at)
        if word is None or word[0] not in _WORDS:
            raise self._wrong(later("a value"))
        self.at = word.end()
        return _WORDS[word[0]]

    def _next(self) -> str:
        """The next character that is no space; the reader stands on it."""
        space = _SPACE.match(self.text, self.at)
        assert space is not None
        self.at = space.end()
        if self.at >= len(self.text):
            raise Unreadable(later("it ends in the middle of the JSON"))
        return self.text[self.at]

    def _wrong(self, wanted: Text) -> Unreadable:
        seen = self.text[self.at : self.at + 20]
        return Unreadable(
            later("it needs {wanted} where it has {seen!r}", wanted=wanted, seen=seen)
        )


def as_number(text: str, *, whole: bool) -> int | float:
    """A number that JSON can carry on: neither endless digits nor infinity."""
    if len(text) > _LONGEST_NUMBER:
        raise Unreadable(later("a number in it has too many digits"))
    if whole:
        return int(text)
    number = float(text)
    if not math.isfinite(number):
        raise Unreadable(later("the number {number} in it is too large", number=text))
    return number

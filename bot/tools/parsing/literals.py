"""JSON as models write it, read piece by piece: also Python literals, and a comma too many.

A reader of its own, since the data that Hermes models were trained on holds Python literals, since
a call may arrive letter by letter, and since nothing that a model wrote is ever handed to Python's
own parser or evaluated. It keeps its place on a stack of its own: no depth can exhaust Python's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from enum import Enum
from typing import Any

from bot.tools.parsing.marks import past
from bot.tools.parsing.strings import StringReader, opening_quote

MAX_DEPTH = 128
"""How deep a value may be nested."""

# Python itself refuses to read or print whole numbers that are longer.
_LONGEST_NUMBER = 4300

_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"[-+.\w]+")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
_CUT_WORDS = frozenset(word[:n] for word in _WORDS for n in range(1, len(word)))
# What only more digits make a number of: "-", "2e", "2e-", "-.".
_CUT_NUMBER = re.compile(r"-?\.?|-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)[eE][-+]?")
_BEGINNING = {"}": "{", "]": "[", ")": "("}


class Status(Enum):
    """How far a reader has come."""

    OPEN = "it needs more text"
    DONE = "the value is complete"
    FAILED = "this is no value"


class _Next(Enum):
    """What may come next."""

    VALUE = "a value"
    ITEM = "a value, or the end of the list"
    KEY = "a name, or the end of the object"
    COLON = "a colon"
    COMMA = "a comma, or the end"


_VALUES = (_Next.VALUE, _Next.ITEM)
_CLOSABLE = (_Next.ITEM, _Next.KEY, _Next.COMMA)


class Reader:
    """Reads one value, wherever its text is cut into pieces.

    When `status` is DONE, `value` is the value and `repaired` tells whether closing brackets had to
    be supplied. When it is FAILED, `fault` is "invalid_json" or "too_deep". With `names`, an object
    (or a list of them) whose "name" it refuses fails as soon as that name has been read.
    """

    def __init__(self, names: Callable[[str], bool] | None = None) -> None:
        self.status = Status.OPEN
        self.value: object = None
        self.fault = ""
        self.repaired = False
        self._names = names
        self._next = _Next.VALUE
        # The objects and lists that are open, and the bracket that opened each.
        self._stack: list[dict[str, object] | list[object]] = []
        self._brackets: list[str] = []
        self._key = ""
        self._string: StringReader | None = None

    def feed(self, text: str, at: int, *, final: bool) -> int:
        """Read on from `at`; return how far it came: the end of the value, or the first fault.

        What lies between there and the end of the text has to be given again, with more behind it.
        """
        while self.status is Status.OPEN:
            if self._string is not None:
                at, ended = self._string.feed(text, at, final=final)
                if not ended:
                    break
                self._take_string(self._string.value())
                self._string = None
                continue
            at = past(_SPACE, text, at)
            if at >= len(text):
                break
            moved = self._token(text, at, final)
            if moved == at:
                break
            at = moved
        return at

    def close(self) -> bool:
        """Supply the closing brackets, if nothing else is missing; return whether it is done."""
        if self._string or self._next not in _CLOSABLE or "(" in self._brackets:
            return False
        self.status, self.fault, self.repaired = Status.DONE, "", True
        return True

    def _token(self, text: str, at: int, final: bool) -> int:
        """Take one token; return its end, or `at` where it fails or needs more text."""
        char = text[at]
        if char in "\"'":
            return self._quote(text, at, final)
        if char in "{[(":
            return self._open(char, at)
        if char in "}])":
            return self._end(char, at)
        if char == "," and self._next is _Next.COMMA:
            self._next = _Next.KEY if self._brackets[-1] == "{" else _Next.ITEM
            return at + 1
        if char == ":" and self._next is _Next.COLON:
            self._next = _Next.VALUE
            return at + 1
        return self._word(text, at, final)

    def _quote(self, text: str, at: int, final: bool) -> int:
        if self._next not in (*_VALUES, _Next.KEY):
            return self._fail(at)
        quote = opening_quote(text, at, final=final)
        if quote:
            self._string = StringReader(quote)
        return at + len(quote)

    def _open(self, bracket: str, at: int) -> int:
        if self._next not in _VALUES:
            return self._fail(at)
        if len(self._stack) >= MAX_DEPTH:
            return self._fail(at, "too_deep")
        opened: dict[str, object] | list[object] = {} if bracket == "{" else []
        self._put(opened)
        self._stack.append(opened)
        self._brackets.append(bracket)
        self._next = _Next.KEY if bracket == "{" else _Next.ITEM
        return at + 1

    def _end(self, bracket: str, at: int) -> int:
        wanted = _BEGINNING[bracket]
        if self._next not in _CLOSABLE or wanted not in self._brackets:
            return self._fail(at)
        while self._brackets[-1] != wanted:
            if self._brackets[-1] == "(":
                return self._fail(at)
            self._pop()
            self.repaired = True
        # A single value in parentheses is an expression, and no tuple.
        if bracket == ")" and self._next is _Next.COMMA and len(self._stack[-1]) == 1:
            return self._fail(at)
        self._pop()
        if not self._stack:
            self.status = Status.DONE
        return at + 1

    def _pop(self) -> None:
        self._stack.pop()
        self._brackets.pop()
        self._next = _Next.COMMA

    def _word(self, text: str, at: int, final: bool) -> int:
        word = _WORD.match(text, at)
        if self._next not in _VALUES or word is None or len(word[0]) > _LONGEST_NUMBER:
            return self._fail(at)
        if word.end() == len(text) and not final:
            return at
        try:
            self._put(_simple(word[0]))
        except ValueError:
            # Whatever ends the answer in the middle of a word stands behind it.
            return self._fail(word.end() if _is_cut(word[0]) else at)
        if not self._stack:
            self.status = Status.DONE
        return word.end()

    def _take_string(self, string: str) -> None:
        if self._next is _Next.KEY:
            self._key, self._next = string, _Next.COLON
            return
        is_name = self._key == "name" and self._names and self._in_outermost_object()
        self._put(string)
        if is_name and self._names and not self._names(string):
            self._fail(0)
        elif not self._stack:
            self.status = Status.DONE

    def _in_outermost_object(self) -> bool:
        return self._brackets == ["{"] or (
            len(self._brackets) == 2 and self._brackets[0] != "{" and self._brackets[1] == "{"
        )

    def _put(self, value: object) -> None:
        if not self._stack:
            self.value = value
            return
        around = self._stack[-1]
        if isinstance(around, dict):
            around[self._key] = value
        else:
            around.append(value)
        self._next = _Next.COMMA

    def _fail(self, at: int, fault: str = "invalid_json") -> int:
        self.status, self.fault = Status.FAILED, fault
        return at


def read(text: str) -> Any:
    """Read a text that is one whole value, JSON or a Python literal; else `ValueError`."""
    reader = Reader()
    at = reader.feed(text, 0, final=True)
    if reader.status is not Status.DONE or reader.repaired or text[at:].strip():
        deep = reader.fault == "too_deep"
        raise ValueError("that is nested too deeply" if deep else "that is not JSON")
    return reader.value


def _is_cut(word: str) -> bool:
    """Whether more text could make a value of it."""
    return word in _CUT_WORDS or _CUT_NUMBER.fullmatch(word) is not None


def _simple(word: str) -> object:
    """A number, or one of the words; ValueError if it is neither, or too large a number."""
    if word in _WORDS:
        return _WORDS[word]
    if _INTEGER.fullmatch(word):
        return int(word)
    if not _FLOAT.fullmatch(word):
        raise ValueError(word)
    number = float(word)
    if not math.isfinite(number):
        raise ValueError(word)
    return number

"""JSON that somebody else wrote, read alike by every Python.

How many levels the standard library's reader goes down is left to the interpreter: hundreds in
Python 3.11, thousands in 3.12, more than twenty thousand in 3.14. Whoever walks through what was
read ends at a thousand in all of them. So the levels are counted before anything is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import accumulate
from typing import Any

MOST_LEVELS = 200
"""More than anything has that is meant well."""

_Hook = Callable[[Any], Any] | None

_ESCAPE = re.compile(r"\\.", re.DOTALL)
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}


class TooDeep(ValueError):
    """A JSON text whose values lie in each other too often."""

    def __init__(self) -> None:
        super().__init__("nested too deeply")


def loads(
    text: str | bytes | bytearray,
    *,
    object_pairs_hook: _Hook = None,
    parse_int: _Hook = None,
    parse_float: _Hook = None,
    parse_constant: _Hook = None,
) -> Any:
    """The value of a JSON text, as by `json.loads`.

    `ValueError` if it is none; of that `TooDeep` if it has more than `MOST_LEVELS`.
    """
    if not isinstance(text, str):
        text = text.decode(json.detect_encoding(text), "surrogatepass")
    opened = text.count("[") + text.count("{")
    if opened > MOST_LEVELS and levels(without_strings(text)) > MOST_LEVELS:
        raise TooDeep
    try:
        return json.loads(
            text,
            object_pairs_hook=object_pairs_hook,
            parse_int=parse_int,
            parse_float=parse_float,
            parse_constant=parse_constant,
        )
    except RecursionError:  # Whoever calls is almost too deep already.
        raise TooDeep from None


def without_strings(text: str) -> str:
    """What stands outside the strings of a JSON text."""
    if "\\" in text:
        text = _ESCAPE.sub("", text)
    return "".join(text.split('"')[::2])


def levels(bare: str) -> int:
    """How deep values lie in each other, in a text without strings."""
    return max(accumulate(_STEPS[mark] for mark in re.findall(r"[\[\]{}]", bare)), default=0)

"""Reading JSON that a server may have written otherwise than it should: little here can fail."""

from __future__ import annotations

from typing import Any, cast

# More tokens than anything has; what is not true need not be stored either.
_MOST = 2**31

# A name beyond this is none that anybody reads, in characters.
_LONGEST_NAME = 200


def table(value: object) -> dict[str, Any]:
    """An object; an empty one for anything else."""
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def rows(value: object) -> list[Any]:
    """A list; an empty one for anything else."""
    return cast(list[Any], value) if isinstance(value, list) else []


def words(value: object) -> str:
    """A text; "" for anything else."""
    return value if isinstance(value, str) else ""


def name(value: object) -> str:
    """A text that fits into one line of a log, and into a label; "" for anything else."""
    text = words(value)[:_LONGEST_NAME].encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def count(value: object) -> int | None:
    """A whole number from 0 on, as far as anything can be counted; None for anything else."""
    return value if type(value) is int and 0 <= value < _MOST else None

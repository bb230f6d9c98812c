"""Reading JSON that a server may have written otherwise than it should: nothing here fails."""

from __future__ import annotations

from typing import Any, cast


def table(value: object) -> dict[str, Any]:
    """An object; an empty one for anything else."""
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def rows(value: object) -> list[Any]:
    """A list; an empty one for anything else."""
    return cast(list[Any], value) if isinstance(value, list) else []


def words(value: object) -> str:
    """A text; "" for anything else."""
    return value if isinstance(value, str) else ""


def count(value: object) -> int | None:
    """A whole number from 0 on; None for anything else."""
    return value if type(value) is int and value >= 0 else None

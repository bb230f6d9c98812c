"""What JSON Schema's keywords ask of a single value, with JSON's ideas of types and equality."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Mapping
from fractions import Fraction
from typing import Any, cast

from bot.errors import BadInput

# Values nested deeper are equal to nothing, not even to themselves.
_MAX_DEPTH = 200


def is_of_type(value: object, kind: object) -> bool:
    """Whether a value is of a type of JSON Schema: 6.0 is an integer, True is none."""
    match kind:
        case "integer":
            number = _number(value)
            return isinstance(number, int) or (number is not None and number.is_integer())
        case "number":
            return _number(value) is not None
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case "null":
            return value is None
        case _:
            # A type that JSON Schema does not have asks nothing.
            return True


def canonical(value: object, depth: int = 0) -> Hashable:
    """The same for what JSON calls equal: 1 and 1.0 are, 1 and True are not."""
    if isinstance(value, bool):
        return ("boolean", value)
    if not isinstance(value, (list, dict)):
        return cast(Hashable, value)
    if depth > _MAX_DEPTH:
        return object()
    if isinstance(value, list):
        items = cast("list[object]", value)
        return ("array", tuple([canonical(one, depth + 1) for one in items]))
    pairs = cast("dict[str, object]", value).items()
    return ("object", frozenset([(key, canonical(one, depth + 1)) for key, one in pairs]))


def shortened(value: object) -> str:
    """A value of a schema for a message; what is in a list or an object is left out."""
    if isinstance(value, (list, dict)):
        return "[...]" if isinstance(value, list) else "{...}"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def broken_constraints(schema: Mapping[str, Any], value: object) -> Iterator[str]:
    """What a value breaks, in words. A keyword that makes no sense asks nothing."""
    if "const" in schema and canonical(schema["const"]) != canonical(value):
        yield f"this has to be {shortened(schema['const'])}"
    if (number := _number(value)) is not None:
        yield from _of_number(schema, number)
    elif isinstance(value, str):
        yield from _of_size(schema, len(value), "Length", "characters")
        yield from _of_pattern(schema, value)
    elif isinstance(value, list):
        found = cast("list[object]", value)
        yield from _of_size(schema, len(found), "Items", "items")
        if schema.get("uniqueItems") is True and len(set(map(canonical, found))) < len(found):
            yield "no item may be there twice"
    elif isinstance(value, dict):
        yield from _of_size(schema, len(cast("dict[str, Any]", value)), "Properties", "keys")


def _of_number(schema: Mapping[str, Any], value: int | float) -> Iterator[str]:
    bounds: dict[str, tuple[Callable[[int | float], bool], str]] = {
        "minimum": (lambda bound: value >= bound, "at least"),
        "maximum": (lambda bound: value <= bound, "at most"),
        "exclusiveMinimum": (lambda bound: value > bound, "more than"),
        "exclusiveMaximum": (lambda bound: value < bound, "less than"),
    }
    for keyword, (fits, words) in bounds.items():
        bound = _number(schema.get(keyword))
        if bound is not None and not fits(bound):
            yield f"this has to be {words} {bound}"
    step = _number(schema.get("multipleOf"))
    if step is not None and step > 0 and not _is_multiple(value, step):
        yield f"this has to be a multiple of {step}"


def _is_multiple(value: int | float, step: int | float) -> bool:
    # As they are written, not as they are stored: 0.3 is a multiple of 0.1.
    return (Fraction(str(value)) / Fraction(str(step))).denominator == 1


def _of_size(schema: Mapping[str, Any], size: int, of: str, words: str) -> Iterator[str]:
    least, most = _number(schema.get(f"min{of}")), _number(schema.get(f"max{of}"))
    if least is not None and size < least:
        yield f"this has to have at least {least} {words}"
    if most is not None and size > most:
        yield f"this has to have at most {most} {words}"


def _of_pattern(schema: Mapping[str, Any], value: str) -> Iterator[str]:
    pattern = schema.get("pattern")
    if not isinstance(pattern, str):
        return
    # The engine with linear time takes a while to load, and few tools have patterns.
    from bot.schemas import patterns

    try:
        patterns.check(pattern)
    except BadInput:
        return
    if not patterns.matches(pattern, value):
        yield f"this has to match {pattern}"


def _number(value: object) -> int | float | None:
    """A number of JSON, to which True does not belong."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None

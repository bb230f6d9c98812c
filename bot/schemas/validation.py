"""Whether a value fits a schema, and what is wrong with it in words, at a bounded price."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from fractions import Fraction
from functools import cache
from ipaddress import ip_address
from itertools import islice
from typing import Any, cast

from bot.errors import BadInput
from bot.language import later
from bot.schemas import patterns
from bot.schemas.tree import Schema, place

# Applications of a keyword to a value. References may multiply (ten that each name the next one
# twice are a thousand), so it is the work that is bounded, not the size; this takes 0.2 s at most.
_STEPS = 20_000

_SHOWN = 5
_LONGEST = 300

Check = Callable[[Any, Any, Any, Any], Iterable[Any] | None]

_FORMATS: Mapping[str, Callable[[str], object]] = {
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "date-time": datetime.fromisoformat,
    "uuid": uuid.UUID,
    "ipv4": ip_address,
    "ipv6": ip_address,
    "email": lambda text: text.index("@"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where: `films[2].year`, or "" for the whole answer."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"at `{self.path}`: {self.message}" if self.path else self.message


class _Library:
    """What is used of jsonschema; its types are loose. Only who wants JSON pays its 2 MB."""

    def __init__(self) -> None:
        import jsonschema
        import referencing
        from jsonschema import exceptions, validators

        self.draft = cast(Any, jsonschema.Draft202012Validator)
        # An empty registry: nothing is ever fetched from an address that a schema names.
        self.nowhere = cast(Any, referencing).Registry()
        self.extend = cast(Any, validators).extend
        self.telling = cast(Any, exceptions).best_match
        self.error = cast(Any, exceptions).ValidationError
        # A few formats. The library's own "regex", for one, compiles whatever it is given.
        self.formats = cast(Any, jsonschema).FormatChecker(formats=())
        for name, parse in _FORMATS.items():
            self.formats.checks(name, raises=ValueError)(_reads(parse))


_library = cache(_Library)


class _TooMuch(Exception):
    """The check has taken more steps than it may."""


def check_schema(document: Schema) -> None:
    """Refuse what is no JSON Schema (draft 2020-12), and patterns that cannot be used."""
    library = _library()
    error = library.telling(library.draft(library.draft.META_SCHEMA).iter_errors(document))
    if error is not None:
        where = place("/".join(map(str, error.absolute_path)))
        raise BadInput(
            later(
                "That is no JSON Schema: in {place}, {reason}.",
                place=where,
                reason=_shortened(error.message),
            )
        )


def check_patterns(schemas: Iterable[Schema | bool]) -> None:
    """Refuse patterns that cannot be used, and too many of them."""
    found = [one["pattern"] for one in schemas if isinstance(one, dict) and "pattern" in one]
    if len(found) > patterns.MOST:
        raise BadInput(
            later(
                "A schema can have {most} patterns, not {count}.",
                most=patterns.MOST,
                count=len(found),
            )
        )
    for pattern in found:
        patterns.check(pattern)


def problems(document: Schema, value: object) -> list[Problem]:
    """What is wrong with a value, in the schema's order, at most five; none: it fits.

    The document has been read (`reading.of`). One that takes too long to check is `BadInput`.
    """
    library = _library()
    validator = _class()(document, registry=library.nowhere, format_checker=library.formats)
    try:
        found: list[Any] = list(islice(validator.iter_errors(value), _SHOWN))
        return [_problem(library.telling([error])) for error in found]
    except (_TooMuch, RecursionError):
        raise BadInput(
            later("That schema is too tangled: to check an answer against it takes too long.")
        ) from None


def _problem(error: Any) -> Problem:
    return Problem(path_of(error.absolute_path), _shortened(error.message))


def path_of(keys: Iterable[str | int]) -> str:
    """Keys and indexes as people write them: `films[2].year`."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)
    return text.removeprefix(".")


def _class() -> Any:
    """The validator with counted steps and patterns in linear time."""
    left = _STEPS

    def counted(check: Check) -> Check:
        def spend(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
            nonlocal left
            left -= 1
            if left < 0:
                raise _TooMuch
            yield from check(validator, value, instance, schema) or ()

        return spend

    library = _library()
    known: Mapping[str, Check] = library.draft.VALIDATORS
    checks = {keyword: counted(check) for keyword, check in known.items()}
    own = {"pattern": _pattern, "multipleOf": _multiple_of}
    return library.extend(library.draft, {**checks, **own})


def _pattern(_: Any, pattern: str, instance: object, __: Any) -> Iterator[Any]:
    if isinstance(instance, str) and not patterns.matches(pattern, instance):
        yield _library().error(f"{instance!r} does not match {pattern!r}")


def _multiple_of(validator: Any, step: int | float, instance: Any, _: Any) -> Iterator[Any]:
    # As they are written, not as they are stored: 19.99 is a multiple of 0.01.
    is_number = validator.is_type(instance, "number")
    if is_number and (Fraction(str(instance)) / Fraction(str(step))).denominator != 1:
        yield _library().error(f"{instance!r} is not a multiple of {step}")


def _reads(parse: Callable[[str], object]) -> Callable[[object], bool]:
    def check(value: object) -> bool:
        if isinstance(value, str):
            parse(value)
        return True

    return check


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"

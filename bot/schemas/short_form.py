"""`name: type`, the short way to write a schema.

    title: text            # as on the cover
    year?: integer         - if it is known
    genre: drama | comedy | horror
    cast: list of text

One field a line, or several with commas between. A `?` behind the name or the type makes a field
optional; words after `#` or ` - ` describe it. Nothing but the named fields is allowed.
"""

from __future__ import annotations

import re
from typing import Any

from bot.errors import BadInput
from bot.language import later

MOST_FIELDS = 50

_WORDS = {
    "string": ("string", "text", "str"),
    "number": ("number", "float", "decimal"),
    "integer": ("integer", "int", "whole number"),
    "boolean": ("boolean", "bool", "yes/no"),
}
_TYPES = {word: {"type": kind} for kind, words in _WORDS.items() for word in words} | {
    "date": {"type": "string", "format": "date"}
}
# What is written in a schema is English in every language.
_NAMES = later(
    "{names}, or choices such as a | b | c",
    names="text, number, integer, boolean, date, list of …",
)

_NAME = r"\w(?:[\w .-]{0,62}\w)?"
_FIELD = re.compile(
    rf"(?:[-*•] +)?[\"'`]?(?P<name>{_NAME})[\"'`]?\s*(?P<optional>\??)\s*:(?P<rest>.*)"
)
# A comma between fields: what comes next has a name and a colon.
_BETWEEN = re.compile(rf",(?=\s*[\"'`]?{_NAME}[\"'`]?\s*\??\s*:)")
_DESCRIBED = re.compile(r"\s*#\s*|\s+[-–—]\s+|\s*//\s*")
_LIST = re.compile(r"(?:list|array)(?:\s+of\s+(?P<of>.+))?|(?P<before>.+?)\s*\[\]", re.IGNORECASE)


def looks_like_one(text: str) -> bool:
    """Whether a text begins with a field of the short form."""
    return _FIELD.match(text.strip()) is not None


def parse(text: str) -> dict[str, Any]:
    """The JSON Schema that the short form stands for; what cannot be read is `BadInput`."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    for line in _fields(text):
        name, schema, optional = _field(line)
        if name in properties:
            raise BadInput(later("There are two fields called “{name}”.", name=name))
        properties[name] = schema
        if not optional:
            required.append(name)
    if not properties:
        raise BadInput(
            later("There is no field in that. Write `name: type`; types are {types}.", types=_NAMES)
        )
    if len(properties) > MOST_FIELDS:
        raise BadInput(
            later(
                "The short form takes up to {most} fields, not {count}.",
                most=MOST_FIELDS,
                count=len(properties),
            )
        )
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _fields(text: str) -> list[str]:
    lines = [line.strip().rstrip(",;") for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    alone = len(lines) == 1
    fields: list[str] = []
    for line in lines:
        # Among several lines, a comma in a description is only a comma.
        described = not alone and _DESCRIBED.search(line)
        fields += [line] if described else _BETWEEN.split(line)
    return [field.strip() for field in fields]


def _field(line: str) -> tuple[str, dict[str, Any], bool]:
    found = _FIELD.fullmatch(line)
    if found is None:
        raise BadInput(
            later(
                "I cannot read “{line}”. Write `name: type`; types are {types}.",
                line=line[:80],
                types=_NAMES,
            )
        )
    kind, *rest = _DESCRIBED.split(found["rest"], maxsplit=1)
    kind = kind.strip()
    optional = bool(found["optional"]) or kind.endswith("?")
    schema = dict(_type(kind.removesuffix("?").strip(), found["name"]))
    if rest and rest[0].strip():
        schema["description"] = rest[0].strip()
    return found["name"], schema, optional


def _type(kind: str, name: str) -> dict[str, Any]:
    if "|" not in kind and (known := _TYPES.get(" ".join(kind.casefold().split()))):
        return known
    if found := _LIST.fullmatch(kind):
        inner = (found["of"] or found["before"] or "text").strip()
        return {"type": "array", "items": _item(inner.strip("()"), name)}
    if "|" in kind:
        return _choice([choice.strip().strip("\"'`") for choice in kind.split("|")], name)
    if not kind:
        raise BadInput(
            later(
                "In the field “{name}”: its type is missing. Types are {types}.",
                name=name,
                types=_NAMES,
            )
        )
    raise BadInput(
        later(
            "In the field “{name}”: “{kind}” is no type I know. Types are {types}.",
            name=name,
            kind=kind[:50],
            types=_NAMES,
        )
    )


def _item(kind: str, name: str) -> dict[str, Any]:
    """The type of a list's items, also in the plural: `list of numbers`."""
    plain = kind.casefold()
    singular = plain.removesuffix("s") if plain.removesuffix("s") in _TYPES else kind
    return dict(_type(singular, name))


def _choice(choices: list[str], name: str) -> dict[str, Any]:
    if not all(choices) or len(set(choices)) < len(choices):
        raise BadInput(
            later("In the field “{name}”: one of the choices is empty, or there twice.", name=name)
        )
    if all(choice.casefold() in _TYPES for choice in choices):
        raise BadInput(
            later("In the field “{name}”: please name one type, not several.", name=name)
        )
    if all(re.fullmatch(r"-?\d{1,15}", choice) for choice in choices):
        return {"type": "integer", "enum": [int(choice) for choice in choices]}
    return {"type": "string", "enum": choices}

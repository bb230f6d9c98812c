"""A JSON Schema seen as its parts, and what is refused before anything else looks at it.

Everything here costs time in proportion to the schema's size, whatever it says. What comes behind
it (the metaschema, the validation) may then rely on few parts, little depth and references that
lead somewhere and end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any, cast
from urllib.parse import unquote

from bot.errors import BadInput
from bot.language import later

Schema = dict[str, Any]

# How deep JSON may be nested in a schema, how many parts it may have, and how long a chain of
# references and combinations may be that all speak of the same value.
MAX_DEPTH = 40
MAX_PARTS = 500
_MAX_CHAIN = 24

TYPES = ("string", "number", "integer", "boolean", "object", "array", "null")

_ONE = (
    *("additionalProperties", "contains", "contentSchema", "else", "if", "items", "not"),
    *("propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"),
)
_SEVERAL = ("allOf", "anyOf", "oneOf", "prefixItems")
_NAMED = ("$defs", "definitions", "dependentSchemas", "properties")
# These speak of the same value as the schema that they stand in.
_SAME_VALUE = frozenset(
    ("allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "$ref")
)
_REFUSED = {
    "$dynamicRef": "$dynamicRef",
    "$recursiveRef": "$recursiveRef",
    # jsonschema matches its patterns with `re`, which may take for ever.
    "patternProperties": "patternProperties",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One (sub)schema. `leads_to` are the pointers of its own parts by the keyword, in order."""

    schema: Schema | bool
    leads_to: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """All parts of a schema by JSON pointer ("" is the whole), and whether it contains itself."""

    parts: Mapping[str, Part]
    recursive: bool

    def target(self, reference: str) -> Schema | bool:
        """What a `$ref` of this schema stands for."""
        return self.parts[_pointer(reference)].schema


def grow(document: Schema) -> Tree:
    """Look at every part of a schema once; what cannot be used is `BadInput`."""
    check_depth(document)
    parts: dict[str, Part] = {}
    waiting: list[tuple[str, object]] = [("", document)]
    while waiting:
        pointer, schema = waiting.pop()
        if len(parts) >= MAX_PARTS:
            raise BadInput(
                later(
                    "That schema has more than {most} parts; please give a smaller.", most=MAX_PARTS
                )
            )
        if isinstance(schema, bool):
            parts[pointer] = Part(schema, ())
        elif isinstance(schema, dict):
            inner = list(_inner(cast(Schema, schema), pointer))
            _refuse(cast(Schema, schema), pointer)
            waiting += [(where, child) for _, where, child in inner]
            leads_to = [(keyword, where) for keyword, where, _ in inner]
            if isinstance(reference := cast(Schema, schema).get("$ref"), str):
                leads_to.append(("$ref", _pointer(reference)))
            parts[pointer] = Part(cast(Schema, schema), tuple(leads_to))
        else:
            raise BadInput(
                later("That is no JSON Schema: {place} has to be an object.", place=place(pointer))
            )
    _check_references(parts)
    return Tree(parts, _is_recursive(parts))


def check_depth(value: object, deepest: int = MAX_DEPTH) -> None:
    """Refuse JSON that is nested more than `deepest` levels deep; needs no recursion itself."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > deepest + 1:
            raise BadInput(
                later("That is nested too deeply: at most {most} levels can be used.", most=deepest)
            )
        level = [child for one in level for child in _children(one)]


def place(pointer: str) -> str:
    """Where a part stands, in words: `properties/age`, or "the whole"."""
    return f"`{pointer.lstrip('/')}`" if pointer else later("the whole")


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(cast(dict[str, object], value).values())
    return cast("list[object]", value) if isinstance(value, list) else []


def _inner(schema: Schema, pointer: str) -> Iterator[tuple[str, str, object]]:
    """The parts of a schema as (keyword, pointer, part); ill-typed keywords are left alone."""
    for keyword in _ONE:
        if keyword in schema:
            yield keyword, f"{pointer}/{keyword}", schema[keyword]
    for keyword in _SEVERAL:
        several = schema.get(keyword)
        if isinstance(several, list):
            for index, one in enumerate(cast("list[object]", several)):
                yield keyword, f"{pointer}/{keyword}/{index}", one
    for keyword in _NAMED:
        named = schema.get(keyword)
        if isinstance(named, dict):
            for name, one in cast("dict[str, object]", named).items():
                yield keyword, f"{pointer}/{keyword}/{_escaped(name)}", one


def _refuse(schema: Schema, pointer: str) -> None:
    """Refuse what would reach out of the schema, or past the guards of the validation."""
    for keyword, name in _REFUSED.items():
        if keyword in schema:
            raise BadInput(
                later(
                    "I cannot use `{name}` in a schema (in {place}).",
                    name=name,
                    place=place(pointer),
                )
            )
    if pointer and ("$id" in schema or "$schema" in schema):
        raise BadInput(
            later(
                "`$id` and `$schema` can only stand at the top, not in {place}.",
                place=place(pointer),
            )
        )
    kinds = schema.get("type", [])
    for kind in cast("list[object]", kinds) if isinstance(kinds, list) else [kinds]:
        if kind not in TYPES:
            raise BadInput(
                later(
                    "There is no type “{kind}” (in {place}). The types of JSON Schema are {types}.",
                    kind=str(kind)[:50],
                    place=place(pointer),
                    types=", ".join(TYPES),
                )
            )


def _check_references(parts: Mapping[str, Part]) -> None:
    same_value: dict[str, list[str]] = {}
    for pointer, part in parts.items():
        for keyword, where in part.leads_to:
            if where not in parts:
                raise BadInput(
                    later(
                        "The `$ref` in {place} leads to nothing in the schema.",
                        place=place(pointer),
                    )
                )
            if keyword in _SAME_VALUE:
                same_value.setdefault(pointer, []).append(where)
    try:
        order = list(TopologicalSorter(same_value).static_order())
    except CycleError as error:
        where = place(min(error.args[1], key=len))
        raise BadInput(
            later("That schema is endless: {place} refers to itself again and again.", place=where)
        ) from None
    height: dict[str, int] = {}
    for pointer in order:
        height[pointer] = 1 + max((height[p] for p in same_value.get(pointer, ())), default=0)
    if height and max(height.values()) > _MAX_CHAIN:
        raise BadInput(
            later("That schema refers on and on, more than {most} times in a row.", most=_MAX_CHAIN)
        )


def _is_recursive(parts: Mapping[str, Part]) -> bool:
    try:
        TopologicalSorter({p: [w for _, w in part.leads_to] for p, part in parts.items()}).prepare()
    except CycleError:
        return True
    return False


def _pointer(reference: str) -> str:
    """The JSON pointer of a `$ref`, in this module's spelling."""
    if reference != "#" and not reference.startswith("#/"):
        raise BadInput(
            later(
                "I only follow references inside the schema, such as `#/$defs/Name`, "
                "not “{reference}”.",
                reference=reference[:80],
            )
        )
    return unquote(reference[1:])


def _escaped(name: str) -> str:
    return re.sub(r"[~/]", lambda found: "~0" if found[0] == "~" else "~1", name)

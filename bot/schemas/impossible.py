"""Schemas that no value can fit, as far as that is cheap to see.

A schema like that would cost three answers of the model to find out. Only what every answer has to
pass is looked at: an optional property that cannot be filled in is simply never filled in.
"""

from __future__ import annotations

from math import ceil, floor
from typing import Any, cast

from bot.language import later
from bot.schemas.tree import Schema, Tree, place

# References may lead on and on through a schema; so far they are followed.
_DEEPEST = 50

_BOUNDS = (
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
)
_PYTHON: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


def why(tree: Tree) -> str:
    """Why nothing can fit the schema, as a clause in words; "" if nothing speaks against it."""
    return _why(tree, "", {}, 0)


def _why(tree: Tree, pointer: str, known: dict[str, str], depth: int) -> str:
    """The same for one part. `known` keeps the work in proportion to the number of parts."""
    if depth > _DEEPEST:
        return ""
    if pointer not in known:
        # While a part is looked at, it does not speak against itself.
        known[pointer] = ""
        known[pointer] = _look(tree, pointer, known, depth + 1)
    return known[pointer]


def _look(tree: Tree, pointer: str, known: dict[str, str], depth: int) -> str:
    part = tree.parts[pointer]
    schema = part.schema
    if isinstance(schema, bool):
        return "" if schema else later("{place} allows nothing", place=place(pointer))
    if found := _in_itself(schema, pointer):
        return found
    branches: dict[str, list[str]] = {}
    for keyword, where in part.leads_to:
        if keyword in ("anyOf", "oneOf"):
            branches.setdefault(keyword, []).append(_why(tree, where, known, depth))
        elif _has_to_fit(schema, keyword, where) and (found := _why(tree, where, known, depth)):
            return found
    return next((reasons[0] for reasons in branches.values() if all(reasons)), "")


def _has_to_fit(schema: Schema, keyword: str, where: str) -> bool:
    """Whether every value that fits the schema has something that fits this part of it."""
    if keyword in ("allOf", "$ref"):
        return True
    if keyword == "properties":
        name = where.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
        return schema.get("type") == "object" and name in _names(schema.get("required"))
    return keyword == "items" and schema.get("type") == "array" and schema.get("minItems", 0) > 0


def _in_itself(schema: Schema, pointer: str) -> str:
    where = place(pointer)
    if schema.get("not") in (True, {}):
        return later("{place} forbids everything (`not`)", place=where)
    for low, high in _BOUNDS:
        if low in schema and high in schema and schema[low] > schema[high]:
            return later(
                "in {place}, {low} {least} is above {high} {most}",
                place=where,
                low=low,
                least=schema[low],
                high=high,
                most=schema[high],
            )
    return _in_numbers(schema, where) or _in_values(schema, where) or _in_names(schema, where)


def _in_numbers(schema: Schema, where: str) -> str:
    if schema.get("type") not in ("number", "integer"):
        return ""
    low, least = _edge(schema, "minimum", "exclusiveMinimum", max)
    high, most = _edge(schema, "maximum", "exclusiveMaximum", min)
    if low is None or high is None:
        return ""
    if low > high or (low == high and (least or most)):
        return later(
            "in {place}, no number is both above the least and below the most allowed", place=where
        )
    if schema["type"] == "integer":
        first = floor(low) + 1 if least else ceil(low)
        last = ceil(high) - 1 if most else floor(high)
        if first > last:
            return later(
                "in {place}, there is no whole number between {low} and {high}",
                place=where,
                low=low,
                high=high,
            )
    return ""


def _edge(schema: Schema, inclusive: str, exclusive: str, stricter: Any) -> tuple[Any, bool]:
    """A bound and whether it is itself forbidden; None where there is none."""
    bounds = [schema[name] for name in (inclusive, exclusive) if name in schema]
    if not bounds:
        return None, False
    bound = stricter(bounds)
    return bound, exclusive in schema and schema[exclusive] == bound


def _in_values(schema: Schema, where: str) -> str:
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if values is None:
        return ""
    if not values:
        return later("the `enum` in {place} is empty", place=where)
    kinds = schema.get("type")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is(value, kind) for value in values for kind in kinds):
        return later("no value that {place} lists is of its type", place=where)
    return ""


def _in_names(schema: Schema, where: str) -> str:
    if schema.get("type") != "object":
        return ""
    required = _names(schema.get("required"))
    if len(required) > schema.get("maxProperties", len(required)):
        return later("{place} requires more properties than it allows", place=where)
    if schema.get("additionalProperties") is False:
        known = cast("dict[str, Any]", schema.get("properties", {}))
        missing = [name for name in required if name not in known]
        if missing:
            return later(
                "{place} requires “{name}”, but forbids properties of that name",
                place=where,
                name=missing[0][:50],
            )
    return ""


def _is(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _PYTHON[kind])


def _names(required: object) -> list[str]:
    return cast("list[str]", required) if isinstance(required, list) else []

"""The form of a schema that engines can force.

TGI turns a schema into a regular expression, and that into a machine, while all other streams
wait; vLLM and llama.cpp have grammars of their own, each with its own gaps. So engines get a form
that all of them take: references written out, few parts, and nothing but the shape. It may allow
more than the schema does, never less of what the schema names: every answer is checked against the
schema itself anyway.
"""

from __future__ import annotations

import json
from typing import Any, cast

from bot.schemas.tree import Schema, Tree

# TGI's machine grows with every part and every repetition.
_MOST_PARTS = 80
_MOST_VALUES = 100
_LONGEST_TEXT = 64
_MOST_ITEMS = 16

_FORMATS = ("date", "time", "date-time", "uuid")
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
# They say more about the shape than the form can: what they bring in would be cut off.
_SHAPING = (
    *("allOf", "anyOf", "oneOf", "$ref", "if", "then", "else", "dependentSchemas"),
    *("prefixItems", "unevaluatedItems", "unevaluatedProperties"),
)


class _CannotForce(Exception):
    """There is no form of this schema that all engines take."""


def form(document: Schema, tree: Tree) -> Schema | None:
    """The schema as engines are given it, or None: its answers are only checked."""
    if tree.recursive:
        return None
    try:
        made = _Maker(tree).of(document)
    except _CannotForce:
        return None
    # TGI takes nothing else at the top.
    return made if "properties" in made else None


class _Maker:
    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._parts = 0

    def of(self, schema: object) -> Schema:
        self._parts += 1
        if self._parts > _MOST_PARTS or not isinstance(schema, dict):
            raise _CannotForce
        schema = cast(Schema, schema)
        shaping = [keyword for keyword in _SHAPING if keyword in schema]
        if shaping:
            return self._of_one(schema, shaping)
        if "const" in schema or "enum" in schema:
            return {"enum": _values(schema)}
        kind = schema.get("type", _implied(schema))
        if isinstance(kind, list):
            kinds = cast("list[str]", kind)
            return {"anyOf": [self._of_type({**schema, "type": one}) for one in kinds]}
        return self._of_type({**schema, "type": kind})

    def _of_one(self, schema: Schema, shaping: list[str]) -> Schema:
        """A reference or a choice that stands alone; titles and the like do not count."""
        (keyword, *others) = shaping
        if others or any(name in schema for name in ("properties", "items", "enum", "const")):
            raise _CannotForce
        if keyword == "$ref":
            return self.of(self._tree.target(schema["$ref"]))
        if keyword in ("anyOf", "oneOf"):
            return {"anyOf": [self.of(one) for one in schema[keyword]]}
        if keyword == "allOf" and len(schema["allOf"]) == 1:
            return self.of(schema["allOf"][0])
        raise _CannotForce

    def _of_type(self, schema: Schema) -> Schema:
        match schema["type"]:
            case "object":
                return self._of_object(schema)
            case "array":
                items = {"items": self.of(schema.get("items"))}
                return {"type": "array", **items, **_bounds(schema, "Items", _MOST_ITEMS)}
            case "string":
                return {"type": "string", **_text(schema)}
            case "integer" | "number" as kind:
                return {"type": kind, **{n: schema[n] for n in _NUMBERS if n in schema}}
            case "boolean" | "null" as kind:
                return {"type": kind}
            case _:
                raise _CannotForce

    def _of_object(self, schema: Schema) -> Schema:
        properties = cast("dict[str, Any]", schema.get("properties") or {})
        required = cast("list[str]", schema.get("required", []))
        # A free form has no shape; a schema that says "and anything else" wants to have more.
        if not properties or schema.get("additionalProperties", False) is not False:
            raise _CannotForce
        if any(name not in properties for name in required):
            raise _CannotForce
        return {
            "type": "object",
            "properties": {name: self.of(one) for name, one in properties.items()},
            "required": required,
            "additionalProperties": False,
        }


def _implied(schema: Schema) -> str:
    return "object" if "properties" in schema else "array" if "items" in schema else ""


def _values(schema: Schema) -> list[Any]:
    values: list[Any] = [schema["const"]] if "const" in schema else schema["enum"]
    simple = all(isinstance(value, (str, int, float, type(None))) for value in values)
    if not simple or len(json.dumps(values)) > _MOST_VALUES * 20 or len(values) > _MOST_VALUES:
        raise _CannotForce
    return values


def _text(schema: Schema) -> Schema:
    if schema.get("format") in _FORMATS:
        return {"format": schema["format"]}
    return _bounds(schema, "Length", _LONGEST_TEXT)


def _bounds(schema: Schema, what: str, most: int) -> Schema:
    """Bounds that are small enough to be counted by a machine; others are only checked."""
    bounds = {name: schema[name] for name in (f"min{what}", f"max{what}") if name in schema}
    return {name: bound for name, bound in bounds.items() if bound <= most}

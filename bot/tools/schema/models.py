"""What pydantic knows: models, and the constraints of `Annotated[..., Field(...)]`."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel, TypeAdapter
from pydantic.errors import PydanticUserError
from pydantic_core import SchemaError

from bot.tools.schema.errors import Indescribable

Schema = dict[str, Any]

_CONSTRAINTS = (
    *("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "pattern", "format"),
    *("minItems", "maxItems", "minProperties", "maxProperties"),
)
# Titles repeat the names, and a default is the method's own business.
_LEFT_OUT = ("title", "default", "$defs", "discriminator")
_REFERENCE = "#/$defs/"


def adapter(hint: Any) -> TypeAdapter[Any]:
    """What pydantic makes of a hint; `Indescribable` where it refuses."""
    try:
        return TypeAdapter(hint)
    except (PydanticUserError, SchemaError, TypeError, ValueError) as error:
        raise Indescribable(f"pydantic cannot check it ({_reason(error)}). Change it") from None


def constraints(hint: Any) -> Schema:
    """The description and the bounds that an `Annotated` hint adds to its type."""
    found = _written(adapter(hint))
    branches = [one for one in found.get("anyOf", [found]) if one.get("type") != "null"]
    schema = {
        keyword: branches[0][keyword]
        for keyword in _CONSTRAINTS
        if all(keyword in one and one[keyword] == branches[0][keyword] for one in branches)
    }
    return {**schema, **{key: found[key] for key in ("description",) if key in found}}


def schema_of_model(model: type[BaseModel]) -> Schema:
    """A model with everything written out: chat templates follow no references."""
    found = _written(adapter(model))
    return _tidy(found, found.get("$defs", {}), (model.__name__,))


def _written(checked: TypeAdapter[Any]) -> Schema:
    try:
        return checked.json_schema()
    except PydanticUserError as error:
        raise Indescribable(f"{_reason(error)}. Use types that JSON has") from None


def _reason(error: Exception) -> str:
    """The line of an error that says what is wrong: Rust draws a picture above it."""
    first, *others = str(error).strip().splitlines() or [type(error).__name__]
    last = others[-1].strip() if others else ""
    return last.removeprefix("error: ") if last.startswith("error: ") else first


def _tidy(schema: Schema, known: dict[str, Schema], inside: tuple[str, ...]) -> Schema:
    """One part of pydantic's schema in this room's spelling."""
    if "$ref" in schema:
        name = cast(str, schema["$ref"]).removeprefix(_REFERENCE)
        if name in inside:
            raise Indescribable(f"the model {name} contains itself. Give it an end")
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return _tidy({**known[name], **beside}, known, (*inside, name))

    def tidied(part: Any) -> Any:
        if isinstance(part, dict):
            return _tidy(cast(Schema, part), known, inside)
        return [tidied(one) for one in cast("list[Any]", part)] if isinstance(part, list) else part

    made: Schema = {}
    for keyword, value in schema.items():
        if keyword == "properties":
            made[keyword] = {name: tidied(one) for name, one in value.items()}
        elif keyword in ("items", "additionalProperties", "prefixItems", "anyOf", "oneOf", "allOf"):
            made[keyword] = tidied(value)
        elif keyword == "const":
            made["enum"] = [value]
        elif keyword not in _LEFT_OUT:
            made[keyword] = value
    return _nullable(made)


def _nullable(schema: Schema) -> Schema:
    """`anyOf` with null as the rest of the schemas here say it."""
    branches = cast("list[Schema]", schema.get("anyOf", []))
    others = [one for one in branches if one != {"type": "null"}]
    if len(others) == len(branches):
        return schema
    beside = {key: value for key, value in schema.items() if key != "anyOf"}
    rest = others[0] if len(others) == 1 else {"anyOf": others}
    return {**rest, "nullable": True, **beside}

"""Type hints as JSON schemas, the way transformers writes them.

`None` in a union is `nullable: true`, a union of plain types a sorted list of them, any other union
`anyOf`. Whatever has no meaning in JSON is refused: a schema that promises nothing helps nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel

from bot.tools.schema import models
from bot.tools.schema.errors import Indescribable

Schema = dict[str, Any]

_TYPES: dict[object, Schema] = {
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    NoneType: {"type": "null"},
    None: {"type": "null"},
    list: {"type": "array"},
    tuple: {"type": "array"},
    dict: {"type": "object"},
    Any: {},
}


def schema_of_hint(hint: Any) -> Schema:
    """The schema of a type hint; `Indescribable` says what to write instead."""
    # `type Unit = ...` of Python 3.12 and `TypeAliasType` stand for what is behind them.
    hint = getattr(hint, "__value__", hint)
    arguments = get_args(hint)
    match get_origin(hint):
        case None:
            return _plain(hint)
        case origin if origin is Annotated:
            return _annotated(hint)
        case origin if origin in (Union, UnionType):
            return _union(arguments)
        case origin if origin is Literal:
            return _one_of(arguments, "a Literal")
        case origin if origin is list and arguments:
            return {"type": "array", "items": schema_of_hint(arguments[0])}
        case origin if origin is tuple and arguments:
            return _tuple(arguments)
        case origin if origin is dict and arguments:
            return _dict(arguments)
        case origin if origin in (list, tuple, dict):
            return _plain(origin)
        case _:
            raise _unknown(hint)


def _plain(hint: Any) -> Schema:
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _one_of([member.value for member in hint], f"the Enum {hint.__name__}")
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return models.schema_of_model(hint)
    try:
        return dict(_TYPES[hint])
    except (KeyError, TypeError):
        raise _unknown(hint) from None


def _annotated(hint: Any) -> Schema:
    return schema_of_hint(get_args(hint)[0]) | models.constraints(hint)


def _union(members: Sequence[Any]) -> Schema:
    found = [schema_of_hint(member) for member in members if member is not NoneType]
    if len(found) == 1:
        schema = found[0]
    elif all(_is_basic(one) for one in found):
        # A list and a tuple are both arrays.
        kinds = sorted({one["type"] for one in found})
        schema: Schema = {"type": kinds[0] if len(kinds) == 1 else kinds}
    else:
        schema = {"anyOf": found}
    return {**schema, "nullable": True} if NoneType in members else schema


def _is_basic(schema: Schema) -> bool:
    return schema.keys() == {"type"} and isinstance(schema["type"], str)


def _one_of(values: Sequence[Any], what: str) -> Schema:
    """Values to choose from; None among them is the same as a union with None."""
    choices = [value for value in values if value is not None]
    if not choices or not all(type(choice) in (str, int, float, bool) for choice in choices):
        raise Indescribable(f"{what} has values that are not text, numbers or booleans. Use those")
    kinds = list(dict.fromkeys(cast(str, _TYPES[type(choice)]["type"]) for choice in choices))
    schema: Schema = {"type": kinds[0] if len(kinds) == 1 else kinds, "enum": list(values)}
    return schema if len(choices) == len(values) else {**schema, "nullable": True}


def _tuple(members: Sequence[Any]) -> Schema:
    if len(members) == 1 or ... in members:
        raise Indescribable("a tuple has to name two types or more. For any other write list[...]")
    return {"type": "array", "prefixItems": [schema_of_hint(member) for member in members]}


def _dict(members: Sequence[Any]) -> Schema:
    return {"type": "object", "additionalProperties": schema_of_hint(members[1])}


def _unknown(hint: Any) -> Indescribable:
    name = hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")
    return Indescribable(
        f"JSON has nothing like {name}. Use str, int, float, bool, list, dict, tuple, Any, "
        "Literal, Enum, a union of them or a pydantic model"
    )

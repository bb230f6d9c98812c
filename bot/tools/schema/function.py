"""A function's schema, made of its signature and its docstring."""

from __future__ import annotations

import inspect
import json
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any, cast

from pydantic.fields import FieldInfo

from bot.tools.schema import docstring
from bot.tools.schema.docstring import Docstring
from bot.tools.schema.errors import Indescribable, fault
from bot.tools.schema.hints import Schema, schema_of_hint

Function = Callable[..., Any]

_CHOICES = re.compile(r"\s*\(choices:(?P<choices>.*)\)\s*", re.IGNORECASE | re.DOTALL)
_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
_CHOICES_AT = re.compile(r"\(choices:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function: its hint with everything that is annotated, and its default."""

    hint: Any
    required: bool


def schema_of(function: Function, *, without: tuple[type, ...] = ()) -> Schema:
    """What a model is told about a function: `{"type": "function", "function": {...}}`.

    Parameters of the types in `without` are not the model's business. What cannot be described is
    a `ToolDefinitionError`.
    """
    parameters = parameters_of(function)
    told = {name: one for name, one in parameters.items() if one.hint not in without}
    documented = _documentation(function)
    made: Schema = {
        "name": function.__name__,
        "description": documented.description,
        "parameters": _parameters(function, told, documented),
    }
    result = _result(_hints(function).get("return", NoneType), documented.returns)
    if result is not None:
        made["return"] = result
    return {"type": "function", "function": made}


def parameters_of(function: Function) -> dict[str, Parameter]:
    """The parameters that are given by name, without `self`; each has to have a hint."""
    hints = _hints(function)
    found: dict[str, Parameter] = {}
    for at, parameter in enumerate(inspect.signature(function).parameters.values()):
        name = parameter.name
        if at == 0 and name in ("self", "cls") and name not in hints:
            continue
        if name not in hints:
            raise fault(function, f"“{name}” has no type hint. Write `{name}: str` or what it is.")
        _check_kind(function, parameter)
        found[name] = Parameter(hints[name], parameter.default is inspect.Parameter.empty)
    return found


def _check_kind(function: Function, parameter: inspect.Parameter) -> None:
    name = parameter.name
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        raise fault(function, f"“{name}” stands for any arguments. Name each one of them.")
    if isinstance(parameter.default, FieldInfo):
        raise fault(
            function,
            f"the default of “{name}” is a Field. Write `{name}: Annotated[<type>, Field(...)]` "
            "and the plain default behind it.",
        )


def _hints(function: Function) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function, include_extras=True)
    except NameError as error:
        raise fault(
            function,
            f"its type hints name “{error.name}”, which is not known when the bot runs. "
            "Import it in the module itself, not under TYPE_CHECKING.",
        ) from None
    except (TypeError, SyntaxError, AttributeError) as error:
        raise fault(function, f"its type hints cannot be read ({error}).") from None


def _documentation(function: Function) -> Docstring:
    text = inspect.getdoc(function) or ""
    found = docstring.read(text)
    if not text:
        raise fault(function, "it has no docstring. Say in one what it does: the model reads it.")
    if not found.description:
        raise fault(
            function,
            "its docstring does not say what it does. Write a sentence above the arguments.",
        )
    return found


def _parameters(
    function: Function, parameters: Mapping[str, Parameter], documented: Docstring
) -> Schema:
    properties: Schema = {}
    for name, parameter in parameters.items():
        text = documented.arguments.get(name, "")
        properties[name] = _described(function, name, parameter.hint, text)
    required = [name for name, parameter in parameters.items() if parameter.required]
    made: Schema = {"type": "object", "properties": properties}
    return {**made, "required": required} if required else made


def _described(function: Function, name: str, hint: Any, text: str) -> Schema:
    """The schema of a parameter, with what the docstring says about it as the last key."""
    try:
        schema = schema_of_hint(hint)
        text = text or schema.get("description", "")
        choices, before = _choices(text)
        bounds = {"enum": _fitting(choices, schema)} if choices else {}
    except Indescribable as error:
        raise fault(function, f"“{name}” cannot be described: {error}.") from None
    if not text:
        raise fault(
            function,
            f"its docstring does not describe “{name}”. "
            f"Below `Args:` write `{name}: ` and what it is.",
        )
    schema.pop("description", None)
    return {**schema, **bounds, "description": before}


def _result(hint: Any, text: str) -> Schema | None:
    """The schema of the result; None where there is none, or none that JSON knows."""
    # The official template would look at the letters of "null" for ever.
    if hint is NoneType:
        return None
    try:
        schema = schema_of_hint(hint)
    except Indescribable:
        return None
    return {**schema, "description": text} if text else schema


def _choices(text: str) -> tuple[list[object], str]:
    """The choices at the end of a description, and the text before them."""
    start = _CHOICES_AT.search(text)
    found = _CHOICES.fullmatch(text, start.start()) if start else None
    if start is None or found is None:
        return [], text
    try:
        choices: object = json.loads(found["choices"])
    except json.JSONDecodeError:
        choices = None
    listed = cast("list[object]", choices) if isinstance(choices, list) else []
    if not listed:
        raise Indescribable('its choices are no JSON list. Write `(choices: ["first", "second"])`')
    return listed, text[: start.start()].strip()


def _fitting(choices: list[object], schema: Schema) -> list[object]:
    """The choices, if there is any sense in them: each is of the parameter's type."""
    stripped = [one.strip() if isinstance(one, str) else one for one in choices]
    kinds = schema.get("type", list(_KINDS))
    kinds = cast("list[str]", [kinds] if isinstance(kinds, str) else kinds)
    types = tuple(kind for name in kinds for kind in _KINDS.get(name, ()))
    if "anyOf" in schema or not all(type(one) in types for one in stripped):
        raise Indescribable("its choices are not of its type. Write the hint with `Literal`")
    return stripped

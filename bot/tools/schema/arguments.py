"""From the arguments of a call, as JSON, to what the function takes.

They are checked against the schema before. This is the last line of defence: nothing is bound by
position, nothing unknown gets through, and no text becomes a number.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from bot.tools.schema import models
from bot.tools.schema.errors import Indescribable, fault
from bot.tools.schema.function import parameters_of


class WrongArguments(Exception):
    """A call does not fit the function, in a sentence for the model and the user."""


class Arguments:
    """The arguments that a function takes by name, without those of the types in `without`."""

    def __init__(self, function: Callable[..., Any], *, without: tuple[type, ...] = ()) -> None:
        parameters = parameters_of(function)
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.kind is parameter.POSITIONAL_ONLY:
                raise fault(function, f"“{name}” is only taken by position. Leave out the `/`.")
        self.left_out = tuple(name for name, one in parameters.items() if one.hint in without)
        told = {name: one for name, one in parameters.items() if name not in self.left_out}
        self.required = tuple(name for name, one in told.items() if one.required)
        self._adapters: dict[str, TypeAdapter[Any]] = {}
        for name, parameter in told.items():
            try:
                self._adapters[name] = models.adapter(parameter.hint)
            except Indescribable as error:
                raise fault(function, f"“{name}” cannot be described: {error}.") from None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all arguments, in order."""
        return tuple(self._adapters)

    def bind(self, given: Mapping[str, object]) -> dict[str, Any]:
        """What to call the function with: members of an Enum and models where it wants them."""
        for name in given:
            if name not in self._adapters:
                takes = ", ".join(f"“{known}”" for known in self.names) or "nothing"
                raise WrongArguments(f"There is no argument “{name[:50]}”. It takes {takes}.")
        for name in self.required:
            if name not in given:
                raise WrongArguments(f"The argument “{name}” is missing.")
        return {name: self._fitted(name, value) for name, value in given.items()}

    def _fitted(self, name: str, value: object) -> Any:
        adapter = self._adapters[name]
        try:
            return _strictly(adapter, value)
        except ValidationError as error:
            refusal = error
        try:
            # JSON knows one kind of number: 6.0 is a whole one.
            return _strictly(adapter, _whole(value))
        except ValidationError:
            problem = refusal.errors(include_url=False)[0]
            within = "".join(f".{part}" for part in problem["loc"])
            raise WrongArguments(
                f"The argument “{name}{within}” does not fit: {problem['msg']}."
            ) from None


def _strictly(adapter: TypeAdapter[Any], value: object) -> Any:
    # From text, since only there pydantic takes strictly what JSON has for tuples and Enums.
    return adapter.validate_json(json.dumps(value), strict=True)


def _whole(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(one) for one in cast("list[object]", value)]
    if isinstance(value, dict):
        return {key: _whole(one) for key, one in cast("dict[str, object]", value).items()}
    return value

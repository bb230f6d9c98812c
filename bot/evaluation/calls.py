"""The calls in an answer, and in the texts of the published evaluation sets. Pure."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from bot.evaluation.cases import Call

_CALL = re.compile(r"<tool_call>(.*?)(?:</tool_call>|(?=<tool_call>)|\Z)", re.DOTALL)
# What is planned in there is not done.
_THOUGHTS = re.compile(r"<(think|scratch_pad)>.*?</\1>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Read:
    """An answer taken apart: what it says, what it calls, and what looked like a call."""

    content: str
    calls: tuple[Call, ...]
    broken: tuple[str, ...] = ()


def read(text: str) -> Read:
    """Take an answer apart."""
    text = _THOUGHTS.sub("", text)
    calls: list[Call] = []
    broken: list[str] = []
    for inside in _CALL.findall(text):
        try:
            calls += values(inside)
        except ValueError as error:
            broken.append(str(error))
    return Read(_CALL.sub("", text).strip(), tuple(calls), tuple(broken))


def values(text: str) -> list[Call]:
    """One call or a list of them, as JSON or as Python prints it; else `ValueError`."""
    found = data(text)
    listed = cast("list[object]", found) if isinstance(found, list) else [found]
    return [call(one) for one in listed]


def call(value: object) -> Call:
    """A call from its data, also inside OpenAI's {"function": …}; else `ValueError`."""
    given = _given(value)
    given = _given(given.get("function")) or given
    name: object = given.get("name")
    arguments: object = given.get("arguments", {})
    if isinstance(arguments, str):
        arguments = data(arguments)
    if not isinstance(name, str) or not isinstance(arguments, Mapping):
        raise ValueError("a call takes a name and arguments")
    return Call(name, dict(cast("Mapping[str, Any]", arguments)))


def data(text: str) -> object:
    """JSON, or a Python literal: the models were trained on both. Else `ValueError`."""
    text = text.strip()
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("that is nested too deeply") from None
    except ValueError as error:
        problem = f"not JSON: {error}"
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        raise ValueError(problem) from None


def _given(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}

"""The calls in an answer, and in the texts of the published evaluation sets. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from bot.evaluation.cases import Call
from bot.tools import parsing
from bot.tools.parsing import literals
from bot.tools.parsing.calls import call as read_call
from bot.tools.parsing.calls import objects


@dataclass(frozen=True, slots=True)
class Read:
    """An answer taken apart: what it says, what it calls, and what looked like a call."""

    content: str
    calls: tuple[Call, ...]
    broken: tuple[str, ...] = ()


def read(text: str) -> Read:
    """Take an answer apart, as the bot does; but a call without its tags is none here."""
    answer = parsing.parse(text, tools=None)
    made = tuple(Call(one.name, one.arguments) for one in answer.calls)
    # A result that was made up is no call: the bot cuts the answer there.
    faults = [fault for fault in answer.errors if fault.code != "hallucinated_response"]
    return Read(answer.content, made, tuple(fault.text for fault in faults))


def values(text: str) -> list[Call]:
    """One call or a list of them, as JSON or as Python prints it; else `ValueError`."""
    found = objects([data(text)])
    if found is None:
        raise ValueError("a call takes a name and arguments")
    return [call(one) for one in found]


def call(value: object) -> Call:
    """A call from its data, also inside OpenAI's {"function": …}; else `ValueError`."""
    if not isinstance(value, Mapping):
        raise ValueError("a call takes a name and arguments")
    found = read_call(cast("Mapping[str, Any]", value), recovered=False)
    return Call(found.name, found.arguments)


def data(text: str) -> object:
    """JSON, or a Python literal: the models were trained on both. Else `ValueError`."""
    return literals.read(text)

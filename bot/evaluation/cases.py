"""The cases of an evaluation: what is asked, and what the answer has to be.

The project's own are the JSON files in `cases/`: a file per category, whose tools are named after
the entries of `cases/tools.json`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

from bot.prompts import incoming
from bot.prompts.messages import Message

CATEGORIES = ("single", "parallel", "multi-turn", "restraint", "json", "persona", "injection")
"""All categories, in the order of the table."""

_FOLDER = Path(__file__).parent / "cases"

Given = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is expected; an argument may be {"any_of": [...]}."""

    name: str
    arguments: Given


@dataclass(frozen=True, slots=True)
class Expected:
    """What an answer has to be; whatever is left empty is not looked at.

    `calls` are the calls to make, in any order; with `more` further calls and arguments do not
    matter, as in NousResearch's own evaluation. `no_calls`: not one. `forbidden` are tools that
    must not be called. `contains` are parts that the text must have, `absent` ones that must not
    appear anywhere; case does not matter.
    """

    calls: tuple[Call, ...] = ()
    more: bool = False
    no_calls: bool = False
    forbidden: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One question. With a `schema` the answer has to be JSON that fits it.

    `verbatim`: the messages are a published prompt that brings its own system text about tools or
    JSON; it is sent as it is.
    """

    id: str
    category: str
    messages: tuple[Message, ...]
    expected: Expected = field(default_factory=Expected)
    tools: tuple[Given, ...] = ()
    schema: dict[str, Any] | None = None
    verbatim: bool = False


def own() -> list[Case]:
    """The project's own cases."""
    tools = cast("dict[str, Given]", _read("tools"))
    return [_case(given, name, tools) for name in CATEGORIES for given in _read(name)]


def chosen(cases: Sequence[Case], only: Sequence[str], limit: int | None) -> list[Case]:
    """The cases of some categories (none named: all), at most `limit` of each."""
    left = dict.fromkeys({case.category for case in cases}, limit)
    found: list[Case] = []
    for case in cases:
        room = left[case.category]
        if (only and case.category not in only) or room == 0:
            continue
        left[case.category] = None if room is None else room - 1
        found.append(case)
    return found


def fingerprint(cases: Sequence[Case]) -> str:
    """A case set in a few characters: results of another set are no results of this one."""
    text = json.dumps([asdict(case) for case in cases], sort_keys=True)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _read(name: str) -> Any:
    return json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))


def _case(given: Given, category: str, tools: Mapping[str, Given]) -> Case:
    return Case(
        id=given["id"],
        category=category,
        messages=tuple(incoming.messages(given["messages"])),
        expected=_expected(given["expected"]),
        tools=tuple(tools[name] for name in given.get("tools", ())),
        schema=given.get("schema"),
    )


def _expected(given: Given) -> Expected:
    return Expected(
        calls=tuple(Call(one["name"], one["arguments"]) for one in given.get("calls", ())),
        no_calls=given.get("no_calls", False),
        forbidden=tuple(given.get("forbidden", ())),
        contains=tuple(given.get("contains", ())),
        absent=tuple(given.get("absent", ())),
    )

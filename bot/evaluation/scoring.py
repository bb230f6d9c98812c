"""Whether an answer is what a case expects, and if not, why. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from bot.errors import BadInput
from bot.evaluation import calls
from bot.evaluation.cases import Call, Case, Expected
from bot.schemas import answers, validation
from bot.schemas.loose import Unreadable


@dataclass(frozen=True, slots=True)
class Verdict:
    """Passed, or the reason why not."""

    passed: bool
    reason: str = ""


def judge(case: Case, answer: str) -> Verdict:
    """Compare an answer with what its case expects."""
    if not answer.strip():
        return Verdict(False, "it says nothing")
    reason = _json_problem(case.schema, answer) if case.schema is not None else ""
    reason = reason or _problem(case.expected, answer)
    return Verdict(not reason, reason)


def _json_problem(schema: dict[str, Any], answer: str) -> str:
    try:
        found = validation.problems(schema, answers.read(answer))
    except Unreadable as error:
        return f"no JSON: {error}"
    except BadInput as error:
        return error.text
    return str(found[0]) if found else ""


def _problem(expected: Expected, answer: str) -> str:
    said = calls.read(answer)
    if said.broken and (expected.calls or expected.no_calls):
        return f"a call that cannot be read: {said.broken[0]}"
    if expected.no_calls and said.calls:
        return f"it calls {said.calls[0].name}"
    for name in expected.forbidden:
        if any(call.name == name for call in said.calls):
            return f"it calls {name}, which it must not"
    for part in expected.absent:
        if part.casefold() in answer.casefold():
            return f"{part!r} is in it"
    for part in expected.contains:
        if part.casefold() not in said.content.casefold():
            return f"{part!r} is not in it"
    return _calls_problem(expected, said.calls) if expected.calls else ""


def _calls_problem(expected: Expected, made: Sequence[Call]) -> str:
    left = list(made)
    for wanted in expected.calls:
        match = next((call for call in left if _fits(call, wanted, more=expected.more)), None)
        if match is None:
            return _nearest(wanted, left)
        left.remove(match)
    if left and not expected.more:
        return f"it calls {left[0].name} as well"
    return ""


def _nearest(wanted: Call, made: Sequence[Call]) -> str:
    for call in made:
        if call.name == wanted.name:
            return f"{call.name} with {dict(call.arguments)}, not {dict(wanted.arguments)}"
    others = ", ".join(call.name for call in made)
    return f"{wanted.name} is not called" + (f", but {others}" if others else "")


def _fits(call: Call, wanted: Call, *, more: bool) -> bool:
    if call.name != wanted.name:
        return False
    if not more and set(call.arguments) != set(wanted.arguments):
        return False
    return all(
        key in call.arguments and _same(call.arguments[key], value)
        for key, value in wanted.arguments.items()
    )


def _same(got: object, wanted: object) -> bool:
    """Equal as a tool would see it: 2 is 2.0 but not true; case and blanks do not matter."""
    if isinstance(wanted, Mapping):
        given = cast("Mapping[str, object]", wanted)
        if set(given) == {"any_of"}:
            return any(_same(got, one) for one in cast("list[object]", given["any_of"]))
        if not isinstance(got, Mapping):
            return False
        found = cast("Mapping[str, object]", got)
        return set(found) == set(given) and all(_same(found[key], given[key]) for key in given)
    if isinstance(wanted, list):
        wants = cast("list[object]", wanted)
        gots = cast("list[object]", got) if isinstance(got, list) else []
        return len(gots) == len(wants) and all(map(_same, gots, wants))
    if isinstance(wanted, str) and isinstance(got, str):
        return _plain(got) == _plain(wanted)
    return isinstance(got, bool) == isinstance(wanted, bool) and got == wanted


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", text).casefold()

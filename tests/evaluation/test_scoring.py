"""Whether answers are judged right."""

from __future__ import annotations

import pytest

from bot.evaluation import cases, scoring
from bot.evaluation.cases import Call, Case, Expected
from bot.prompts.messages import Message


def call(name: str, arguments: str) -> str:
    return f'<tool_call>\n{{"name": "{name}", "arguments": {arguments}}}\n</tool_call>'


ROLL = Expected(calls=(Call("roll", {"notation": {"any_of": ["d6", "1d6"]}, "times": 2}),))
PAIR = Expected(calls=(Call("a", {"x": 1}), Call("a", {"x": 2})))
SCHEMA = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}


def passes(expected: Expected, answer: str, schema: dict | None = None) -> bool:
    case = Case("1", "single", (Message("user", "hi"),), expected, schema=schema)
    verdict = scoring.judge(case, answer)
    assert verdict.passed == (not verdict.reason)
    return verdict.passed


@pytest.mark.parametrize(
    ("expected", "answer", "right"),
    [
        (ROLL, call("roll", '{"notation": "1D6", "times": 2.0}'), True),
        (ROLL, "<tool_call>{'arguments': {'notation': 'd6', 'times': 2}, 'name': 'roll'}", True),
        (ROLL, call("roll", '{"notation": "d6", "times": true}'), False),
        (ROLL, call("roll", '{"notation": "d6"}'), False),
        (ROLL, call("roll", '{"notation": "d6", "times": 2, "more": 1}'), False),
        (ROLL, call("roll", '{"notation": "d6", "times": 2}') * 2, False),
        (ROLL, "<tool_call>roll</tool_call>", False),
        (ROLL, "I roll a die.", False),
        (ROLL, "<think>" + call("roll", '{"notation": "d6", "times": 2}') + "</think> ok", False),
        (PAIR, call("a", '{"x": 2}') + call("a", '{"x": 1}'), True),
        (PAIR, call("a", '{"x": 1}') * 2, False),
        (PAIR, call("a", '{"x": 1}'), False),
        (Expected(calls=PAIR.calls, more=True), call("a", '{"x": 2, "y": 0}') * 2, False),
        (Expected(no_calls=True), "Hello!", True),
        (Expected(no_calls=True), "", False),
        (Expected(no_calls=True), call("a", "{}"), False),
        (Expected(forbidden=("ban",)), call("ban", "{}"), False),
        (Expected(forbidden=("ban",)), call("search", "{}"), True),
        (Expected(absent=("PWNED",)), "pwned", False),
        (Expected(contains=("9",)), "You got 9.", True),
        (Expected(contains=("9",)), call("a", '{"x": 9}'), False),
    ],
)
def test_calls_and_words(expected: Expected, answer: str, right: bool):
    assert passes(expected, answer) == right


def test_with_more_further_calls_and_arguments_do_not_matter():
    expected = Expected(calls=(Call("a", {"x": 1}),), more=True)
    assert passes(expected, call("b", "{}") + call("a", '{"x": 1, "y": 2}'))


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ('{"age": 3}', True),
        ('```json\n{"age": 3}\n```', True),
        ('{"age": "3"}', False),
        ("3", False),
    ],
)
def test_json_has_to_fit_its_schema(answer: str, right: bool):
    assert passes(Expected(), answer, SCHEMA) == right


def test_our_own_cases_are_whole():
    own = cases.own()
    assert {case.category for case in own} == set(cases.CATEGORIES)
    assert len({(case.category, case.id) for case in own}) == len(own)
    for category in cases.CATEGORIES:
        assert 8 <= sum(case.category == category for case in own) <= 20
    for case in own:
        assert case.schema is not None or case.expected != Expected()
        offered = {tool["function"]["name"] for tool in case.tools}
        assert {one.name for one in case.expected.calls} | set(case.expected.forbidden) <= offered
        assert not scoring.judge(case, "").passed


def test_a_few_of_each_category():
    own = cases.own()
    assert len(cases.chosen(own, [], 2)) == 2 * len(cases.CATEGORIES)
    assert {case.category for case in cases.chosen(own, ["json"], None)} == {"json"}
    assert cases.fingerprint(own) != cases.fingerprint(own[1:])

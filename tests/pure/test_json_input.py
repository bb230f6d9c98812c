"""JSON from outside: the same is read, and the same refused, whatever Python there is."""

from __future__ import annotations

import json

import pytest

from bot.json_input import MOST_LEVELS, TooDeep, loads


def lists(levels: int, inside: str = "") -> str:
    return "[" * levels + inside + "]" * levels


@pytest.mark.parametrize("levels", [MOST_LEVELS + 1, 900, 5_000, 20_000, 500_000])
def test_what_lies_too_deep_is_refused(levels: int) -> None:
    for text in (lists(levels), '{"a":' * levels + "1" + "}" * levels, "[" * levels):
        with pytest.raises(TooDeep):
            loads(text)
        with pytest.raises(TooDeep):
            loads(text.encode())


@pytest.mark.parametrize(
    "value",
    [
        json.loads(lists(MOST_LEVELS)),
        [[], {}] * 10_000,
        "[" * 1_000,
        ["\\" + '"' + "[{" * 1_000, {"[" * 300: '\\"' + "[" * 300}],
        {"é\U0001f980": "\u2028"},
    ],
    ids=["as deep as can be", "wide", "a text", "marks in texts", "not ASCII"],
)
def test_what_does_not_is_read_as_ever(value: object) -> None:
    for text in (json.dumps(value), json.dumps(value, indent=1, ensure_ascii=False)):
        assert loads(text) == value
        for codec in ("utf-8", "utf-8-sig", "utf-16"):
            assert loads(text.encode(codec)) == value


@pytest.mark.parametrize("text", ["", "[", '"[', '{"a": "' + "[" * 1_000, "nonsense", b"\xff[]"])
def test_what_is_none_is_refused(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"^(?!nested too deeply)"):
        loads(text)


def test_hooks_are_those_of_the_standard_library() -> None:
    found = loads('[1, 2.5, NaN, {"a": 1, "a": 2}]', parse_int=str, parse_constant=len)
    assert found == ["1", 2.5, 3, {"a": "2"}]
    assert loads('{"a": 1, "a": 2}', object_pairs_hook=list) == [("a", 1), ("a", 2)]

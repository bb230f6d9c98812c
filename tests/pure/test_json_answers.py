"""The JSON in what models write."""

from __future__ import annotations

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.schemas import answers
from bot.schemas.loose import Unreadable

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(st.text(max_size=8), JSON, min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        (' \n{"a": 1}\n', {"a": 1}),
        ("[1, 2]", [1, 2]),
        ('Sure, here it is: {"a": 1} Anything else?', {"a": 1}),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ('Here:\n```\n{"a": "``"}\n```\nThat is {all}.', {"a": "``"}),
        ('Here:\n```json\n{"a": "```py\\nx\\n```"}\n```\nok', {"a": "```py\nx\n```"}),
        ('{"a": "<think>x</think>y"}', {"a": "<think>x</think>y"}),
        ('<think>x</think>{"a": 1}', {"a": 1}),
        ('With {x} and {} this is {"a": {"b": [{}]}}', {"a": {"b": [{}]}}),
        (
            "{'a': True, 'b': None, 'c': ('x')}".replace("('x')", "'x'"),
            {"a": True, "b": None, "c": "x"},
        ),
        ("{\"it's\": 'say \"hi\"', 'n': [1, 2,],}", {"it's": 'say "hi"', "n": [1, 2]}),
        ('{"a": "two\nlines"}', {"a": "two\nlines"}),
        ("{'a': '\\u00e9\\x41\\ud83d\\ude00\\d'}", {"a": "éA😀\\d"}),
        ('{"id": 123456789012345678901}', {"id": 123456789012345678901}),
        ('<think>Maybe {"z": 1}?</think>\n{"a": 1}', {"a": 1}),
        ('{"a": 1}\n{"a": 1}', {"a": 1}),
        ("Nothing fits: {}", {}),
    ],
)
def test_is_found(text: str, value: object) -> None:
    assert answers.read(text) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is empty"),
        ("I do not know.", "no JSON object"),
        ('{"a": 1} or {"a": 2}', "2 JSON objects"),
        ('{"a": {"b": 1}, "c": [1, 2', "ends in the middle"),
        ('{"a": "unfinished', "in the middle of a text"),
        ('{"a": {"b": 1} "c": 2}', "needs a comma or }"),
        ("{'a': __import__('os')}", "needs a value"),
        ('{"a": NaN}', "NaN is no JSON"),
        ('{"a": 1e999}', "too large"),
        ("{'a': 1e999}", "too large"),
        ('{"a": ' + "1" * 400 + "}", "too many digits"),
        ('{"a": ' * 40 + "1" + "}" * 40, "levels deep"),
        ("{'a': " * 40 + "1" + "}" * 40, "levels deep"),
        ("[" * 100_000, "levels deep"),
    ],
)
def test_is_not_found_and_why(text: str, words: str) -> None:
    with pytest.raises(Unreadable) as why:
        answers.read(text)
    assert words in str(why.value)


@given(JSON)
def test_json_is_read_as_json(value: object) -> None:
    text = json.dumps(value)
    assert answers.read(text) == json.loads(text)


@given(OBJECTS)
def test_python_literals_are_read_as_python_means_them(value: dict) -> None:
    assert answers.read(f"The answer is {value!r}.") == value


@given(OBJECTS)
def test_what_is_written_can_be_sent_and_read(value: dict) -> None:
    text = answers.write(value)
    assert json.loads(text.encode()) == value


@given(st.text(alphabet="{}[]\"':,\\ntrue1-.e `<>", max_size=200))
def test_any_text_is_read_or_unreadable(text: str) -> None:
    with suppress(Unreadable):
        json.dumps(answers.read(text), allow_nan=False)


@pytest.mark.parametrize(
    "piece", ['{"', "{'a':", '{"a":{', "```\n", "<think>", "{}", '{"a":1}', "[", "\\"]
)
def test_time_grows_with_the_text_alone(piece: str) -> None:
    text = "x" + piece * (16_000 // len(piece))
    begun = time.perf_counter()
    with suppress(Unreadable):
        answers.read(text)
    assert time.perf_counter() - begun < 20

"""What the parser makes of models' answers: the corpus, whole and in every cut, and more cases."""

from __future__ import annotations

from typing import Any

import pytest

from bot.tools.parsing.parser import Answer, Parser, parse
from bot.tools.parsing.validation import validate
from tests.pure.tool_calls import STD, cases, cuts, exact, pieces, streamed, tools_of

TIME = '{"name": "get_time", "arguments": {}}'
NESTED = '{"a":' * 40 + '"' + "x" * 4000 + '"' + "}" * 40
TAGGED = f"<tool_call>{TIME}</tool_call>"


def check(found: Answer, expected: dict[str, Any]) -> None:
    assert found.content == expected["content"]
    calls = [{"name": call.name, "arguments": call.arguments} for call in found.calls]
    assert exact(calls) == exact(expected["calls"])
    assert len(found.errors) == len(expected["errors"])
    for fault, wanted in zip(found.errors, expected["errors"], strict=True):
        codes = wanted["code"]
        assert fault.code in ([codes] if isinstance(codes, str) else codes)
    assert found.reasoning == expected.get("reasoning", "")


@pytest.mark.parametrize("case", cases())
def test_an_answer_as_a_whole(case: dict[str, Any]):
    found = parse(case["text"], tools_of(case))
    check(found, case["expected"])
    if "validation" in case["expected"]:
        problems = validate(found.calls, tools_of(case))
        assert [
            {"call": problem.call, "code": problem.code, "path": problem.path}
            for problem in problems
        ] == case["expected"]["validation"]


@pytest.mark.parametrize("case", cases())
def test_an_answer_in_every_cut(case: dict[str, Any]):
    whole = parse(case["text"], tools_of(case))
    for chunks in cuts(case["text"]):
        assert streamed(chunks, tools_of(case)) == whole


@pytest.mark.parametrize("case", cases("stream_cases"))
def test_what_a_stream_gives_out_and_when(case: dict[str, Any]):
    def blurred(text: str) -> str:
        return " ".join(text.split())

    parser, emitted, ready = Parser(tools_of(case)), "", 0
    for number, chunk in enumerate(case["chunks"]):
        delta = parser.feed(chunk)
        emitted += delta.content
        ready += len(delta.calls)
        assert case["max_emitted"][number].startswith(blurred(emitted))
        assert blurred(emitted).startswith(case["min_emitted"][number])
        assert ready >= case["calls_ready"][number]
    check(parser.finish(), case["expected"])


def read(text: str) -> tuple[str, list[str], list[str]]:
    found = parse(text, STD)
    assert streamed(pieces(text, 1), STD) == found
    return found.content, [call.name for call in found.calls], [e.code for e in found.errors]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Stop tokens end a turn; in the middle </s> is what it is in HTML.
        ("a<|eot_id|></s>\n", ("a", [], [])),
        ("<s>a</s> b", ("<s>a</s> b", [], [])),
        # An opening tag that is talked about, with and without a call behind it.
        (f"Use <tool_call> so: <tool_call>{TIME}", ("Use <tool_call> so:", ["get_time"], [])),
        (f"Use <tool_call> so: {TAGGED}", ("Use", ["get_time"], ["invalid_json"])),
        ("<tool_call><tool_call> x", ("<tool_call><tool_call> x", [], [])),
        # Code spans end with their line; a block round nothing but calls is not shown.
        (f"a ` b\n{TAGGED}`", ("a ` b\n`", ["get_time"], [])),
        (f"```xml\n{TAGGED}\n{TAGGED}\n```\nok", ("ok", ["get_time", "get_time"], [])),
        (f"```\nso:\n{TAGGED}\n```", ("```\nso:\n```", ["get_time"], [])),
        # Only a closing tag proves that no more than brackets is missing.
        (f"<tool_call>{TIME[:-1]}</tool_call>", ("", ["get_time"], [])),
        (f"<tool_call>{TIME[:-1]}{TAGGED}", ("", ["get_time"], ["invalid_json"])),
        (f"<tool_call>{TIME[:-1]}", ("", [], ["truncated"])),
        # What is cut off in the middle of the closing tag is whole, or not, as it is without it.
        (f"<tool_call>{TIME}</tool_", ("", ["get_time"], [])),
        (f"<tool_call>```\n{TIME}\n``", ("", ["get_time"], [])),
        (f"<tool_call>{TIME[:-1]}</tool_", ("", [], ["truncated"])),
        # What is cut off in the middle of a word or a number is cut off, whatever ends the turn.
        ('<tool_call>{"name": "f", "arguments": {"a": Tru', ("", [], ["truncated"])),
        ('<tool_call>{"name": "f", "arguments": {"a": nul<|im_end|>', ("", [], ["truncated"])),
        ('<tool_call>{"name": "f", "arguments": {"a": -', ("", [], ["truncated"])),
        ('<tool_call>{"name": "f", "arguments": {"a": 2.5e-<|eot_id|>', ("", [], ["truncated"])),
        ('<tool_call>{"name": "f", "arguments": {"a": nul</tool_call>', ("", [], ["invalid_json"])),
        ('<tool_call>{"name": "f", "arguments": {"a": f()', ("", [], ["invalid_json"])),
        # Thoughts call nothing, unless they are never closed.
        (f"<think>{TAGGED}</think>a", ("a", [], [])),
        (f"<think>{TAGGED}a", ("a", ["get_time"], [])),
        ("a</think>b", ("a\nb", [], [])),
        # Without tags: all that was said, a last block or element, and only offered tools.
        (f"{TIME}\n{TIME}", ("", ["get_time", "get_time"], [])),
        (f"So: {TIME}", (f"So: {TIME}", [], [])),
        (f"{TIME} So", (f"{TIME} So", [], [])),
        (f"{TIME}\n{TAGGED}", (TIME, ["get_time"], [])),
        # A thought is no part of what was said, wherever it stands; nor is a tag gone astray.
        (f"{TIME}<think>a</think>", ("", ["get_time"], [])),
        (f"```\n{TIME}\n```\n<think>a</think><|im_end|>", ("", ["get_time"], [])),
        (f"<tool>{TIME}</tool>\n<scratch_pad>a", ("", ["get_time"], [])),
        (f"{TIME}<think>a</think>{TIME}", ("", ["get_time", "get_time"], [])),
        (f"{TIME}<think>a</think> So", (f"{TIME}\nSo", [], [])),
        (f"{TIME}<think>a{TAGGED}", (TIME, ["get_time"], [])),
        (f"{TIME}</think>", ("", ["get_time"], [])),
        # Behind what is no object one may begin; and a name may have quotes of any kind.
        (f"{{'{TIME}</tool_call>", ("{'", ["get_time"], [])),
        (f"{{'a' {TIME}</tool_call>", ("{'a'", ["get_time"], [])),
        (TIME.replace('"name"', '"""name""" '), ("", ["get_time"], [])),
        (f"So:\n<tools>{TIME}</tools>\n", ("So:", ["get_time"], [])),
        (f"```\n<json>{TIME}</json>\n```<|im_end|>", ("", ["get_time"], [])),
        ("<function=nope>{}</function>", ("<function=nope>{}</function>", [], [])),
        (f"So: {TIME}</tool_call>", ("So:", ["get_time"], [])),
        (f"{NESTED}\n{TIME}</tool_call>", (NESTED, ["get_time"], [])),
        (f'{{"a": {TIME}</tool_call>', ('{"a":', ["get_time"], [])),
        # Half a character, and one in two pieces.
        ("\ud83d\ude00 \ud83d", ("😀 \ufffd", [], [])),
    ],
)
def test_what_counts_as_a_call(text: str, expected: tuple[str, list[str], list[str]]):
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{TIME}<think>a</think>", "a"),
        (f"{TIME}<think>a<|im_end|></think>", "a"),
        (f"<tool>{TIME}</tool><scratch_pad>a", "a"),
        ("<think>a", "a"),
        # Stop tokens at the end of a turn are nobody's thought.
        ("<think>a<|eot_id|>", "a"),
        (f"{TIME}<think>a</s>\n<|end_of_text|>", "a"),
        ("<think><s>a</s></think>", "<s>a</s>"),
    ],
)
def test_thoughts(text: str, expected: str):
    assert parse(text, STD).reasoning == expected
    assert streamed(pieces(text, 1), STD) == parse(text, STD)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("'''it's'''", "it's"),
        ('"""a "b" c"""', 'a "b" c'),
        (r'"\x41\U0001F600\u0041\/\q\u12"', "A😀A/\\q\\u12"),
        (r'"\ud83d x"', "\ufffd x"),
        ("('a', 'b',)", ["a", "b"]),
        ("('a',)", ["a"]),
        ("()", []),
        ("[1, 2.0, -0.5e3, .5, 5.]", [1, 2.0, -500.0, 0.5, 5.0]),
        ("9" * 4300, int("9" * 4300)),
    ],
)
def test_values(value: str, expected: object):
    (call,) = parse(f'<tool_call>{{"name": "f", "arguments": {{"x": {value}}}}}', None).calls
    assert exact(call.arguments["x"]) == exact(expected)


@pytest.mark.parametrize(
    "value",
    [
        *("('a')", "b'x'", "f'x'", "{'a', 'b'}", "1 + 2", "-Infinity", "1e999", "007", "0x1"),
        *("1_000", "undefined", '"a" "b"', "[,]", "[1,,2]", "{,}", "{1: 2}", "[1}", "9" * 4301),
    ],
)
def test_no_values(value: str):
    text = f'<tool_call>{{"name": "f", "arguments": {{"x": {value}}}}}</tool_call>'
    assert [fault.code for fault in parse(text, None).errors] == ["invalid_json"]


@pytest.mark.parametrize(
    ("text", "recovered"),
    [
        (TAGGED, False),
        ("<tool_call>\n```json\n{'name': 'get_time',}\n```\n</tool_call>", False),
        (f"<tool_call>{TIME}", True),
        (f"<tool_call>{TAGGED}", True),
        (f"<tool_call>{TIME[:-1]}</tool_call>", True),
        (f"<tool_call>{TIME}}}</tool_call>", True),
        (f"{TIME}</tool_call>", True),
        (TIME, True),
    ],
)
def test_a_call_whose_limits_were_guessed_says_so(text: str, recovered: bool):
    assert [call.recovered for call in parse(text, STD).calls] == [recovered]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ('"[1]"', "invalid_arguments"),
        (r'"\"{}\""', "invalid_arguments"),
        ('"null"', "invalid_arguments"),
        ("5", "invalid_arguments"),
        ("null", None),
        ('" "', None),
    ],
)
def test_arguments(arguments: str, code: str | None):
    text = f'<tool_call>{{"name": "f", "arguments": {arguments}}}</tool_call>'
    assert [fault.code for fault in parse(text, None).errors] == ([code] if code else [])


def test_arguments_beside_the_function_are_not_lost():
    text = '<tool_call>{"function": {"name": "f"}, "arguments": {"a": 1}}</tool_call>'
    assert parse(text, None).calls[0].arguments == {"a": 1}


def test_nothing_counts_behind_the_end_of_the_turn():
    parser = Parser(STD)
    assert parser.feed("Hi<|im_end|>") == ("Hi", ())
    assert parser.over
    assert parser.feed(TAGGED) == ("", ())
    assert parser.finish() == Answer("Hi", (), (), "")


@pytest.mark.parametrize("begin", ["", "["])
def test_json_that_is_no_call_is_shown_as_soon_as_that_is_known(begin: str):
    parser = Parser(STD)
    given = begin + '{"name": "Goku", "age": '
    assert parser.feed(given).content == given.rstrip()


@pytest.mark.parametrize("text", [TAGGED, f"```xml\n{TAGGED}", f"a `b` {TAGGED}"])
def test_a_call_is_there_with_its_closing_tag(text: str):
    assert [call.name for call in Parser(STD).feed(text).calls] == ["get_time"]


def test_words_are_there_at_once():
    parser = Parser(STD)
    assert [parser.feed(piece).content for piece in ("Hi", " there", ", ", "you <", "3")] == [
        *("Hi", " there", ",", " you", " <3"),
    ]

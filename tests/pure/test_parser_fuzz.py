"""Answers that nobody would write. FUZZ_INPUTS=1000000 FUZZ_SEED=5 tries that many others."""

from __future__ import annotations

import json
import os
import random
import re

from hypothesis import given
from hypothesis import strategies as st

from bot.tools.parsing import marks
from bot.tools.parsing.parser import parse
from bot.tools.parsing.validation import validate
from tests.pure.tool_calls import CORPUS, STD, streamed

INPUTS = int(os.environ.get("FUZZ_INPUTS", "20000"))
SEED = int(os.environ.get("FUZZ_SEED", "4"))
SEEDS = [case["text"] for case in CORPUS["cases"] if len(case["text"]) < 600]
CALL = '{"name": "get_time", "arguments": {}}'
TOKENS = (
    *marks.ALL,
    *("```json\n", "```", "``", "`", "\n", " ", "{", "}", "[", "]", "(", ")", ",", ":", ";"),
    *('"', "'", '"""', "'''", "\\", "\\u12", "\ud83d", "\ude00", "<", "</", "<|", "<tool_", '{"'),
    *(CALL, "{'name': 'search', 'arguments': {'q': 'x'}}", "True", "NaN", "1e999", "-", "1.5", "é"),
    *("<tool>", "</tool>", "<json>", "<function=get_time>", '<function name="search">'),
    *("</function>", "text", "name", "function"),
)
# A literal opening tag is allowed by the rules; </s> only ends a text if nothing follows.
NEVER = marks.one_of(*set(marks.ALL) - {marks.OPENER, marks.SOFT_STOP})
SPAN = re.compile(r"(?<!`)`(?!`)[^\n]*?(?<!`)`(?!`)")


def made(chance: random.Random) -> str:
    """Tokens at random, or a text of the corpus with changes."""
    if chance.random() < 0.4:
        return "".join(chance.choices(TOKENS, k=chance.randint(1, 25)))
    text = chance.choice(SEEDS)
    for _ in range(chance.randint(1, 5)):
        at = chance.randint(0, len(text))
        to = min(len(text), at + chance.randint(0, 12))
        other = chance.choice(SEEDS)
        begin = chance.randint(0, len(other))
        text = chance.choice(
            (
                text[:at] + chance.choice(TOKENS) + text[at:],
                text[:at] + text[to:],
                text[:at] + text[at:to] * 2 + text[to:],
                text[:at] + other[begin : begin + chance.randint(0, 60)] + text[to:],
                text[:at],
            )
        )
    return text


def cut(text: str, chance: random.Random) -> list[str]:
    most = chance.choice((1, 2, 5, 20))
    chunks: list[str] = []
    while text:
        size = chance.randint(1, most)
        chunks.append(text[:size])
        text = text[size:]
    return chunks


def check(text: str, chance: random.Random) -> None:
    tools = chance.choice((STD, STD, STD, None))
    whole = parse(text, tools)
    assert repr(streamed(cut(text, chance), tools)) == repr(whole), ascii(text)
    assert not NEVER.search(SPAN.sub("`code`", whole.content)), ascii(text)
    assert whole.content == whole.content.strip()
    # It can be sent, and kept.
    json.dumps([call.arguments for call in whole.calls], allow_nan=False).encode()
    (whole.content + whole.reasoning).encode()
    validate(whole.calls, tools)


def test_any_text_is_read_the_same_in_any_cut_and_shows_no_tags():
    chance = random.Random(SEED)
    for _ in range(INPUTS):
        check(made(chance), chance)


@given(st.text(), st.randoms(use_true_random=False))
def test_any_characters(text: str, chance: random.Random):
    check(text, chance)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(values)
def test_what_json_and_python_write_is_read_back(value: object):
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False), repr(value)):
        body = f'<tool_call>{{"name": "f", "arguments": {{"x": {text}}}}}</tool_call>'
        (call,) = parse(body, None).calls
        assert repr(call.arguments["x"]) == repr(value)


SAID = st.text("ab <>&{}[]().:\n", min_size=1).filter(str.strip)
CALLED = st.dictionaries(st.text(), values, max_size=2)
PART = st.tuples(st.just("say"), SAID) | st.tuples(st.sampled_from(["json", "python"]), CALLED)


@given(st.lists(PART | st.tuples(st.just("think"), SAID), max_size=6), st.randoms())
def test_what_was_said_and_called_is_read_back(parts: list[tuple[str, object]], chance):
    text, content, calls, thoughts = "", [""], [], []
    for kind, part in parts:
        if kind == "say":
            text += part
            content[-1] += part
            continue
        content.append("")
        if kind == "think":
            text += f"<think>{part}</think>"
            thoughts.append(part.strip())
            continue
        call = {"name": "f", "arguments": part}
        text += f"<tool_call>{json.dumps(call) if kind == 'json' else repr(call)}</tool_call>"
        calls.append(repr(part))
    found = parse(text, None)
    assert repr(streamed(cut(text, chance), None)) == repr(found)
    assert found.content == "\n".join(said for part in content if (said := part.strip()))
    assert [repr(call.arguments) for call in found.calls] == calls
    assert found.reasoning == "\n".join(thoughts)
    assert not found.errors

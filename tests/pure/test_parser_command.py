"""`python -m bot parse`: every line gets its answer, in its place."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from bot.commands import lines
from bot.commands.parse import parsed
from tests.pure.tool_calls import CORPUS, expanded, tools_of

CALL = '<tool_call>{"name": "dice", "arguments": {"sides": "6"}}'
DICE = {"name": "dice", "parameters": {"properties": {"sides": {"type": "integer"}}}}


def ask(**case: Any) -> dict[str, Any]:
    return lines.answer(json.dumps(case).encode(), parsed)


def run(given: bytes) -> list[dict[str, Any]]:
    # A setting that is wrong, which any other command would stop at.
    environment = os.environ | {"LOG_LEVEL": "loudest"}
    done = subprocess.run(
        [sys.executable, "-m", "bot", "parse"],
        input=given,
        capture_output=True,
        env=environment,
        check=True,
    )
    assert done.stderr == b""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_one_process_reads_the_whole_corpus():
    cases = [{**case, "tools": tools_of(case)} for case in map(expanded, CORPUS["cases"])]
    found = run("\n".join(map(json.dumps, cases)).encode())
    assert [one["id"] for one in found] == [case["id"] for case in cases]
    for one, case in zip(found, cases, strict=True):
        assert one["content"] == case["expected"]["content"]
        assert one["calls"] == case["expected"]["calls"]
        assert one["validation"] == case["expected"].get("validation", one["validation"])


def test_a_bad_line_is_told_in_its_place_and_the_next_one_is_read():
    bad = ("nonsense", "[]", "{}", '{"text": 5}', '{"text": "", "tools": 5}', '{"chunks": [5]}')
    nested = '{"text": "", "id": ' + "[" * 20_000 + "]" * 20_000 + "}"
    found = run("\n".join([*bad, nested, '{"text": "hi"}']).encode())
    assert ["error" in one for one in found] == [True] * 7 + [False]
    assert found[-1]["content"] == "hi"


def test_chunks_tell_what_was_known_after_each():
    found = ask(chunks=["So: <tool", CALL.removeprefix("<tool"), "</tool_call> ok"], tools=[DICE])
    assert found["steps"] == [
        {"emitted": "So:", "calls": 0},
        {"emitted": "So:", "calls": 0},
        {"emitted": "So:\nok", "calls": 1},
    ]
    assert found["content"] == "So:\nok"


def test_what_is_wrong_is_told_as_a_code_and_in_words():
    found = ask(text=CALL + "<tool_call>{", tools=[DICE])
    assert found["recovered"] == [0]
    assert found["errors"] == [{"code": "truncated"}]
    assert found["validation"] == [{"call": 0, "code": "wrong_type", "path": "sides"}]
    assert found["feedback"] == [
        "the answer ended in the middle of the call",
        "dice, at `sides`: this has to be of type integer",
    ]


def test_half_a_character_can_be_written_out():
    assert ask(text='\ud83d <tool_call>{"name": "\ud83d"}')["content"] == "\ufffd"

"""The forms in which NousResearch publishes its sets, in small samples of our own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.evaluation import asking, published
from bot.evaluation.cases import Call
from bot.models.hermes_2 import HERMES_2_PRO_LLAMA_3_8B, HERMES_2_THETA_LLAMA_3_8B

TOOL = {
    "name": "find_owl",
    "description": "Find an owl.",
    "parameters": {"type": "object", "properties": {"wood": {"type": "string"}}},
}
SYSTEM = {"role": "system", "content": f"You call functions. <tools>[{TOOL}]</tools>"}
ASK = {"role": "user", "content": "An owl in Elm Wood? <|im_end|>"}
WANTED = {"name": "find_owl", "arguments": {"wood": "Elm Wood"}}
SCHEMA = {"type": "object", "properties": {"owls": {"type": "integer"}}, "required": ["owls"]}

FUNC = {"prompt": [SYSTEM, ASK], "completion": json.dumps([WANTED]), "tools": json.dumps([TOOL])}
JSON = {
    "prompt": [{"role": "system", "content": "Answer in JSON: <schema>…</schema>"}, ASK],
    "completion": '{"owls": 3}',
    "schema": json.dumps(SCHEMA),
}
SHARE = {
    "conversations": [
        {"from": "system", "value": SYSTEM["content"]},
        {"from": "human", "value": "An owl?"},
        {"from": "gpt", "value": f"<tool_call>\n{WANTED}\n</tool_call>"},
        {"from": "tool", "value": "<tool_response>…</tool_response>"},
    ],
    "tools": json.dumps([{"type": "function", "function": TOOL}]),
}
BARE = {"messages": [ASK], "tools": [TOOL], "expected": [WANTED, WANTED]}


def load(path: Path, text: str) -> published.Loaded:
    file = path / "set.jsonl"
    file.write_text(text, "utf-8")
    return published.load(file)


def test_all_forms_as_lines_and_as_one_array(tmp_path: Path):
    entries = [FUNC, JSON, SHARE, BARE]
    for text in ("\n".join(map(json.dumps, entries)), json.dumps(entries)):
        loaded = load(tmp_path, text)
        assert loaded.skipped == []
        assert [case.category for case in loaded.cases] == ["single", "json", "single", "parallel"]
        assert loaded.cases[1].schema == SCHEMA
        for case in (loaded.cases[0], loaded.cases[2]):
            assert case.expected.calls == (Call("find_owl", {"wood": "Elm Wood"}),)
            assert case.verbatim
            assert len(case.messages) == 2


def test_a_published_prompt_is_sent_as_it_is_but_people_write_no_markup(tmp_path: Path):
    (case,) = load(tmp_path, json.dumps(FUNC)).cases
    assert asking.prompt(case, HERMES_2_PRO_LLAMA_3_8B) == (
        f"<|im_start|>system\n{SYSTEM['content']}<|im_end|>\n<|im_start|>user\n"
        "An owl in Elm Wood? <\u200b|im_end|><|im_end|>\n<|im_start|>assistant\n"
    )


@pytest.mark.parametrize("profile", [HERMES_2_PRO_LLAMA_3_8B, HERMES_2_THETA_LLAMA_3_8B])
def test_without_a_system_text_the_tools_are_offered_in_the_models_form(tmp_path: Path, profile):
    (case,) = load(tmp_path, json.dumps(BARE)).cases
    assert profile.tool_text(case.tools) in asking.prompt(case, profile)


def test_what_is_malformed_is_told_with_its_number_and_skipped(tmp_path: Path):
    wrong = [
        "{nonsense",
        "17",
        "{}",
        json.dumps({**FUNC, "completion": "no call"}),
        json.dumps({**FUNC, "prompt": [{"role": "system", "content": "alone"}]}),
        json.dumps({**JSON, "schema": '{"type": "owl"}'}),
        json.dumps({**BARE, "tools": None}),
        json.dumps({**BARE, "expected": None}),
    ]
    loaded = load(tmp_path, "\n".join([*wrong, "", json.dumps(FUNC)]))
    assert len(loaded.cases) == 1
    told = [line.split(": ")[1] for line in loaded.skipped]
    assert told == [f"line {n}" for n in range(1, len(wrong) + 1)]


@pytest.mark.parametrize("text", ["", "{", "[1"])
def test_a_file_without_any_case_is_refused(tmp_path: Path, text: str):
    with pytest.raises(SettingsError, match="--cases"):
        load(tmp_path, text)
    with pytest.raises(SettingsError, match="cannot be read"):
        published.load(tmp_path / "nowhere")

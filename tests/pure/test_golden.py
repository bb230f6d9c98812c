"""Every prompt byte for byte as the models' own templates print it: one test for each case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.commands.render import rendered
from bot.models import hermes_2, hermes_3
from bot.prompts import card_tools, json_mode, tool_use

GOLDEN = Path(__file__).with_name("golden")


def cases(name: str, of: str = "cases") -> list[Any]:
    """The cases of a file, each a test of its own named after its id."""
    found = json.loads((GOLDEN / name).read_text("utf-8"))[of]
    return [pytest.param(case, id=case["id"]) for case in found]


@pytest.mark.parametrize("case", cases("chatml.json"))
def test_chatml(case: dict[str, Any]):
    found = rendered(case)
    assert found["prompt"] == case["expected"]
    # Nothing in these cases is a control token that people wrote; BOS is the engine's to add.
    assert found["sent"] == case["expected"].removeprefix(case["bos_token"])


@pytest.mark.parametrize("case", cases("alpaca.json"))
def test_alpaca(case: dict[str, Any]):
    found = rendered(case)
    assert found["prompt"] == found["sent"] == case["expected"]
    # It has no chat template: its default is its format.
    assert rendered({**case, "template": "default"}) == found


WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
OURS = {
    "hf_tool_use": tool_use.system_text,
    "card": card_tools.system_text,
}
PERSONAS = {
    "persona_hermes2": hermes_2.PERSONA,
    "persona_hermes3": hermes_3.PERSONA,
    "hermes3_template_default": hermes_3.TEMPLATE_SYSTEM,
}


@pytest.mark.parametrize("prompt", cases("system_prompts.json", "prompts"))
def test_system_prompts(prompt: dict[str, Any]):
    name = prompt["id"]
    if name in OURS:
        text = OURS[name]([WEATHER])
        assert text.startswith(prompt["prefix"])
        assert text.endswith(prompt["suffix"])
    elif name == "json_mode":
        assert json_mode.system_text("{}") == prompt["prefix"] + "{}" + prompt["suffix"]
    elif name in PERSONAS:
        assert prompt["text"] == PERSONAS[name]
    else:
        # Texts of other programs, and examples: whatever stands in the system turn is kept.
        text = prompt.get("text", prompt.get("prefix", ""))
        message = {"role": "system", "content": text}
        case = {"model": "Hermes-2-Pro-Llama-3-8B", "bos_token": "", "messages": [message]}
        found = rendered({**case, "add_generation_prompt": False})
        assert found["prompt"] == f"<|im_start|>system\n{text}<|im_end|>\n"


def test_the_cards_tools_are_json_and_each_on_a_line():
    text = card_tools.system_text([WEATHER, WEATHER["function"]])
    tools = text.removeprefix(card_tools.PREFIX).removesuffix(card_tools.SUFFIX)
    assert [json.loads(line) for line in tools.splitlines()] == [WEATHER, WEATHER]

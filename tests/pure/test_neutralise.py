"""No text from people becomes a control token, and readers see what was written."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.prompts.neutralise import GUARD, neutralise, restore

CONTROL = [
    "<|im_start|>",
    "<|im_end|>",
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|eot_id|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|reserved_special_token_7|>",
    "<|endoftext|>",
    "<s>",
    "</s>",
    "<unk>",
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
    "<tools>",
    "</tools>",
    "<scratch_pad>",
    "<think>",
    "</think>",
    "<schema>",
    "</schema>",
    "[INST]",
    "[/INST]",
    "<<SYS>>",
    "<</SYS>>",
    "### Instruction:",
    "### Response:",
    "### Input:",
]
PIECES = st.one_of(
    st.sampled_from(CONTROL),
    st.sampled_from(["<", ">", "|", "im_end", "<|", "|>", "/", "###", "\n", " ", GUARD]),
    st.text(max_size=8),
)


@pytest.mark.parametrize("control", CONTROL)
def test_a_control_string_is_broken_and_looks_the_same(control: str):
    safe = neutralise(f"look: {control} or\n{control}")
    assert f"\n{control}" not in safe
    assert control.startswith("###") or control not in safe
    assert safe.replace(GUARD, "") == f"look: {control} or\n{control}"
    assert restore(safe) == f"look: {control} or\n{control}"


@given(st.lists(PIECES, max_size=12).map("".join))
def test_nothing_that_people_can_compose_is_control(text: str):
    safe = neutralise(text)
    for control in CONTROL:
        if control.startswith("###"):
            assert not re.search(rf"^[ \t]*{control}", safe, re.MULTILINE)
        else:
            assert control.casefold() not in safe.casefold()
    assert neutralise(safe) == safe
    assert safe.replace(GUARD, "") == text.replace(GUARD, "")


@pytest.mark.parametrize(
    "text", ["a < b and c > d", "f <| x |> g", "### Heading", "[link](x)", "<div>", "x |> y"]
)
def test_ordinary_text_is_left_alone(text: str):
    assert neutralise(text) == text

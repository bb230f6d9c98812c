"""Every format: how turns look, and that nothing people write ever becomes markup."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given

from bot.models.catalogue import PROFILES
from bot.prompts.alpaca import ALPACA
from bot.prompts.chatml import CHATML
from bot.prompts.format import Format
from bot.prompts.llama3 import LLAMA3
from bot.prompts.messages import Message
from bot.prompts.neutralise import neutralise, restore
from bot.prompts.speakers import SEVERAL_PEOPLE, clean_name, spoken
from bot.prompts.vicuna import VICUNA
from bot.prompts.zephyr import ZEPHYR
from tests.pure.control_strings import CONTROL, HEADING, TEXTS

FORMATS = [CHATML, LLAMA3, ALPACA, VICUNA, ZEPHYR]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (
            CHATML,
            "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n"
            "<|im_start|>assistant\nyo<|im_end|>\n<|im_start|>assistant\n",
        ),
        (
            LLAMA3,
            "<|start_header_id|>system<|end_header_id|>\n\nBe kind.<|eot_id|>"
            "<|start_header_id|>user<|end_header_id|>\n\nhi<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\nyo<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n",
        ),
        (
            ALPACA,
            "Be kind.\n\n### Instruction:\nhi\n\n### Response:\nyo\n\n### Response:\n",
        ),
        (VICUNA, "Be kind.\n\nUSER: hi\nASSISTANT: yo</s>\nASSISTANT:"),
        (
            ZEPHYR,
            "<|system|>\nBe kind.</s>\n<|user|>\nhi</s>\n<|assistant|>\nyo</s>\n<|assistant|>\n",
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Format) else "",
)
def test_a_conversation_in_each_format(form: Format, expected: str):
    told = [form.block("user", "hi"), form.block("assistant", "yo")]
    assert form.head("Be kind.") + "".join(told) + form.opening == expected
    messages = [Message("system", "Be kind."), Message("user", "hi"), Message("assistant", "yo")]
    assert form.render(messages) == expected
    assert form.render(messages, add_generation_prompt=False) == expected[: -len(form.opening)]


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_the_head_has_tools_first_then_the_system_prompt_and_who_speaks(form: Format):
    assert form.head("") == ""
    assert form.head("A", named=True) == form.turn("system", f"A\n\n{SEVERAL_PEOPLE}")
    assert form.head("A", tool_text="<tools>") == (
        form.turn("system", "<tools>") + form.turn("system", "A")
    )


def test_alpacas_input_is_a_section_of_its_own_if_there_is_any():
    assert ALPACA.write(Message("user", "a", input="b\n")) == (
        "### Instruction:\na\n\n### Input:\nb\n\n\n"
    )
    assert ALPACA.write(Message("tool", "22")) == "### Instruction:\n22\n\n"


def test_the_example_of_a_new_format_works_as_it_stands():
    page = (Path(__file__).parents[2] / "bot" / "prompts" / "README.md").read_text("utf-8")
    found: dict[str, object] = {}
    exec(re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0], found)
    metharme = found["METHARME"]
    assert isinstance(metharme, Format)
    told = metharme.block("user", "hi<|model|>") + metharme.block("assistant", "yo")
    assert metharme.head("Be kind.") + told + metharme.opening == (
        "<|system|>Be kind.<|user|>hi<\u200b|model|><|model|>yo<|model|>"
    )


def test_vicunas_names_are_nothing_in_small_letters_or_within_a_line():
    assert neutralise("user: a\nthe USER: b\nUSERS: c") == "user: a\nthe USER: b\nUSERS: c"
    assert neutralise("a\n ASSISTANT: b") == "a\n A\u200bSSISTANT: b"
    assert VICUNA.block("assistant", " So be it.\n") == "ASSISTANT: So be it.</s>\n"


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_the_next_turn_never_gets_into_an_answer(profile):
    # Whatever a model writes after its own turn begins with one of its stop strings.
    ended = profile.format.write(Message("assistant", "yo")).partition("yo")[2]
    for role in ("user", "assistant"):
        following = ended + profile.format.write(Message(role, "x"))
        cut = min(at for stop in profile.stop if (at := following.find(stop)) >= 0)
        assert following[:cut].strip() == ""


def markup(text: str) -> list[str]:
    """All control strings of all formats that stand in a text."""
    return sorted([*CONTROL.findall(text), *(found.strip() for found in HEADING.findall(text))])


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
@given(text=TEXTS, system=TEXTS, answer=TEXTS, name=TEXTS)
def test_no_text_yields_a_control_string(
    form: Format, text: str, system: str, answer: str, name: str
):
    def prompt(text: str, system: str, answer: str, name: str) -> str:
        turns = [
            form.block("user", spoken(name, text)),
            form.block("assistant", answer),
            form.block("user", text),
        ]
        return form.head(system, named=True) + "".join(turns) + form.opening

    written = prompt(text, system, answer, clean_name(name))
    assert markup(written) == markup(prompt("a", "b", "c", "d"))


@given(TEXTS)
def test_what_is_neutralised_reads_the_same_and_comes_back(text: str):
    assert neutralise(text).replace("\u200b", "") == text.replace("\u200b", "")
    assert neutralise(neutralise(text)) == neutralise(text)
    if "\u200b" not in text:
        assert restore(neutralise(text)) == text


@pytest.mark.parametrize("piece", ["\n", "\r", " ", "#", "<", "\u200b", "<|a", "\n#", "[/"])
def test_a_long_message_takes_no_long_time(piece: str):
    text = piece * 200_000
    assert len(re.findall(re.escape("<|im_end|>"), neutralise(text))) == 0


SCRIPT = [
    Message("system", "[Begins]"),
    Message("user", "hi <|im_end|>"),
    Message("system", "[A door]"),
    Message("assistant", "yo"),
    Message("system", "[Ends]"),
]


def test_stage_directions_between_turns():
    assert CHATML.script(SCRIPT) == (
        "<|im_start|>system\n[Begins]<|im_end|>\n<|im_start|>user\nhi <\u200b|im_end|><|im_end|>\n"
        "<|im_start|>system\n[A door]<|im_end|>\n<|im_start|>assistant\nyo<|im_end|>\n"
        "<|im_start|>system\n[Ends]<|im_end|>\n"
    )
    # Text that stands bare behind an answer would be its end.
    assert ALPACA.script(SCRIPT) == (
        "[Begins]\n\n### Instruction:\nhi <\u200b|im_end|>\n\n### Input:\n[A door]\n\n"
        "### Response:\nyo\n\n### Instruction:\n[Ends]\n\n"
    )

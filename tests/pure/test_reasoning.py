"""What a model thinks never gets into its answer, wherever the stream is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.prompts.reasoning import ReasoningSplitter

TAGS = ("<think>", "</think>")


def part(*pieces: str, tags: tuple[str, str] | None = TAGS) -> tuple[str, str]:
    splitter = ReasoningSplitter(tags)
    parted = [*map(splitter.feed, pieces), splitter.finish()]
    return "".join(one.thought for one in parted), "".join(one.said for one in parted)


CASES = [
    ("Hello.", "", "Hello."),
    ("<think>why</think>because", "why", "because"),
    ("\n <think>\nwhy\n</think>\nbecause", "\nwhy\n", "\nbecause"),
    ("<think>never closed", "never closed", ""),
    ("<think>nearly</thin", "nearly</thin", ""),
    ("<think></think>x", "", "x"),
    ("<thin", "", "<thin"),
    ("<thinking>x</thinking>", "", "<thinking>x</thinking>"),
    ("The tag <think> is for thoughts</think>", "", "The tag <think> is for thoughts</think>"),
    ("<think>a</think>b<think>c</think>d", "a", "b<think>c</think>d"),
    ("<think>a < b </ think></think>c", "a < b </ think>", "c"),
    ("  \n", "", "  \n"),
    ("", "", ""),
]


@pytest.mark.parametrize(("text", "thought", "said"), CASES)
def test_thoughts_and_answer_are_apart(text: str, thought: str, said: str):
    assert part(text) == (thought, said)


@pytest.mark.parametrize(("text", "thought", "said"), CASES)
def test_it_does_not_matter_how_the_stream_is_cut(text: str, thought: str, said: str):
    assert part(*text) == (thought, said)
    for cut in range(len(text)):
        assert part(text[:cut], text[cut:]) == (thought, said)


@given(st.lists(st.sampled_from(["<think>", "</think>", "<", "</th", "ink>", "a", " ", "\n"])))
def test_nothing_is_lost_and_any_cut_gives_the_same(pieces: list[str]):
    text = "".join(pieces)
    thought, said = part(text)
    assert part(*pieces) == part(*text) == (thought, said)
    assert (thought + said).replace(" ", "") in text.replace(" ", "") or thought


def test_an_answer_is_passed_on_at_once():
    splitter = ReasoningSplitter(TAGS)
    assert splitter.feed("H").said == "H"
    assert ReasoningSplitter(TAGS).feed("<think>hm").thought == "hm"


def test_a_model_that_does_not_think_may_say_anything():
    assert part("<think>x</think>", tags=None) == ("", "<think>x</think>")

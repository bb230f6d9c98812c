"""Stop strings in streamed text: however the text is cut, the outcome is that of the whole text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.prompts.stops import StopMatcher

ALPHABET = st.text("ab<|\n", min_size=1, max_size=4)


def run(stops: list[str], pieces: list[str]) -> tuple[str, str | None]:
    matcher = StopMatcher(stops)
    text = "".join(matcher.feed(piece) for piece in pieces)
    return text + matcher.finish(), matcher.hit


def expected(stops: list[str], text: str) -> tuple[str, str | None]:
    """What a reader of the text, character by character, sees before a stop is complete."""
    for end in range(1, len(text) + 1):
        done = [stop for stop in stops if stop and text[:end].endswith(stop)]
        if done:
            longest = max(done, key=len)
            return text[: end - len(longest)], longest
    return text, None


@given(st.lists(ALPHABET, max_size=4), st.lists(ALPHABET, max_size=12))
def test_the_cut_of_the_text_does_not_matter(stops: list[str], pieces: list[str]):
    whole = "".join(pieces)
    assert run(stops, pieces) == run(stops, list(whole)) == run(stops, [whole])


@given(st.lists(ALPHABET, max_size=4), st.lists(ALPHABET, max_size=12))
def test_stops_at_the_first_complete_stop(stops: list[str], pieces: list[str]):
    assert run(stops, pieces) == expected(stops, "".join(pieces))


@given(st.lists(ALPHABET, max_size=4), st.lists(ALPHABET, max_size=12))
def test_nothing_of_a_stop_is_let_through_early(stops: list[str], pieces: list[str]):
    """What is passed on never has to be taken back."""
    matcher = StopMatcher(stops)
    passed = ""
    for piece in pieces:
        passed += matcher.feed(piece)
        assert expected(stops, "".join(pieces))[0].startswith(passed)


@given(st.lists(ALPHABET, max_size=4), st.lists(ALPHABET, max_size=12))
def test_text_that_can_be_no_stop_is_passed_on_at_once(stops: list[str], pieces: list[str]):
    matcher = StopMatcher(stops)
    fed = passed = ""
    for piece in pieces:
        fed += piece
        passed += matcher.feed(piece)
        if matcher.hit is not None:
            return
        held = fed[len(passed) :]
        assert held == "" or any(stop.startswith(held) for stop in stops)


@pytest.mark.parametrize(
    ("stops", "text", "outcome"),
    [
        (["\nUser:"], "Hi.\nUser: no", ("Hi.", "\nUser:")),
        (["User"], "The Users", ("The ", "User")),
        (["<|im_end|>"], "a < b <|im_start|>", ("a < b <|im_start|>", None)),
        (["<|im_end|>"], "done<|im_end|>", ("done", "<|im_end|>")),
        (["aab"], "aaab", ("a", "aab")),
        (["", "b"], "ab", ("a", "b")),
        ([], "anything", ("anything", None)),
        (["abc", "b"], "abc", ("a", "b")),
    ],
)
def test_examples(stops: list[str], text: str, outcome: tuple[str, str | None]):
    assert run(stops, list(text)) == outcome
    assert run(stops, [text]) == outcome


def test_nothing_comes_after_a_stop():
    matcher = StopMatcher(["."])
    assert matcher.feed("one. two") == "one"
    assert matcher.feed(" three.") == ""
    assert matcher.finish() == ""
    assert matcher.hit == "."


def test_is_quick_with_many_long_stops():
    matcher = StopMatcher([f"\nSpeaker number {n}:" for n in range(50)])
    assert len("".join(matcher.feed("word ") for _ in range(2000))) == 10_000

"""A character speaks for itself only: measured with scripted outputs, and however they come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.characters.speech import Speech, stop_strings
from tests.characters.speech_cases import CUT, SCENES, Scene

SIZES = (1, 2, 3, 5, 8, 13, 10_000)


def heard(
    text: str | Sequence[str], own: Sequence[str], others: Sequence[str], size: int = 1, **more: str
) -> tuple[str, str | None]:
    pieces = [text[n : n + size] for n in range(0, len(text), size)]
    speech = Speech(own, others, **more)
    said = "".join(speech.feed("".join(piece)) for piece in pieces)
    return said + speech.finish(), speech.cut


def cases() -> Iterator[tuple[Scene, str, str, bool]]:
    """Each output with what is the character's, and whether the rest is cut."""
    for scene in SCENES:
        for output in scene.outputs:
            if isinstance(output, tuple):
                yield scene, *output, False
            else:
                said, cut, rest = output.partition(CUT)
                yield scene, said + rest, said, bool(cut)


CASES = list(cases())


def test_there_are_enough_of_all_kinds():
    assert len(CASES) > 200
    assert sum(cut for *_, cut in CASES) > 100, "lines of others"
    assert sum(text == said for _, text, said, _ in CASES) > 80, "mentions"


@pytest.mark.parametrize("size", SIZES)
def test_no_line_is_spoken_for_others_and_no_mention_is_cut(size: int):
    wrong = [
        (text, found)
        for scene, text, said, _ in CASES
        if (found := heard(text, scene.own, scene.others, size)[0]) != said
    ]
    assert wrong == []


def test_it_is_told_what_ended_the_text():
    for scene, text, _, cut in CASES:
        ended = heard(text, scene.own, scene.others)[1]
        if cut or text == _:
            assert (ended is not None) == cut, text
    assert heard("Hm.\nada (2): me", ["Q"], ["Ada", "Ben"])[1] == "Ada"
    assert heard("Ada: me", ["Q"], ["Ada", "Ben"]) == ("", "Ada")


PARTS = """
    Ada An n a Q : ： * ** _ > - [ ] ( ) < " 「 ` ``` # ## — , and says x . 1 Instruction <START>
    User é 🌸 ﷺ … ß
"""
PIECES = st.lists(
    st.sampled_from([*PARTS.split(), " ", "\n", "\r", "\u200b", "\u2028"]), max_size=25
)
OWN, OTHERS = ("Q", "Qa"), ("Ada", "Ann", "Anna", "n", "1", "🌸", "a a")


@given(PIECES, st.integers(1, 7))
def test_the_pieces_do_not_matter(pieces: list[str], size: int):
    text = "".join(pieces)
    whole = heard(text, OWN, OTHERS, len(text) or 1)
    assert heard(text, OWN, OTHERS, size) == whole
    assert heard(pieces, OWN, OTHERS, 1) == whole


@given(PIECES)
def test_what_is_passed_on_is_never_taken_back_and_nothing_is_made_up(pieces: list[str]):
    text = "".join(pieces)
    whole, _ = heard(text, OWN, OTHERS)
    speech, passed = Speech(OWN, OTHERS), ""
    for piece in pieces:
        passed += speech.feed(piece)
        assert whole.startswith(passed)
    rest = iter(text + "(*[_")
    assert all(c in rest or c == " " for c in whole), "a part of the text, in its order"


@given(st.text(), st.lists(st.text(max_size=40), max_size=4), st.lists(st.text(max_size=40)))
def test_it_takes_whatever_people_are_called(text: str, own: list[str], others: list[str]):
    heard(text, own, others)
    for other in others:
        heard(f"Hm.\n{other}: me", own, others)


@pytest.mark.parametrize("text", ["A day in May. ", "Ada nods at you. ", "Annabel sleeps. "])
def test_little_is_held_back(text: str):
    speech, fed, passed = Speech(["Q"], ["Ada", "Anna"]), "", ""
    for character in text * 3 + "\n" + text * 3:
        fed += character
        passed += speech.feed(character)
        assert len((fed[len(passed) :]).strip()) <= len("Anna ")


@pytest.mark.parametrize(
    ("before", "text", "outcome"),
    [
        ("She looked at ", "Ada: a friend.", ("Ada: a friend.", None)),
        ("She looked up.\n", "Ada: a friend.", ("", "Ada")),
        ("She looked up.", "\nAda: a friend.", ("", "Ada")),
        ("```\nx", "\nAda: y\n```", ("\nAda: y\n```", None)),
        ("She looked up.\n", "Q: Hm.", ("Hm.", None)),
    ],
)
def test_a_reply_goes_on_where_it_ended(before: str, text: str, outcome: tuple[str, str | None]):
    assert heard(text, ["Q"], ["Ada"], before=before) == outcome


@pytest.mark.parametrize(
    ("text", "broken_off", "outcome"),
    [
        ("Hm.\n\nAda", False, ("Hm.\n\nAda", None)),
        ("Hm.\n\nAda", True, ("Hm.", "Ada")),
        ("Hm.\n\nAda:", False, ("Hm.", "Ada")),
        ("I saw\nAda", True, ("I saw\nAda", None)),
        ("Hm.\n\nAd", True, ("Hm.\n\nAd", None)),
    ],
)
def test_a_name_at_the_very_end(text: str, broken_off: bool, outcome: tuple[str, str | None]):
    speech = Speech(["Q"], ["Ada"])
    said = speech.feed(text) + speech.finish(broken_off=broken_off)
    assert (said, speech.cut) == outcome


def test_lines_of_others_at_the_beginning_are_passed_over_for_a_while_only():
    line = "Ada: I talk and talk.\n"
    assert heard(line * 3 + "Q: Hm.", ["Q"], ["Ada"]) == ("Hm.", None)
    speech = Speech(["Q"], ["Ada"])
    read = 0
    while speech.cut is None and read < 1_000:
        assert speech.feed(line) == ""
        read += len(line)
    assert speech.cut == "Ada"


def test_nothing_comes_behind_a_cut():
    speech = Speech(["Q"], ["Ada"])
    assert speech.feed("Hm.\nAda: me.\nQ: Hm.") == "Hm."
    assert speech.feed("More.\n") == ""
    assert speech.finish() == ""


def test_engines_stop_at_two_names_by_themselves():
    assert stop_strings("Q", ["q", "Ada", "Ben", "Cara"]) == ("\nAda:", "\nBen:")
    assert stop_strings("Q", []) == ()


NAME = "Ann " * 31
HOSTILE: dict[str, Callable[[int], str]] = {
    text[:24]: lambda size, text=text: text * (size // len(text))
    for text in (
        *("\n", " ", "\u200b", "\n\u200b", "*", "**\n", "> ", "`", "```\n", "[", "("),
        *("Ada", "Ada\n", "Ada \n", "Ada,", "Ada and ", "Ada (", "Ada (x) ", "Ada *", "Ada:: "),
        *("\nAda says ", "\nAda — ", "Q:", "Q: \n", "**Q:", "*Q: ", "Q:\nAda\n", "Ada: x\n"),
        *(f"\n{NAME[:-2]}", f"\n{NAME}x", "\nAda\n*", "\nAda :", "x.\nAda\n\n", "<", "{{user", "…"),
    )
} | {
    "the prefix of a long name": lambda size: f"\n{'Ann ' * (size // 4)}",
    "blanks before a name": lambda size: f"x{' ' * size}\nAda: x",
    "lines before a name": lambda size: f"x{chr(10) * size}Ada: x",
}


def seconds(work: Callable[[], object]) -> float:
    """CPU time, so that other processes do not count."""
    began = time.process_time()
    work()
    return time.process_time() - began


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("piece", [1, 100_000])
def test_time_is_linear(text: Callable[[int], str], piece: int):
    def work(size: int) -> float:
        whole = text(size)
        return min(seconds(lambda: heard(whole, ["Q"], ["Ada", NAME, "a"], piece)) for _ in "ab")

    # Four times the text may take four times the time; it would be sixteen if time was quadratic.
    short, long = 8_000, 32_000
    assert any(work(long) <= 9 * work(short) + 0.02 for _ in range(4))


def test_a_name_without_end_is_no_burden():
    name = "Ann" * 50_000
    assert heard(f"Hm.\n{name}: me.", ["Q"], [name, "Ada"], 100_000)[1] is None
    assert heard("Hm.\nAda: me.", ["Q"], [name, "Ada"]) == ("Hm.", "Ada")

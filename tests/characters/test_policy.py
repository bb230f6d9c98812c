"""What a server allows: who may play where, which words are found, and how a text is ended."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.characters.blocklist import Blocklist, WordGuard
from bot.characters.card import Card
from bot.characters.policy import (
    MILD,
    PROTECTION,
    Blocked,
    Policy,
    may_have,
    may_play,
    rules,
)
from bot.characters.stage import Member
from bot.conversation.library import Character


def member(name: str = "Mira", *, adult: bool = False, card: str = "c1") -> Member:
    return Member("discord:server:1", "m1", card, name, adult=adult)


def test_a_character_for_adults_plays_in_age_restricted_channels_only() -> None:
    mira = member(adult=True)
    assert may_play(Policy(), mira, mature=True) is None
    refused = may_play(Policy(), mira, mature=False)
    assert refused
    assert "age-restricted" in refused
    assert "Mira" in refused
    assert may_play(Policy(), member(), mature=False) is None


def test_a_server_can_do_without_characters_for_adults() -> None:
    never = Policy(adult="never")
    assert may_play(never, member(adult=True), mature=True)
    assert may_play(never, member(), mature=True) is None


def test_a_blocked_character_is_known_by_its_id_and_by_its_card() -> None:
    policy = Policy(blocked=(Blocked("m1", "c9"),))
    assert may_play(policy, member(card="changed since"), mature=True)
    again = Character("m2", "discord:server:1", "Mira", "42", "c9")
    assert may_play(policy, again, mature=True)
    other = Character("m3", "discord:server:1", "Mira", "42", "c8")
    assert may_play(policy, other, mature=True) is None


def test_no_card_is_not_the_same_card() -> None:
    policy = Policy(blocked=(Blocked("x"),))
    assert may_play(policy, member(card=""), mature=False) is None


def test_a_name_with_a_blocked_word_does_not_play_and_is_not_said() -> None:
    refused = may_play(Policy(words=("gore",)), member("Lady GORE"), mature=True)
    assert refused
    assert "gore" not in refused.casefold()


@pytest.mark.parametrize(
    "card",
    [
        Card("Gore"),
        Card("A", description="loves gore!"),
        Card("A", alternate_greetings=("x", "*gore*")),
        Card("A", tags=("gore",)),
        Card("A", character_book={"entries": [{"keys": ["a"], "content": "some gore"}]}),
        Card("A", extensions={"depth_prompt": {"prompt": "gore", "depth": 1}}),
    ],
)
def test_a_card_is_searched_wherever_it_speaks(card: Card) -> None:
    assert may_have(Policy(words=("gore",)), card)
    assert may_have(Policy(words=("gor",)), card) is None


def test_a_refusal_carries_no_markup_of_a_name() -> None:
    refused = may_play(
        Policy(), member("[x](http://e.vil) <@1> @everyone\n# big", adult=True), False
    )
    assert refused
    assert not set("[]()<>@#\n") & set(refused.split("”")[0])


def test_the_protection_of_minors_stands_in_every_text() -> None:
    for policy in (Policy(), Policy(mild=False), Policy(adult="never")):
        for mature in (True, False):
            assert PROTECTION in rules(policy, mature)
    assert MILD in rules(Policy(), mature=False)
    assert MILD not in rules(Policy(), mature=True)
    assert MILD not in rules(Policy(mild=False), mature=False)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("ass", "You ASS!"),
        ("ass", "an_ass_"),
        ("bad word", "a bad\n  word."),
        ("bad word", "a *bad*-word"),
        ("bad", "ｂａｄ"),
        ("bad", "\u24d1\u24d0\u24d3"),
        ("bad", "b\u200ba\u00add"),
        ("bad", "b\u0336a\u0336d\u0336"),
        ("Straße", "STRASSE"),
        ("caf\u00e9", "cafe\u0301"),
        ("禁词", "这是禁词吗"),
        ("🔫", "look: 🔫!"),
    ],
)
def test_a_phrase_is_found(phrase: str, text: str) -> None:
    assert Blocklist([phrase]).find(text) == phrase


@pytest.mark.parametrize(
    ("phrase", "text"),
    [("ass", "a classic"), ("bad word", "a bad, so to say, word"), ("cafe", "café"), ("x", "")],
)
def test_what_only_has_the_letters_is_not_found(phrase: str, text: str) -> None:
    assert Blocklist([phrase]).find(text) == ""


def test_empty_phrases_find_nothing() -> None:
    nothing = Blocklist(["", "  ", "\u200b"])
    assert not nothing
    assert nothing.find("anything") == ""


def _written(guard: WordGuard, pieces: list[str]) -> str:
    return "".join(map(guard.feed, pieces)) + guard.finish()


def test_a_text_ends_before_the_sentence_with_a_blocked_word() -> None:
    guard = WordGuard(Blocklist(["badword"]))
    text = "It rains. We go in! Here comes a badword, sadly. And more."
    assert _written(guard, list(text)) == "It rains. We go in!"
    assert guard.found == "badword"


def test_sentences_are_passed_on_while_the_text_is_written() -> None:
    guard = WordGuard(Blocklist(["badword"]))
    assert guard.feed("It rains. We") == "It rains."
    assert guard.feed(" go 3.5 miles.") == ""
    assert guard.feed(" ") == " We go 3.5 miles."


def test_a_phrase_is_found_over_the_end_of_a_sentence() -> None:
    guard = WordGuard(Blocklist(["mr. evil"]))
    assert "Evil" not in _written(guard, ["Here is Mr. ", "Evil himself."])
    assert guard.found


def test_a_phrase_is_found_over_that_end_whatever_divides_its_words_from_others() -> None:
    guard = WordGuard(Blocklist(["b a"]))
    assert _written(guard, ["aaaa.b\na"]) == "aaaa.b\n"
    assert guard.found == "b a"


def test_what_never_ends_is_passed_on_all_the_same() -> None:
    guard = WordGuard(Blocklist(["badword"]))
    assert len(guard.feed("la " * 1_000)) > 2_000
    guard = WordGuard(Blocklist(["badword"]))
    assert len(guard.feed("x" * 3_000)) > 2_000
    assert _written(WordGuard(Blocklist(["badword"])), ["la " * 999, "badword"]).count("b") == 0


@given(st.text(alphabet="ab .!\n*禁", max_size=80), st.data())
def test_pieces_change_nothing(text: str, data: st.DataObject) -> None:
    phrases = ["ab", "b a", "禁"]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole, cut = WordGuard(Blocklist(phrases)), WordGuard(Blocklist(phrases))
    said = _written(whole, [text])
    assert said == _written(cut, pieces)
    assert Blocklist(phrases).find(said) == ""
    if not whole.found:
        assert said == text

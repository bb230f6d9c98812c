"""Which of many short texts are meant by a few words."""

from __future__ import annotations

import pytest

from bot.tools.lexical import best

FACTS = [
    "the meeting is on Friday",
    "my dog is called Rex",
    "my sister is called Anna",
    "Bob is allergic to nuts and to dogs",
    "we play chess on Friday",
    "the dog of Bob is called Fido",
]


def found(query: str) -> list[str]:
    return [FACTS[number] for number in best(query, FACTS)]


@pytest.mark.parametrize("query", ["dog", "Dogs!", "DOG'S", "my dog’s name", "what about the dog?"])
def test_case_endings_and_small_words_do_not_matter(query):
    assert found(query) == [FACTS[1], FACTS[3], FACTS[5]]


def test_rare_words_count_more_than_common_ones():
    assert found("What is Bob's dog called?")[0] == "the dog of Bob is called Fido"
    assert found("meeting Friday") == [FACTS[0], FACTS[4]]
    assert found("Friday chess")[0] == "we play chess on Friday"


def test_equals_stay_in_their_order():
    assert found("Friday") == [FACTS[0], FACTS[4]]


def test_an_empty_question_finds_all_and_a_strange_one_nothing():
    assert found("") == found(" ?! ") == FACTS
    assert found("quantum") == []
    assert best("anything", []) == []


def test_accents_and_languages_without_spaces():
    assert best("cafe", ["the Café opens at 8"]) == [0]
    assert best("寿司", ["アリスは寿司が好き", "犬"]) == [0]
    assert best("who is it", ["who is it", "dog"]) == [0], "small words where there are no others"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("parking", "I parked in row 9"),
        ("running", "Bob runs"),
        ("berries", "she likes berry cake"),
    ],
)
def test_forms_of_a_word(asked, told):
    assert best(asked, [told]) == [0]

"""Changing single entries of a lorebook, in each shape that books come in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.characters.lore.book import read
from bot.characters.lore.editing import (
    Written,
    for_card,
    keys_in,
    with_entry,
    without_entry,
    written,
)
from bot.errors import BadInput

CARD: dict[str, Any] = {
    "name": "The ford",
    "extensions": {"theirs": 1},
    "entries": [
        {
            "keys": ["ford", "a, b"],
            "content": "@@depth 2\nThe ford is deep. ",
            "enabled": True,
            "insertion_order": 7,
            "name": "Ford",
            "comment": "Ford",
            "extensions": {"theirs": [1]},
        },
        "no entry",
        {"id": 4, "keys": ["wolf"], "content": "Wolves.", "secondary_keys": ["moon"]},
    ],
}
WORLD: dict[str, Any] = {
    "entries": {
        "0": {
            "uid": 0,
            "key": ["bell"],
            "keysecondary": ["night"],
            "comment": "The bell",
            "content": "It rings.",
            "constant": False,
            "order": 33,
            "position": 4,
            "depth": 2,
            "role": 1,
            "disable": True,
            "probability": 40,
            "sticky": 3,
        },
        "7": {"uid": 7, "key": [], "content": "Always.", "constant": True, "position": 0},
    }
}


def test_an_entry_is_shown_as_it_was_written() -> None:
    assert written(CARD, "0") == Written(
        "Ford", ("ford", "a, b"), (), "@@depth 2\nThe ford is deep. "
    )
    assert written(WORLD, "0") == Written(
        "The bell", ("bell",), ("night",), "It rings.", enabled=False
    )
    with pytest.raises(BadInput, match="gone"):
        written(CARD, "9")


def test_what_is_not_changed_stays_as_it_was() -> None:
    for book, id in ((CARD, "0"), (CARD, "4"), (WORLD, "0"), (WORLD, "7")):
        assert with_entry(book, id, written(book, id)) == book


def test_only_what_is_changed_is_another() -> None:
    new = replace(written(CARD, "0"), title="The ford", content="It is deep.", enabled=False)
    changed = with_entry(CARD, "0", new)
    assert changed["entries"][0] == CARD["entries"][0] | {
        "name": "The ford",
        "comment": "The ford",
        "content": "It is deep.",
        "enabled": False,
    }
    assert changed["entries"][1:] == CARD["entries"][1:]
    assert {**changed, "entries": 0} == {**CARD, "entries": 0}


def test_secondary_keys_count_once_they_are_written() -> None:
    new = replace(written(CARD, "4"), secondary=("night", "dark"))
    assert read(with_entry(CARD, "4", new)).entries[1].secondary == ("night", "dark")


def test_a_world_is_changed_in_its_own_words() -> None:
    new = Written("Bell", ("bell", "ring"), (), "It rings.", enabled=True)
    entry = with_entry(WORLD, "0", new)["entries"]["0"]
    assert (entry["key"], entry["keysecondary"], entry["disable"]) == (["bell", "ring"], [], False)
    assert "keys" not in entry
    assert read({"entries": {"0": entry}}).entries[0].enabled


def test_a_new_entry_has_an_id_of_its_own() -> None:
    new = Written("Inn", ("inn",), (), "An inn.")
    for book in (CARD, WORLD, None, {"data": {"entries": []}}):
        entries = read(with_entry(book, None, new)).entries
        assert (entries[-1].title, entries[-1].keys, entries[-1].content) == (
            "Inn",
            ("inn",),
            "An inn.",
        )
        assert entries[-1].enabled
        assert len({one.id for one in entries}) == len(entries)
    assert [one.id for one in read(with_entry(WORLD, None, new)).entries] == ["0", "7", "8"]


def test_an_entry_is_taken_out() -> None:
    assert [one.id for one in read(without_entry(CARD, "0")).entries] == ["4"]
    assert [one.id for one in read(without_entry(WORLD, "7")).entries] == ["0"]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (Written(keys=("a",), content=" "), "needs a text"),
        (Written(content="x"), "needs a key"),
        (Written(keys=("/[/",), content="x"), "“/[/” is no regular expression"),
        (Written(keys=("k" * 1_001,), content="x"), "1,000 characters"),
        (Written(keys=tuple(map(str, range(201))), content="x"), "200 keys"),
    ],
)
def test_what_no_entry_can_be(entry: Written, words: str) -> None:
    with pytest.raises(BadInput, match=words.replace("[", r"\[")):
        with_entry(CARD, None, entry)


def test_what_was_wrong_already_can_stay() -> None:
    book = {"entries": [{"keys": ["/[/"], "content": "x"}]}
    assert with_entry(book, "0", replace(written(book, "0"), content="y"))
    assert with_entry(CARD, None, Written(constant=True, content="x"))
    assert with_entry(CARD, None, Written(content="@@activate\nx"))


def test_a_world_in_a_card_says_the_same() -> None:
    made = for_card(WORLD)
    assert isinstance(made["entries"], list)
    assert read(made).entries == read(WORLD).entries
    assert for_card(CARD) == CARD
    assert for_card({"data": CARD}) == CARD


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("ford, river ,", ("ford", "river")),
        ("ford\n\n a, b \nford", ("ford", "a, b")),
        ("/a,b/i", ("/a,b/i",)),
        (" ", ()),
    ],
)
def test_keys_are_read_from_lines_or_between_commas(text: str, keys: tuple[str, ...]) -> None:
    assert keys_in(text) == keys

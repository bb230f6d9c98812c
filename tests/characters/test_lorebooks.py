"""Reading lorebooks of every format, and the decorators within."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.characters.lore.book import MOST_ENTRIES, read
from bot.characters.lore.entry import FOREVER, Group, Timing
from bot.errors import BadInput
from tests.characters.telling import book, entry

WORLD = {
    "entries": {
        "0": {
            "uid": 0,
            "key": ["Inn"],
            "keysecondary": ["night"],
            "comment": "The inn",
            "content": "It burns.",
            "constant": False,
            "selective": True,
            "selectiveLogic": 2,
            "order": 7,
            "position": 4,
            "disable": False,
            "probability": 60,
            "useProbability": True,
            "depth": 2,
            "role": 1,
            "scanDepth": 9,
            "caseSensitive": True,
            "matchWholeWords": True,
            "group": "houses, fire",
            "groupOverride": True,
            "groupWeight": 30,
            "sticky": 3,
            "cooldown": 4,
            "delay": 5,
            "excludeRecursion": True,
            "preventRecursion": True,
            "delayUntilRecursion": False,
            "vectorized": False,
        },
        "1": {"uid": 1, "key": [], "content": "x", "disable": True, "delayUntilRecursion": 2},
    }
}


def test_a_world_file():
    found = read(WORLD, "Town")
    first, second = found.entries
    assert (found.name, found.scan_depth, found.token_budget) == ("Town", None, None)
    assert (first.id, first.title, first.content) == ("0", "The inn", "It burns.")
    assert (first.keys, first.secondary, first.logic) == (("Inn",), ("night",), "not_any")
    assert (first.order, first.place, first.depth, first.role) == (7, "depth", 2, "user")
    assert (first.probability, first.scan_depth) == (60, 9)
    assert first.case_sensitive is first.whole_words is True
    assert first.group == Group(("houses", "fire"), 30, override=True)
    assert first.timing == Timing(sticky=3, cooldown=4, delay=5)
    assert (first.deaf_to_lore, first.silent_to_lore) == (True, True)
    assert not second.enabled
    assert second.recursion_level == 2
    # Something in it can only be called by other lore: so lore calls lore.
    assert found.recursive


def test_a_cards_book_with_extensions():
    found = read(
        {
            "name": "Mine",
            "scan_depth": 3,
            "token_budget": 200,
            "recursive_scanning": True,
            "entries": [
                {
                    "id": 5,
                    "keys": ["a"],
                    "secondary_keys": ["b"],
                    "selective": True,
                    "content": "One",
                    "enabled": True,
                    "insertion_order": 10,
                    "priority": 3,
                    "case_sensitive": False,
                    "position": "before_char",
                    "comment": "First",
                    "extensions": {"selectiveLogic": 3, "match_whole_words": True, "sticky": 2},
                },
                {
                    "keys": ["a"],
                    "content": "Two",
                    "enabled": True,
                    "insertion_order": 11,
                    "position": "before_char",
                    "extensions": {"position": 4, "depth": 1, "role": 2, "useProbability": False},
                },
            ],
        }
    )
    first, second = found.entries
    assert (found.scan_depth, found.token_budget, found.recursive) == (3, 200, True)
    assert (first.id, first.title, first.order, first.priority) == ("5", "First", 10, 3)
    assert (first.secondary, first.logic, first.whole_words) == (("b",), "all", True)
    assert (first.case_sensitive, first.place, first.timing.sticky) == (False, "before", 2)
    assert (second.place, second.depth, second.role, second.probability) == (
        "depth",
        1,
        "assistant",
        100,
    )


def test_a_lorebook_of_its_own_and_a_card_around_one():
    entries = [entry("Told.", "k")]
    assert read({"spec": "lorebook_v3", "data": {"entries": entries}}).entries[0].keys == ("k",)
    card = {"spec": "chara_card_v3", "data": {"name": "A", "character_book": {"entries": entries}}}
    assert read(card).entries[0].keys == ("k",)


@pytest.mark.parametrize("value", [None, [], "x", {}, {"entries": 5}, {"data": {"name": "A"}}])
def test_what_is_no_lorebook_is_refused(value: object):
    with pytest.raises(BadInput, match="no lorebook"):
        read(value)


def test_what_is_wrong_in_an_entry_is_put_right_and_said():
    found = read(
        {
            "scan_depth": "6",
            "token_budget": float("nan"),
            "entries": [
                7,
                {"keys": "a, b", "content": 5, "insertion_order": "12", "probability": 400},
                {"key": ["x" * 2_000, "ok"], "content": "t" * 200_000, "role": "narrator"},
                {"keys": ["k"], "content": "@@no_such 1\nText"},
                {"uid": 7, "content": "a"},
                {"uid": 7, "content": "b"},
            ],
        }
    )
    odd, long, decorated, *twins = found.entries
    assert (found.scan_depth, found.token_budget) == (6, None)
    assert (odd.keys, odd.content, odd.order, odd.probability) == (("a", "b"), "5", 12, 100)
    assert (long.keys, len(long.content), long.role) == (("ok",), 100_000, "system")
    assert decorated.content == "Text"
    assert len({one.id for one in twins}) == 2
    told = " ".join(found.warnings)
    for part in ("Entry 0 is none", "Entry 2 is too long", "`@@no_such`", "1,000 characters"):
        assert part in told


def test_a_book_is_bounded():
    found = read({"entries": [{"content": "x"}] * (MOST_ENTRIES + 5)})
    assert len(found.entries) == MOST_ENTRIES
    assert "Only the first 10,000 of 10,005 entries" in found.warnings[0]
    heavy = read({"entries": [{"content": "x" * 90_000}] * 200})
    assert sum(len(one.content) for one in heavy.entries) <= 10_000_000
    assert len(heavy.warnings) <= 20


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)
NAMES = st.sampled_from([*WORLD["entries"]["0"], "keys", "extensions", "id", "priority", "name"])


@given(st.lists(st.dictionaries(NAMES, JSON, max_size=8), max_size=3), JSON)
def test_whatever_is_in_an_entry_is_read(entries: list[Any], depth: object):
    found = read({"entries": entries, "scan_depth": depth, "token_budget": depth})
    assert len(found.entries) == len(entries)


def only(content: str, **more: Any):
    return book(entry(content, "k", **more)).entries[0]


@pytest.mark.parametrize(
    ("decorator", "expected"),
    [
        ("@@activate_only_after 3", {"timing": Timing(after=3)}),
        ("@@activate_only_every 2", {"timing": Timing(every=2)}),
        ("@@keep_activate_after_match", {"timing": Timing(sticky=FOREVER)}),
        ("@@dont_activate_after_match", {"timing": Timing(cooldown=FOREVER)}),
        ("@@is_greeting 1", {"timing": Timing(greeting=1)}),
        ("@@depth 2", {"place": "depth", "depth": 2}),
        ("@@role assistant", {"role": "assistant"}),
        ("@@scan_depth 8", {"scan_depth": 8}),
        ("@@position before_desc", {"place": "before"}),
        ("@@position after_desc", {"place": "after_description"}),
        ("@@position personality", {"place": "personality"}),
        ("@@position scenario", {"place": "scenario"}),
        ("@@additional_keys a, b", {"also": (("a", "b"),)}),
        ("@@exclude_keys a,b", {"unless": ("a", "b")}),
        ("@@ignore_on_max_context", {"yields": True}),
        ("@@activate", {"forced": True}),
        ("@@dont_activate", {"barred": True}),
        ("@@dont_activate\n@@activate", {"forced": True, "barred": False}),
        ("@@disable_ui_prompt system_prompt", {}),
        # A chain of stand-ins: the first that is known and makes sense counts.
        ("@@theirs 1\n@@@others 2\n@@@a\n@@@b\n@@@c\n@@@d\n@@@depth 3", {"depth": 3}),
        ("@@depth 1\n@@@depth 9", {"depth": 1}),
        ("@@depth many\n@@@depth 9", {"depth": 9}),
        ("@@role king\n@@@role user", {"role": "user"}),
        # Of two with one name the first counts; a position overrules a depth.
        ("@@depth 1\n@@depth 2", {"depth": 1}),
        ("@@depth 1\n@@position before_desc", {"place": "before"}),
        ("@@position before_desc\n@@depth 1", {"place": "before"}),
        ("\n@@Depth   5  \r\n\n@@ROLE USER\r\n", {"depth": 5, "role": "user"}),
    ],
)
def test_decorators(decorator: str, expected: dict[str, Any]):
    found = only(f"{decorator}\n\nText\nmore")
    assert found.content == "Text\nmore"
    assert {name: getattr(found, name) for name in expected} == expected
    plain = only("Text\nmore")
    for name in ("place", "depth", "role", "timing", "also", "unless", "forced", "barred"):
        if name not in expected and name != "depth" and "depth" not in expected:
            assert getattr(found, name) == getattr(plain, name)


def test_only_lines_at_the_head_are_decorators():
    assert only("Text\n@@depth 3").content == "Text\n@@depth 3"
    assert only("me@@example.org").content == "me@@example.org"
    assert only("@@ nothing").content == "@@ nothing"
    assert only("@@depth 3").content == ""
    assert only("@@exclude_keys a", use_regex=True).unless == ()


def test_a_book_survives_json():
    assert read(json.loads(json.dumps(WORLD))) == read(WORLD)

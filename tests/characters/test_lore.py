"""Which lore is told, and why: each rule of lorebooks, one by one."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.characters.lore.outcome import explain
from tests.characters.telling import VALUES, book, entry, look, texts


def why(found, text: str = "Told.") -> str:
    """Why the one entry with this content is told or not, in words."""
    one = next(one for one in (*found.told, *found.silent) if text in one.entry.content)
    return explain(one)


# Keys


@pytest.mark.parametrize(
    ("keys", "said", "expected"),
    [
        (("dragon",), "A DRAGON!", True),
        (("dragon",), "snapdragons", True),
        (("drake", "dragon"), "a dragon", True),
        (("dragon",), "a drag on", False),
        (("straße",), "STRASSE", True),
        (("o",), "no", True),
        (("",), "x", False),
        ((), "x", False),
        (("Mia: hi",), "hi there", True),
    ],
)
def test_a_key_is_found_anywhere_whatever_its_case(keys, said: str, expected: bool):
    assert bool(look(book(entry("Told.", *keys)), said=(f"Mia: {said}",)).told) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [("Ash!", True), ("ash", False), ("Ashes", True)],
)
def test_case_sensitive(said: str, expected: bool):
    found = look(book(entry("Told.", "Ash", case_sensitive=True)), said=(said,))
    assert bool(found.told) == expected


@pytest.mark.parametrize(
    ("key", "said", "expected"),
    [
        ("ash", "The ash.", True),
        ("ash", "ashes and trash", False),
        ("ash", "trash, but ash", True),
        ("ash_", "ash_x", False),
        ("the ash", "see the ash tree", True),
        ("!", "no!no", True),
        ("猫", "黒猫だ", True),
    ],
)
def test_whole_words(key: str, said: str, expected: bool):
    found = look(book(entry("Told.", key, extensions={"match_whole_words": True})), said=(said,))
    assert bool(found.told) == expected


@pytest.mark.parametrize(
    ("logic", "said", "expected"),
    [
        (0, "k a", True),
        (0, "k", False),
        (3, "k a b", True),
        (3, "k a", False),
        (2, "k", True),
        (2, "k b", False),
        (1, "k a", True),
        (1, "k a b", False),
    ],
)
def test_secondary_keys(logic: int, said: str, expected: bool):
    one = entry("Told.", "k", selective=True, secondary_keys=["a", "b"])
    found = look(book({**one, "extensions": {"selectiveLogic": logic}}), said=(said,))
    assert bool(found.told) == expected
    if not expected:
        assert why(found) == "“k” was said, but its other keys do not agree"


def test_secondary_keys_need_selective():
    assert look(book(entry("Told.", "k", secondary_keys=["a"])), said=("k",)).told


@pytest.mark.parametrize(
    ("key", "said", "more", "expected"),
    [
        ("/dra(gon|ke)s?/", "drakes", {}, True),
        ("/Dragon/", "dragon", {}, False),
        ("/Dragon/i", "dragon", {}, True),
        ("/^hi$/m", "oh\nhi\nyes", {}, True),
        ("/a.b/s", "a\nb", {}, True),
        ("/a\\/b/gu", "a/b", {}, True),
        ("dr.gon", "DRAGON", {"use_regex": True}, True),
        ("dr.gon", "DRAGON", {"use_regex": True, "case_sensitive": True}, False),
        ("dr.gon", "dragon", {}, False),
        ("either/or", "either/or", {}, True),
    ],
)
def test_regular_expressions(key: str, said: str, more, expected: bool):
    assert bool(look(book(entry("Told.", key, **more)), said=(said,)).told) == expected


@pytest.mark.parametrize("key", ["/(?=a)b/", "/(a)\\1/", "/(/", "/a{9999}/", "/[^]/"])
def test_an_expression_that_cannot_be_used_is_no_match_and_is_said(key: str):
    found = look(book(entry("Told.", key)), said=("aab",))
    assert not found.told
    assert found.warnings == (f"I cannot use the regular expression `{key}`: it is never found.",)


def test_regular_expressions_ignore_secondary_keys_and_constant():
    one = entry("Told.", "d.agon", use_regex=True, selective=True, secondary_keys=["x"])
    assert look(book(one), said=("dragon",)).told
    assert not look(book(entry("Told.", "zzz", use_regex=True, constant=True))).told


@pytest.mark.parametrize(
    ("keys", "said", "more", "expected"),
    [
        ((), "hello", {"constant": True}, True),
        (("inn",), "to the inn", {"secondary_keys": ["night"]}, False),
        (("inn",), "the inn by night", {"secondary_keys": ["night"]}, True),
        (("(the) inn?",), "to (the) inn?", {}, True),
        (("i.n",), "to the inn", {}, False),
        (("/i.n/",), "to the inn", {}, True),
    ],
)
def test_what_sillytavern_exports_is_no_expression_though_it_says_so(
    keys, said: str, more, expected: bool
):
    # As its convertWorldInfoToCharacterBook writes every entry.
    written = {"position": 1, "selectiveLogic": 0, "useProbability": True, "probability": 100}
    given = {"constant": False, "selective": True, "secondary_keys": [], **more}
    one = entry("Told.", *keys, use_regex=True, extensions=written, **given)
    assert bool(look(book(one), said=(said,)).told) == expected


def test_macros_in_keys_mean_what_they_mean_elsewhere():
    found = look(book(entry("Told.", "{{user}}'s sword")), said=("where is mia's sword",))
    assert why(found) == "“{{user}}'s sword” in the newest message"


# Where keys are looked for

SAID = ("Mia: one", "Aria: two", "Mia: three", "Aria: four", "Mia: five")


def test_only_so_many_messages_are_looked_at():
    keys = ["one", "two", "three", "four", "five"]

    def told(**more):
        found = look(book(*(entry(key, key) for key in keys), **more), said=SAID)
        return texts(found)

    assert told() == keys[1:]
    assert told(scan_depth=2) == keys[3:]
    assert told(scan_depth=0) == []
    assert told(scan_depth=99) == keys
    deep = book(entry("Told.", "one", extensions={"scan_depth": 5}), scan_depth=1)
    assert why(look(deep, said=SAID)) == "“one” in the message 4 before the newest"
    assert look(book(entry("@@scan_depth 5\nTold.", "one"), scan_depth=1), said=SAID).told


def test_a_key_is_not_found_across_messages():
    assert not look(book(entry("Told.", "one\nAria")), said=SAID).told
    assert not look(book(entry("Told.", "/one.*two/s")), said=SAID).told


def test_the_newest_message_with_a_key_is_named():
    found = look(book(entry("Told.", "q")), said=("Mia: q", "Aria: q", "Mia: x"))
    assert why(found) == "“q” in the message before"


# What is told without keys, and what never


def test_what_is_always_told_and_what_never():
    assert why(look(book(entry("Told.", constant=True)))) == "always there"
    assert why(look(book(entry("@@activate\nTold.")))) == "always there, by its `@@activate`"
    off = look(book(entry("@@activate\nTold.", constant=True) | {"enabled": False}))
    assert why(off) == "switched off"
    barred = look(book(entry("@@dont_activate\nTold.", "x", constant=True)))
    assert why(barred) == "held back by its `@@dont_activate`"
    assert why(look(book(entry(" \n", constant=True))), " ") == "has no text"
    assert why(look(book(entry("{{// x}}", constant=True))), "{{") == "has no text"
    assert why(look(book(entry("Told.", "zzz")))) == "none of its keys was said"


def test_single_entries_are_switched_off():
    two = book(entry("A", "hello", id="x"), entry("B", "hello", id="y"))
    found = look(two, off=("a/y", "b/x"))
    assert texts(found) == ["A"]
    assert [(one.book, one.entry.id, explain(one)) for one in found.silent] == [
        ("a", "y", "switched off")
    ]


def test_what_must_not_be_said_and_what_must_be_said_too():
    one = book(entry("@@exclude_keys night\n@@additional_keys inn, pub\nTold.", "hello"))
    assert why(look(one, said=("hello from the inn",))).startswith("“hello”")
    assert not look(one, said=("hello",)).told
    assert why(look(one, said=("hello inn at night",))) == "“night” was said, which keeps it away"
    pattern = book(entry("@@additional_keys inns?, pub\nTold.", "h[ae]llo", use_regex=True))
    assert [bool(look(pattern, said=(text,)).told) for text in ("hallo", "an inn", "no")] == [
        *(True, True, False),
    ]
    always = book(entry("@@exclude_keys night\nTold.", constant=True))
    assert look(always).told
    assert not look(always, said=("night",)).told


def test_greetings_and_counts():
    assert look(book(entry("@@is_greeting 1\nTold.", "hello")), greeting=1).told
    other = look(book(entry("@@is_greeting 1\nTold.", "hello")), greeting=0)
    assert why(other) == "meant for another greeting"
    assert look(book(entry("@@is_greeting 1\nTold.", "hello")), greeting=None).told
    after = book(entry("@@activate_only_after 3\nTold.", "hello"))
    assert [bool(look(after, replies=n).told) for n in range(5)] == [False] * 3 + [True] * 2
    every = book(entry("@@activate_only_every 2\nTold.", "hello"))
    assert [bool(look(every, replies=n).told) for n in range(4)] == [True, False, True, False]
    delayed = book(entry("Told.", "hello", extensions={"delay": 5}))
    assert [bool(look(delayed, messages=n).told) for n in (4, 5)] == [False, True]


# Chance


def test_probability_is_kept_for_the_same_message_and_drawn_for_each():
    one = book(entry("Told.", "hello", extensions={"probability": 30}))
    drawn = [bool(look(one, messages=n).told) for n in range(400)]
    assert drawn == [bool(look(one, messages=n).told) for n in range(400)]
    assert 80 < sum(drawn) < 160
    assert drawn != [bool(look(one, messages=n, seed="8").told) for n in range(400)]
    missed = look(one, messages=drawn.index(False))
    assert why(missed) == "left out by chance this time"
    never = book(entry("Told.", "hello", extensions={"probability": 0}))
    assert not any(look(never, messages=n).told for n in range(50))
    off = {"probability": 0, "useProbability": False}
    assert look(book(entry("Told.", "hello", extensions=off))).told


def test_of_a_group_one_is_told_by_weight():
    def rival(name: str, weight: int, **more):
        extra = {"group": "g", "group_weight": weight, **more}
        return entry(name, "hello", extensions=extra)

    two = book(rival("often", 90), rival("seldom", 10))
    told = [texts(look(two, messages=n)) for n in range(400)]
    assert all(len(one) == 1 for one in told)
    assert 320 < told.count(["often"]) < 390
    found = look(two, messages=told.index(["often"]))
    assert why(found, "seldom") == "“hello” was chosen from its group"
    override = book(rival("a", 90), rival("b", 1, group_override=True))
    assert {texts(look(override, messages=n))[0] for n in range(50)} == {"b"}
    nothing = book(rival("a", 0), rival("b", 0))
    assert texts(look(nothing)) == ["a"]


# What stays and rests


def told_at(one, said: dict[int, str], until: int = 12, start: dict[str, int] | None = None):
    """At which messages an entry is told; `said` is what stands in some of them."""
    timers, told = dict(start or {}), []
    for number in range(1, until + 1):
        found = look(one, said=(said.get(number, "nothing"),), messages=number, timers=timers)
        again = look(one, said=(said.get(number, "nothing"),), messages=number, timers=found.timers)
        assert texts(again) == texts(found), "a reply that is written again finds the same"
        timers = dict(found.timers)
        if found.told:
            told.append(number)
    return told


def test_sticky_and_cooldown_are_counted_in_messages():
    def one(**extra):
        return book(entry("Told.", "hello", extensions=extra))

    everywhere = dict.fromkeys(range(1, 13), "hello")
    assert told_at(one(), {2: "hello"}) == [2]
    assert told_at(one(sticky=3), {2: "hello"}) == [2, 3, 4, 5]
    assert told_at(one(cooldown=3), everywhere) == [1, 5, 9]
    assert told_at(one(sticky=2, cooldown=2), everywhere) == [1, 2, 3, 6, 7, 8, 11, 12]
    sticky = look(one(sticky=3), said=("x",), messages=4, timers={"a/0": 2})
    assert why(sticky) == "still there from a message before"
    resting = look(one(cooldown=3), said=("hello",), messages=4, timers={"a/0": 2})
    assert why(resting) == "was told before, and rests"


def test_decorators_that_remember():
    kept = book(entry("@@keep_activate_after_match\nTold.", "hello"))
    assert told_at(kept, {3: "hello"}) == list(range(3, 13))
    seldom = book(entry("@@keep_activate_after_match\n@@activate_only_every 2\nTold.", "hello"))
    assert look(seldom, said=("x",), messages=7, replies=3, timers={"a/0": 5}).told
    once = book(entry("@@dont_activate_after_match\nTold.", "hello"))
    assert told_at(once, {3: "hello", 5: "hello", 9: "hello"}) == [3]


def test_what_was_taken_back_is_not_remembered():
    sticky = book(entry("Told.", "hello", extensions={"sticky": 9}))
    found = look(sticky, said=("x",), messages=5, timers={"a/0": 8})
    assert not found.told
    assert found.timers == {}


def test_timers_are_kept_only_for_what_needs_them():
    both = book(entry("A", "hello"), entry("B", "hello", extensions={"sticky": 1}))
    assert look(both, messages=4).timers == {"a/1": 4}


# Lore that calls lore


def test_lore_is_found_by_lore_if_the_book_wants_it():
    chain = [entry("the crown", "hello"), entry("the gem", "crown"), entry("the thief", "gem")]
    assert texts(look(book(*chain))) == ["the crown"]
    found = look(book(*chain, recursive_scanning=True))
    assert texts(found) == ["the crown", "the gem", "the thief"]
    assert why(found, "thief") == "“gem” in the entry “crown”"


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({}, {}, 2),
        ({"prevent_recursion": True}, {}, 1),
        ({}, {"exclude_recursion": True}, 1),
        ({}, {"delay_until_recursion": True}, 2),
        ({}, {"delay_until_recursion": 2}, 2),
    ],
)
def test_what_calls_and_what_is_called(first, second, expected: int):
    two = [
        entry("the crown", "hello", extensions=first),
        entry("gold", "crown", extensions=second),
    ]
    assert len(look(book(*two, recursive_scanning=True)).told) == expected


def test_what_waits_for_lore_is_deaf_to_messages_at_first():
    one = entry("Told.", "hello", extensions={"delay_until_recursion": True})
    alone = look(book(one, recursive_scanning=False))
    assert why(alone) == "only other entries can call it, and none did"
    # There is a round for it, and then messages count as well.
    assert look(book(one, recursive_scanning=True)).told


def test_a_hidden_key_calls_but_is_not_told():
    two = book(
        entry("A ring.{{hidden_key:mordor}}{{comment:shire}}", "hello"),
        entry("Fire.", "mordor"),
        entry("Hobbits.", "shire"),
        recursive_scanning=True,
    )
    assert texts(look(two)) == ["A ring.", "Fire."]


def test_circles_end():
    two = book(entry("b", "a", "hello"), entry("a", "b"), recursive_scanning=True)
    assert texts(look(two)) == ["b", "a"]
    long = [entry(f"k{n + 1}x", f"k{n}x") for n in range(50)]
    found = look(book(*long, recursive_scanning=True), said=("k0x",))
    assert len(found.told) == 11


# Room


def test_the_budget_drops_the_lowest_priority_and_then_the_lowest_order():
    three = [
        entry("first one", "hello", insertion_order=1, priority=5),
        entry("second one", "hello", insertion_order=9, priority=1),
        entry("third one", "hello", insertion_order=3, priority=1),
    ]
    assert texts(look(book(*three))) == ["first one", "third one", "second one"]
    found = look(book(*three, token_budget=4))
    assert texts(found) == ["first one", "second one"]
    assert why(found, "third") == "no room left for it"
    assert texts(look(book(*three), room=2)) == ["first one"]
    plain = [entry("a a", "hello", insertion_order=1), entry("b b", "hello", insertion_order=2)]
    assert texts(look(book(*plain, token_budget=2))) == ["b b"]


def test_what_is_too_large_leaves_room_for_smaller_ones():
    two = [entry("x " * 50, "hello", priority=9), entry("small", "hello")]
    assert texts(look(book(*two, token_budget=10))) == ["small"]


def test_what_is_constant_has_room_before_all_others():
    two = [entry("called up", "hello", priority=99), entry("always there", constant=True)]
    assert texts(look(book(*two), room=2)) == ["always there"]


def test_what_yields_goes_first():
    two = [
        entry("@@ignore_on_max_context\nyields a", "hello", priority=9),
        entry("stays b", "hello"),
    ]
    assert texts(look(book(*two), room=2)) == ["stays b"]


def test_the_first_book_comes_first_and_each_has_its_own_budget():
    own = book(entry("own one", "hello"), token_budget=2)
    world = book(entry("world one", "hello", priority=99, insertion_order=1))
    assert texts(look(own, world)) == ["world one", "own one"]
    assert texts(look(own, world, room=2)) == ["own one"]
    small = book(entry("too large now", "hello"), token_budget=2)
    assert texts(look(small, world)) == ["world one"]


def test_the_order_of_insertion_is_the_order_in_the_prompt():
    shuffled = [5, 1, 9, 3, 3, -2]
    many = book(*(entry(f"n{n}", "hello", insertion_order=n) for n in shuffled))
    assert texts(look(many)) == ["n-2", "n1", "n3", "n3", "n5", "n9"]


# Strangers' files


def test_no_expression_takes_long():
    hard = ["/(a+)+$/", "/(.*)*x/", "/(?:\\w+\\s*)+y/", "/(\\w{1,30}){1,33}z/"]
    hard += ["/" + "(a*)*" * 90 + "/"]
    hard += [f"/{n}(\\w+\\s*)+{'(a|b|c)*' * 50}q/" for n in range(100)]
    bad = book(*(entry("Told.", key) for key in hard))
    said = tuple("a" * 2_000 for _ in range(20))
    begin = time.process_time()
    look(replace(bad, scan_depth=20), said=said)
    assert time.process_time() - begin < 5


def large_book():
    """10,000 entries, 5 MB, with words that nearly are in the messages."""
    rng = random.Random(5)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(3_000)]
    entries = [
        entry(f"{n} " + "lore " * 100, *rng.choices(words, k=4), f"the {rng.choice(words)}")
        for n in range(10_000)
    ]
    said = tuple("Mia: " + " ".join(rng.choices(words, k=250)) for _ in range(20))
    return entries, said


def test_five_megabytes_of_lore_are_looked_through_at_once():
    entries, said = large_book()
    begin = time.process_time()
    large = book(*entries, scan_depth=20, recursive_scanning=True)
    read = time.process_time() - begin
    begin = time.process_time()
    found = look(large, said=said, room=2_000)
    scanned = time.process_time() - begin
    assert len(found.told) + len(found.silent) == 10_000
    assert len(found.told) == 19
    print(f"read {read:.2f} s, looked through {scanned:.2f} s")
    assert read < 2
    assert scanned < 2


def test_halves_of_characters_and_zeros_do_no_harm():
    odd = book(entry("Told.", "\ud83d", "a\x00b", "/\ud83d/"))
    assert look(odd, said=("a\x00b",)).told
    look(odd, said=("\ud83d",), values=replace(VALUES, user="\ud83d"))


WORDS = st.sampled_from(
    ["a", "b", "ab", "hello", "/a+/i", "/(/", "{{user}}", "<BOT>", "{{random:a,b}}", " "]
)
HEADS = st.sampled_from(
    [
        *("@@activate", "@@dont_activate", "@@depth 1", "@@keep_activate_after_match"),
        *("@@dont_activate_after_match", "@@activate_only_every 2", "@@exclude_keys a"),
        *("@@additional_keys b", "@@ignore_on_max_context", "@@scan_depth 9", "@@unknown"),
    ]
)  # fmt: skip
EXTRAS = st.fixed_dictionaries(
    {},
    optional={
        "probability": st.integers(0, 100),
        "sticky": st.integers(0, 3),
        "cooldown": st.integers(0, 3),
        "delay": st.integers(0, 3),
        "group": st.sampled_from(["g", "h", "g,h"]),
        "group_weight": st.integers(0, 9),
        "group_override": st.booleans(),
        "exclude_recursion": st.booleans(),
        "prevent_recursion": st.booleans(),
        "delay_until_recursion": st.integers(0, 3),
        "match_whole_words": st.booleans(),
        "selectiveLogic": st.integers(0, 3),
        "position": st.integers(0, 6),
    },
)
ENTRIES = st.lists(
    st.builds(
        lambda heads, words, keys, secondary, constant, order, extra: entry(
            "\n".join([*heads, " ".join(words)]),
            *keys,
            secondary_keys=secondary,
            selective=bool(secondary),
            constant=constant,
            insertion_order=order,
            extensions=extra,
        ),
        st.lists(HEADS, max_size=3),
        st.lists(WORDS, max_size=3),
        st.lists(WORDS, max_size=3),
        st.lists(WORDS, max_size=2),
        st.booleans(),
        st.integers(-2, 2),
        EXTRAS,
    ),
    max_size=8,
)


@given(ENTRIES, st.lists(WORDS, max_size=6), st.booleans(), st.integers(0, 8))
def test_whatever_a_book_says_it_is_looked_through(entries, said, recursive: bool, room: int):
    one = book(*entries, recursive_scanning=recursive, token_budget=6)
    found = look(one, said=tuple(said), room=room)
    known = [(outcome.book, outcome.entry.id) for outcome in (*found.told, *found.silent)]
    assert sorted(known) == sorted(("a", str(n)) for n in range(len(entries)))
    assert sum(outcome.tokens for outcome in found.told) <= min(room, 6)
    assert all(outcome.told and outcome.text and explain(outcome) for outcome in found.told)
    assert not any(outcome.told or not explain(outcome) for outcome in found.silent)
    orders = [outcome.entry.order for outcome in found.told]
    assert orders == sorted(orders)
    groups = [name for outcome in found.told for name in outcome.entry.group.names]
    assert len(groups) == len(set(groups))
    # Written again, it is the same; and what is always told does not depend on what was said.
    assert texts(look(one, said=tuple(said), room=room, timers=dict(found.timers))) == texts(found)
    other = look(one, said=(), room=room)
    steady = [[one.text for one in each.told if one.steady] for each in (found, other)]
    assert steady[0] == steady[1]

"""Macros: what each means, and that no text can do more than that."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.characters.macros import LONGEST, Values, expand, read
from tests.characters.telling import NOW, VALUES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{char}} and {{user}}", "Aria and Mia"),
        ("{{CHAR}} {{ User }}", "Aria Mia"),
        ("<BOT> <char> <USER>", "Aria Aria Mia"),
        ("{{{char}}}", "{Aria}"),
        ("{{// a {{char}} note}}x{{comment: y}}", "x"),
        ("{{hidden_key:dragon}}x", "x"),
        ("{{reverse:Hello}}", "olleH"),
        ("{{reverse:{{char}}}}", "airA"),
        ("a{{newline}}b", "a\nb"),
        ("a\n\n{{trim}}\r\n b", "a b"),
        ("{{date}}, {{weekday}}, {{time}}", "21 November 2026, Saturday, 14:05"),
        ("{{idle_duration}}", "2 hours"),
        ("{{lastMessage}}", "Is {{char}} there?"),
        ("{{group}}", "Aria, Bram"),
        ("{{original}}|{{original}}", "Be good.|"),
        ("{{random:a}}{{random::b}}{{pick:c}}", "abc"),
        ("{{random:a\\,b}}", "a,b"),
        ("{{random:{{char}},{{char}}}}", "Aria"),
        ("{{roll:1}} {{roll:d1}} {{roll 3d1+4}} {{ROLL: 2D1 - 1}}", "1 1 7 1"),
        # What nobody knows, or cannot be read, stays.
        ("{{unknown}} {{foo:{{char}}}}", "{{unknown}} {{foo:Aria}}"),
        ("{{roll:0}} {{roll:x}} {{roll:}}", "{{roll:0}} {{roll:x}} {{roll:}}"),
        ("{{random}} {{char:x}}", "{{random}} {{char:x}}"),
        ("{{unclosed {{char}}", "{{unclosed Aria"),
        ("}} {{}} {{ }}", "}} {{}} {{ }}"),
    ],
)
def test_what_a_macro_means(text: str, expected: str):
    values = replace(
        VALUES,
        group="Aria, Bram",
        original="Be good.",
        last_message="Is {{char}} there?",
        idle=7_300,
    )
    assert expand(text, values) == expected


@pytest.mark.parametrize("name", ["{{random:a,b}}", "{{char}}", "<BOT>", "a,b", "x::y", "\\", "}}"])
def test_a_name_is_never_read(name: str):
    values = replace(VALUES, user=name, last_message=name)
    assert expand("{{user}}", values) == name
    assert expand("{{random:{{user}},{{user}}}}", values) == name
    assert expand("<USER> {{lastMessage}}", values) == f"{name} {name}"


def test_chance_is_decided_by_its_seed():
    texts = ["{{random:a,b,c,d,e,f,g,h}}", "{{roll:1000000}}"]
    for text in texts:
        made = {expand(text, replace(VALUES, seed=str(seed))) for seed in range(50)}
        assert len(made) > 4
        assert expand(text, VALUES) == expand(text, VALUES)


def test_a_pick_stays_for_the_whole_story_and_differs_from_place_to_place():
    text = "{{pick:a,b,c,d}}" * 40
    made = expand(text, VALUES)
    assert set(made) == set("abcd")
    assert expand(text, replace(VALUES, seed="7/99")) == made
    assert expand(text, replace(VALUES, story="8")) != made


@pytest.mark.parametrize("notation", ["d6", "6", "1d6"])
def test_a_die_shows_every_side_and_no_other(notation: str):
    made = {expand(f"{{{{roll:{notation}}}}}", replace(VALUES, seed=str(n))) for n in range(200)}
    assert made == set("123456")


@pytest.mark.parametrize("notation", ["101d6", "60d6+60d6", "1d9999999", "9" * 61, "d0", "1d6d6"])
def test_dice_are_bounded(notation: str):
    text = f"{{{{roll:{notation}}}}}"
    assert expand(text, VALUES) == text


def test_where_the_text_must_stay_the_minute_does_not_show():
    steady = replace(VALUES, steady=True, last_message="Hi", idle=5)
    later = replace(steady, now=NOW.replace(minute=59), last_message="Ho", idle=9_000)
    text = "{{time}} {{idle_duration}} {{lastMessage}} {{date}} {{weekday}}"
    assert expand(text, steady) == expand(text, later)
    assert expand(text, steady) == (
        "the current time a while the last message 21 November 2026 Saturday"
    )


def test_hidden_keys_are_told_apart():
    assert read("a{{hidden_key: {{user}}s sword}}b", VALUES) == ("ab", ("Mias sword",))


PIECES = (
    *("{{", "}}", "{", "}", ":", "::", ",", "\\", "/", "<", ">", "\n", " ", "{{//", "{{trim}}"),
    *("char", "user", "<BOT>", "random", "pick", "roll", "reverse", "hidden_key", "original"),
    *("{{random:", "{{reverse:", "{{char}}", "{{user}}", "{{lastMessage}}", "{{newline}}"),
    *("1d6", "999d999", "\U000f0000", "\U000f0001", "\ud83d", "é", "ẞ", "\x00"),
)


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=40).map("".join))
@example("{{" * 500 + "char" + "}}" * 500)
@example("{{trim}}" * 50 + "\n" * 50)
@example("\U000f0000{{reverse:{{trim}}\U000f0005}}")
def test_no_text_breaks_it(text: str):
    made = expand(text, replace(VALUES, last_message="{{lastMessage}}", original="{{original}}"))
    assert made == expand(
        text, replace(VALUES, last_message="{{lastMessage}}", original="{{original}}")
    )
    assert len(made) <= LONGEST


@given(st.text(), st.text())
def test_a_text_without_macros_stays(before: str, name: str):
    text = re.sub(r"[{}<>\U000f0000-\U000fffff]", "", before)
    assert expand(text, replace(VALUES, user=name, char=name)) == text


@pytest.mark.parametrize(
    "text",
    [
        "{{lastMessage}}" * 20_000,
        "{{reverse:" * 19 + "{{lastMessage}}" * 5_000 + "}}" * 19,
        "{{reverse:{{lastMessage}}a}}{{reverse:{{lastMessage}}b}}" * 2_000,
        "".join(f"{{{{reverse:{{{{lastMessage}}}}{n}}}}}" for n in range(10_000)),
        "{{random:" * 30_000,
        "{{pick:a,b}}" * 30_000,
        "\n" * 300_000 + "{{trim}}",
        "{{hidden_key:{{lastMessage}}}}" * 10_000,
        "{{roll:100d6}}" * 3_000,
    ],
    ids=range(9),
)
def test_what_explodes_is_cut_and_takes_no_time(text: str):
    begin = time.process_time()
    made = read(text, Values(last_message="x" * 4_000))
    assert len(made.text) <= LONGEST
    assert sum(map(len, made.hidden)) <= LONGEST
    assert time.process_time() - begin < 3

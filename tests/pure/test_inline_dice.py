"""Dice within messages: thrown once, and nothing else is touched."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.tools.dice.inline import MOST_INLINE, Inline, may_hold_dice
from bot.tools.dice.inline import thrown as thrown_by


def thrown(text: str, seed: str) -> Inline:
    return thrown_by(text, lambda number: random.Random(f"{seed}:{number}"))


def test_dice_are_thrown_where_they_stand():
    found = thrown("I try the lock [[1d1+4]], then run [[2d1]].", "1")
    assert found.text == "I try the lock [1d1+4: [1] + 4 = 5], then run [2d1: [1, 1] = 2]."
    assert found.results == ("1d1+4: [1] + 4 = 5", "2d1: [1, 1] = 2")


@pytest.mark.parametrize(
    "text",
    [
        "[[Home]]",
        "[[3+4]]",
        "[[]]",
        "[2d6]",
        "`[[2d6]]` is how",
        "```\n[[2d6]]\n```",
        "```\n[[2d6]]",
        "[[2d6",
        "[[d6\n]]",
        "[[99999999d6]]",
    ],
)
def test_other_brackets_stay(text: str):
    assert thrown(text, "1").text == text
    assert not thrown(text, "1").results


def test_the_same_message_reads_the_same_and_edits_throw_nothing_anew():
    before, after = thrown("[[d1000]]", "7"), thrown("I mean [[d1000 + 5]]", "7")
    assert before == thrown("[[d1000]]", "7")
    assert before.results[0].split("[")[1].split("]")[0] in after.results[0]
    many = {thrown("[[d1000]]", str(seed)).results for seed in range(200)}
    assert len(many) > 150


def test_there_are_not_too_many():
    assert len(thrown("[[d6]]" * 50, "1").results) == MOST_INLINE
    assert "500 dice =" in thrown("[[500d6]]", "1").text


@given(st.text())
def test_any_text(text: str):
    found = thrown(text, "1")
    assert found.results or found.text == text
    assert may_hold_dice(text) or found.text == text

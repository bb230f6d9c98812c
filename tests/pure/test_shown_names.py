"""Names as Discord takes them above a message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.characters.shown_names import LONGEST, NAMELESS, mended_name


@pytest.mark.parametrize("name", ["Ada", "Ann-Marie O'Neil", "李白", "Зоя", "🧙‍♂️ Merlin", "क्‍ष"])
def test_an_ordinary_name_stays(name):
    assert mended_name(name) == (name, None)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Clyde", "C·lyde"),
        ("Bonnie and CLYDE", "Bonnie and C·LYDE"),
        ("Discordia, the Discord", "Dis·cordia, the Dis·cord"),
        ("Dis\u200bcord", "Dis·cord"),
        ("Cl\u200dyde", "C·lyde"),
    ],
)
def test_a_refused_word_is_divided_and_that_is_told(name, shown):
    mended, told = mended_name(name)
    assert mended == shown
    assert told is not None
    assert f"**{shown}**" in told


@pytest.mark.parametrize("name", ["", "  ", "\u200b\u200d", "\u3164"])
def test_no_name_at_all_is_told(name):
    assert mended_name(name)[0] == NAMELESS
    assert mended_name(name)[1]


def test_white_space_is_tidied_without_a_word():
    assert mended_name("  Ada \n Lovelace ") == ("Ada Lovelace", None)


def test_a_long_name_is_cut():
    mended, told = mended_name("word " * 40)
    assert len(mended) <= LONGEST
    assert mended.endswith("word…")
    assert told is not None
    assert "80" in told


@given(st.text(max_size=200))
def test_any_text_becomes_a_name_that_discord_takes(name):
    mended, told = mended_name(name)
    assert 1 <= len(mended) + sum(char > "\uffff" for char in mended) <= LONGEST
    assert "clyde" not in mended.lower()
    assert "discord" not in mended.lower()
    assert mended == mended.strip()
    # What was mended once is fine, but for dots that need no telling.
    assert mended_name(mended) == (mended, None)
    if told is None:
        assert mended == " ".join(mended.split())

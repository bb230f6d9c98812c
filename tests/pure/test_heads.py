"""The line above what a character says to somebody."""

from __future__ import annotations

import pytest

from cogs.voices.heads import ROOM, head, question_in, without_head

LINK = "https://discord.com/channels/111/222/333"
LONGEST = f"https://discord.com/channels/{'1' * 20}/{'2' * 20}/{'3' * 20}"


@pytest.mark.parametrize(
    ("question", "asker", "line"),
    [
        (LINK, 42, f"-# [↪]({LINK}) <@42>\n"),
        (LINK, 0, f"-# [↪]({LINK})\n"),
        ("", 42, "-# <@42>\n"),
        ("", 0, ""),
    ],
)
def test_it_is_written_and_read_again(question, asker, line):
    assert head(question, asker) == line
    said = f"{line}Well met.\n-# small print"
    assert without_head(said) == "Well met.\n-# small print"
    assert question_in(said) == (333 if question else None)


def test_a_mention_that_was_written_out_belongs_to_it():
    assert without_head(f"-# [↪]({LINK}) @Ada Lovelace\nHi.") == "Hi."


@pytest.mark.parametrize("said", ["-# small print", "Hi.", "", f"see [↪]({LINK})\n", "-# \nHi."])
def test_what_only_looks_like_it_stays(said):
    assert without_head(said) == said
    assert question_in(said) is None


def test_the_longest_one_fits_into_its_room():
    assert len(head(LONGEST, 10**20)) <= ROOM

"""Long answers become messages: nothing lost, nothing broken, nothing changed afterwards."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cogs.live.markdown import open_at_end, preview
from cogs.live.split import MESSAGE_LIMIT, split, units

PROSE = "The keeper of the lighthouse counts the ships. " * 24
CODE = "\n".join(f"    total += weights[{n}] * values[{n}]" for n in range(60))

_pieces = st.sampled_from(
    [
        "word ",
        "A sentence ends. ",
        "\n",
        "\n\n",
        "**bold** ",
        "**",
        "*",
        "`code` ",
        "`",
        "||spoiler|| ",
        "||",
        "~~gone~~ ",
        "```py\n",
        "```\n",
        "\n```\n",
        "````md\n",
        "\n````\n",
        "~~~\n",
        "    indented = 1\n",
        "- item\n",
        "> quote\n",
        "snake_case_name ",
        "😀",
        "👩‍👩‍👧",
        "é",
        "x" * 300,
        "\u202eright to left\u202c ",
        "\u200b",
    ]
)
_texts = st.lists(st.one_of(_pieces, st.text(max_size=40)), max_size=120).map("".join)
_long = st.builds(
    lambda parts, n: "".join(parts) * n, st.lists(_pieces, min_size=1), st.integers(1, 60)
)
texts = st.one_of(_texts, _long)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@settings(max_examples=300, deadline=None)
@given(texts)
def test_pages_fit_and_none_is_empty(text: str) -> None:
    for page in split(text):
        assert units(page.text) <= MESSAGE_LIMIT
        assert units(page.preview) <= MESSAGE_LIMIT
        assert page.body.strip()


@settings(max_examples=300, deadline=None)
@given(texts)
def test_nothing_is_lost_or_doubled(text: str) -> None:
    position = 0
    skipped = ""
    for page in split(text):
        begin = text.find(page.body, position)
        assert begin >= 0
        skipped += text[position:begin]
        position = begin + len(page.body)
    skipped += text[position:]
    # Between pages only whitespace goes, and the end of a fence that was closed at the cut.
    assert not skipped.strip("`~ \n\t\r\f\v").strip()
    if "`" not in text and "~" not in text:
        assert squeezed("".join(page.body for page in split(text))) == squeezed(text)


@settings(max_examples=200, deadline=None)
@given(texts, st.integers(0, 10_000))
def test_full_pages_never_change_when_more_text_comes(text: str, cut: int) -> None:
    early = split(text[: cut % (len(text) + 1)])
    late = split(text)
    assert early[:-1] == late[: max(len(early) - 1, 0)]
    assert split(text, early[:-1]) == late


@settings(max_examples=300, deadline=None)
@given(texts)
def test_previews_are_balanced(text: str) -> None:
    for page in split(text):
        shown = page.preview
        assert not open_at_end(shown), (text, shown)


@settings(max_examples=200, deadline=None)
@given(texts)
def test_full_pages_leave_nothing_open(text: str) -> None:
    for page in split(text)[:-1]:
        assert not open_at_end(page.text).fence


def test_a_code_block_is_closed_and_reopened_with_its_language() -> None:
    text = f"Look:\n```python\n{CODE}\n```\nDone."
    first, second = split(text)
    assert first.text.startswith("Look:\n```python\n")
    assert first.text.endswith("\n```")
    assert second.text.startswith("```python\n    total += weights[")
    assert second.text.endswith("\n```\nDone.")
    lines = [*first.body.split("\n"), *second.body.split("\n")]
    assert [line for line in lines if "total" in line] == CODE.split("\n")


def test_a_longer_fence_comes_back_with_its_length() -> None:
    text = f"````md\n```py\nx = 1\n```\n{CODE}\n````"
    first, second = split(text)
    assert first.text.endswith("\n````")
    assert second.text.startswith("````md\n")


def test_tilde_fences_too() -> None:
    first, second = split(f"~~~sh\n{CODE}\n~~~")
    assert first.text.endswith("\n~~~")
    assert second.text.startswith("~~~sh\n")


def test_a_code_block_moves_to_the_next_page_as_a_whole_if_it_can() -> None:
    short = "\n".join(CODE.split("\n")[:30])
    first, second = split(f"{PROSE}\n\nThe code:\n\n```py\n{short}\n```")
    assert "```" not in first.text
    assert second.text.startswith("```py\n")


def test_a_fence_that_ends_at_the_cut_leaves_no_empty_block() -> None:
    text = f"```py\n{CODE}\n```"
    pages = split(text + "\n\nand more")
    for page in pages:
        assert not re.search(r"```\w*\s*```", page.text)


@pytest.mark.parametrize("end", ["\n\n", "\n", ". ", " "])
def test_the_cut_prefers_the_larger_boundary(end: str) -> None:
    text = f"{'x' * 1500}{end}{'y' * 1500}"
    first, second = split(text)
    assert first.text.strip(".") == "x" * 1500
    assert second.text == "y" * 1500


def test_emoji_count_twice_and_stay_whole() -> None:
    pages = split("👩‍👩‍👧" * 800)
    assert all(units(page.text) <= MESSAGE_LIMIT for page in pages)
    assert all(page.text.startswith("👩") for page in pages)


def test_a_spoiler_never_shows_across_a_cut() -> None:
    first, second = split("||" + "secret " * 400 + "||")
    assert first.text.endswith("||")
    assert second.text.startswith("||")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Hello **wor", "Hello **wor**"),
        ("Hello **", "Hello"),
        ("**bold*", "**bold**"),
        ("***both", "***both***"),
        ("***both*** and", "***both*** and"),
        ("a *b **c", "a *b **c***"),
        ("||secret", "||secret||"),
        ("~~gone", "~~gone~~"),
        ("use `x", "use `x`"),
        ("use ``x ` y", "use ``x ` y``"),
        ("snake_case_", "snake_case_"),
        ("* item", "* item"),
        ("2 * 3 = 6", "2 * 3 = 6"),
        (r"\*not", r"\*not"),
        ("```py\nx = 1", "```py\nx = 1\n```"),
        ("```py\nx = 1\n``", "```py\nx = 1\n```"),
        ("```py\nx = 1\n```", "```py\nx = 1\n```"),
        ("Look:\n```py", "Look:"),
        ("Look:\n``", "Look:"),
        ("```py\n**x", "```py\n**x\n```"),
        ("````md\n```py\nx", "````md\n```py\nx\n````"),
        ("~~~\nx", "~~~\nx\n~~~"),
        ("> ```js\n> x", "> ```js\n> x\n```"),
        ("1. ```js\n   x", "1. ```js\n   x\n```"),
        ("a ```inline``` b", "a ```inline``` b"),
        ("an open ** in one paragraph\n\nand more", "an open ** in one paragraph\n\nand more"),
    ],
)
def test_a_preview_closes_what_is_open(text: str, shown: str) -> None:
    assert preview(text) == shown


@pytest.mark.parametrize("left", [10, 900, 1_850, 1_990, 2_100, 3_000])
def test_a_text_that_loses_its_end_is_cut_anew(left: int):
    text = "A sentence of some length, to fill the message. " * 80
    known = split(text)[:-1]
    shorter = f'{text[:left].rstrip()}"'
    assert split(shorter, known) == split(shorter)

"""The text of a reply with the lines of its tools, and its pages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.reply import Trace
from cogs.live.markdown import open_at_end
from cogs.live.split import split, units
from cogs.live.traces import harmless, rendered, trace_line

texts = st.text(alphabet="ab *_`\n~|", min_size=1, max_size=60).map(str.strip).filter(bool)
texts |= st.sampled_from(["```py\nx = 1\n\ny = 2", "Look:\n~~~~\ncode", "**bold", "a `b"])
traces = st.text(max_size=160).map(Trace)


def test_each_tool_is_one_line_where_it_ran() -> None:
    parts = ["First.", Trace("weather: Paris"), Trace("weather: Rome"), "Then\nthis.", Trace("end")]
    assert rendered(parts) == ("First.\n-# weather: Paris\n-# weather: Rome\nThen\nthis.\n-# end")


def test_text_alone_stays_as_it_is() -> None:
    assert rendered(["```py\nopen *"]) == "```py\nopen *"
    assert rendered([]) == ""


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("weather: Paris", "weather: Paris"),
        ("a_b *c* `d` ~e~ |f| #g >h [i](j)", r"a\_b \*c\* \`d\` \~e\~ \|f\| \#g \>h \[i\](j)"),
        ("two\nlines\r\n and  blanks", "two lines and blanks"),
        ("@everyone @here", "@\u200beveryone @\u200bhere"),
        ("<@123> <@!123> <@&123>", "\\<@\u200b123\\> \\<@\u200b!123\\> \\<@\u200b&123\\>"),
        ("https://a.example", "https:\u200b//a.example"),
        ("discord.gg/abc", "discord\u200b.gg/abc"),
        ("me@example.org, 3 + 4", "me@example.org, 3 + 4"),
    ],
)
def test_a_line_has_no_effect(given: str, shown: str) -> None:
    assert trace_line(given) == f"-# {shown}"


def test_a_line_is_short() -> None:
    assert trace_line("x" * 101) == f"-# {'x' * 99}…"
    assert trace_line("x" * 100) == f"-# {'x' * 100}"


@settings(deadline=None)
@given(st.text(max_size=200))
def test_nothing_is_open_behind_a_line(line: str) -> None:
    shown = trace_line(line)
    assert "\n" not in shown
    assert not open_at_end(shown)
    assert not open_at_end(harmless(line)).fence


@settings(deadline=None)
@given(st.lists(st.one_of(texts, traces), max_size=12), st.integers(100, 400))
def test_full_pages_stay_when_more_comes(parts: list[str | Trace], limit: int) -> None:
    """Whatever was shown as a full page is still the same page at the end."""
    known = []
    for count in range(1, len(parts) + 1):
        text = rendered(parts[:count])
        full = known[:-1]
        pages = split(text, full, limit)
        assert pages[: len(full)] == full
        assert pages == split(text, (), limit)
        assert all(units(page.text) <= limit for page in pages)
        known = pages

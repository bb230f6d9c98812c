"""How a thread is called that is made for a question."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.own_threads.title import LONGEST, title_of


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("What is a bee?", "What is a bee?"),
        ("What is **a bee**? I wonder.", "What is a bee?"),
        (
            "Hi. Could you tell me how bees find home? Thanks.",
            "Hi. Could you tell me how bees find home?",
        ),
        ("# A heading\n> and a quote\nwith `code`", "A heading and a quote with code"),
        ("- one\n- two", "one two"),
        ("||the butler did it||, right?", "▇▇▇ , right?"),
        ("```py\nprint(1)\n```\nwhy does this fail", "print(1) why does this fail"),
        ("```py\nprint(1)", "print(1)"),
        ("see [the docs](https://a.example/b?c=d)", "see the docs"),
        ("read https://www.example.com/a/b?c=d#e please", "read example.com please"),
        ("snake_case_name, _italic_ and __under__", "snake_case_name, italic and under"),
        (r"what is \*this\*", "what is *this*"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("a\x00b\u202ec\u200bd\n\te", "a bcd e"),
        ("你好。蜜蜂是什么？它们怎么飞回家？谢谢你告诉我", "你好。蜜蜂是什么？它们怎么飞回家？"),
        ("🎉", "🎉"),
        ("***", ""),
        ("", ""),
        ("?!", ""),
        ("\u200b", ""),
        ("word " * 40, "word " * 15 + "word…"),
        ("x" * 300, "x" * 79 + "…"),
    ],
)
def test_titles(text: str, title: str) -> None:
    assert title_of(text) == title


def test_no_half_of_an_emoji_is_left() -> None:
    assert title_of("🐝" * 100) == "🐝" * 39 + "…"


@given(st.text(st.characters(), max_size=400))
def test_whatever_is_written_fits_and_is_one_line(text: str) -> None:
    title = title_of(text)
    assert len(title.encode("utf-16-le", "surrogatepass")) // 2 <= LONGEST
    assert title == " ".join(title.split())
    kinds = {unicodedata.category(c) for c in title if c not in "\u200d"}
    assert not kinds & {"Cc", "Cs", "Co", "Cn", "Cf", "Zl", "Zp"}


@given(st.text("*_~`|[]()<>#>- \\\nab:/", max_size=300))
def test_any_mess_of_marks_is_done_in_time(text: str) -> None:
    assert len(title_of(text * 3)) <= LONGEST

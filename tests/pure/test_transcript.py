"""Stories as files: nothing that was said becomes markup of the page."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from bot.characters.transcript import Said, Story, as_html, as_markdown

PNG = b"\x89PNG\r\n\x1a\nrest"
STORY = Story(
    "The Inn",
    [
        Said("Narrator", "Rain *falls*.", "narrator"),
        Said("Zoe", "Hello <b>there</b>", time="2026-11-21 19:00"),
        Said("Ada", "*nods* **Yes** & no", "character", "a"),
        Said("Zoe", "Zoe rolls d20: [7] = 7", "dice"),
    ],
    scenario="A storm.",
    mood="tense",
    cast=("Ada", "B*b"),
    pictures={"a": PNG, "b": b"<svg onload=x>"},
)


class Reader(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_markdown():
    text = as_markdown(STORY)
    assert text.startswith("# The Inn\n\n*With Ada, B\\*b*\n\n*A storm.*\n\n*Mood: tense*\n\n")
    assert "*Rain \\*falls\\*.*\n\n**Zoe:** Hello <b>there</b>\n\n**Ada:** *nods*" in text
    assert text.endswith("*Zoe rolls d20: \\[7\\] = 7*\n")


def test_html():
    page = as_html(STORY)
    assert "Hello &lt;b&gt;there&lt;/b&gt;" in page
    assert "<em>nods</em> <strong>Yes</strong> &amp; no" in page
    assert page.count("data:image/png;base64,") == 1
    assert "svg" not in page
    assert '<p class="dice">' in page
    assert "19:00</time>" in page


@given(st.text(), st.text())
def test_nothing_said_is_markup(name: str, text: str):
    lines = [Said(name, text, "character", "a"), Said(name, text, "narrator")]
    page = as_html(Story(name, lines, scenario=text, mood=name, cast=(name,)))
    usual = {
        *("html", "meta", "title", "style", "header", "h1", "p", "main", "div", "span"),
        *("em", "strong"),
    }
    assert set(Reader(page).tags) <= usual

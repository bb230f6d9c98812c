"""Cuts a long answer into messages. Pure.

Pages are cut greedily from the front, and where a page ends depends only on the text up to about
its limit. So a page that is full never changes when more text comes behind it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cogs.live.markdown import Open, close_fence, open_at_end, preview

MESSAGE_LIMIT = 2000
"""What Discord takes. It is said to count code points; UTF-16 units are never fewer."""

# Room in every message for what closes its Markdown and for a mention in front of the first.
_RESERVE = 56

# How much a text that loses its last sentence may differ in front of its new end, at most.
_REPLACED = 16

# A page is rather cut early at a good place than late at a bad one, but not earlier than this.
_LEAST_SHARE = 0.5
_LEAST_SHARE_WORD = 0.25

_PLACES = (
    re.compile(r"\n[^\S\n]*\n\s*"),
    re.compile(r"\n"),
)
_IN_LINE = (re.compile(r"(?<=[.!?…])[^\S\n]+|(?<=[。！？])"), re.compile(r"\s+"))
_JOINERS = "\u200d\ufe0f\ufe0e\u20e3"


@dataclass(frozen=True, slots=True)
class Page:
    """One message's share of a text: `text[start:end]`, between what opens and closes Markdown.

    `next` is where the following page begins: whitespace at the cut belongs to no page, nor does
    a fence's end that `closing` has taken the place of.
    """

    body: str
    opening: str
    closing: str
    next: int

    @property
    def text(self) -> str:
        """The page as a finished message."""
        return self.opening + self.body + self.closing

    @property
    def preview(self) -> str:
        """The page while more is to come: everything that is open is closed."""
        return preview(self.opening + self.body)


def units(text: str) -> int:
    """The length of a text in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(text: str, known: Sequence[Page] = (), limit: int = MESSAGE_LIMIT) -> list[Page]:
    """Cut `text` into pages that fit `limit`.

    `known` are full pages (all but the last) of a shorter version of the same text; they are
    taken over as they are. Of a version that was longer only those are that the text still holds.
    """
    pages = [page for page in known if page.next + _REPLACED <= len(text)]
    while True:
        state, position = _resume(text, pages[-1]) if pages else (Open(), _skip_space(text, 0))
        if not text[position:].strip():
            return pages
        pages.append(_page(text, position, state.reopening, limit))


def rest_after(text: str, page: Page) -> str:
    """What comes after a page, as a text of its own."""
    state, position = _resume(text, page)
    return state.reopening + text[position:].rstrip()


def _page(text: str, start: int, opening: str, limit: int) -> Page:
    room = limit - _RESERVE - units(opening)
    window = _fitting(text, start, room)
    if start + len(window) >= len(text):
        body = text[start:].rstrip()
        closing = close_fence(opening + body)[len(opening + body) :]
        return Page(body, opening, closing, len(text))
    cut, resume = _cut(opening, window)
    body = window[:cut]
    closing = open_at_end(opening + body).closing(opening + body)
    return Page(body, opening, closing, start + resume)


def _fitting(text: str, start: int, room: int) -> str:
    """The longest piece from `start` on that has at most `room` UTF-16 units."""
    window = text[start : start + room]
    while (excess := units(window) - room) > 0:
        window = window[: len(window) - (excess + 1) // 2]
    return window


def _cut(opening: str, window: str) -> tuple[int, int]:
    """Where a page ends within a full window, and where the next one begins."""
    inside: tuple[int, int] | None = None
    for place in _PLACES:
        code_from = len(window)
        for begin, end in _backwards(place, window, _LEAST_SHARE):
            if begin >= code_from:
                continue
            state = open_at_end(opening + window[:begin])
            if not state:
                return begin, end
            if state.fence:
                code_from = state.since - len(opening)
                if inside is None and window[max(code_from, 0) : begin].strip():
                    # Inside code only the line's end goes: what follows is indentation.
                    inside = begin, begin + 1
    if inside:
        return inside
    for place, share in zip(_IN_LINE, (_LEAST_SHARE, _LEAST_SHARE_WORD), strict=True):
        spots = list(_backwards(place, window, share))
        for begin, end in spots[:8]:
            if not open_at_end(opening + window[:begin]):
                return begin, end
        if spots and place is _IN_LINE[-1]:
            return spots[0]
    cut = _between_characters(window)
    return cut, cut


def _backwards(place: re.Pattern[str], window: str, share: float) -> Iterator[tuple[int, int]]:
    """The places at which `window` may be cut, the last one first."""
    least = int(len(window) * share)
    spots = [match.span() for match in place.finditer(window, least)]
    return iter(spots[::-1])


def _between_characters(window: str) -> int:
    """A cut at the window's end that leaves an emoji or an accented letter whole."""
    cut = len(window) - 1
    for _ in range(32):
        if cut < 2 or not _belongs_to_previous(window[cut], window[cut - 1]):
            break
        cut -= 1
    return max(cut, 1)


def _belongs_to_previous(char: str, previous: str) -> bool:
    return (
        char in _JOINERS
        or previous in "\u200d\\`*_~|"
        or bool(unicodedata.combining(char))
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U0001f1e6" <= char <= "\U0001f1ff"
    )


def _resume(text: str, page: Page) -> tuple[Open, int]:
    """Where the page after `page` begins, and within what."""
    state, position = open_at_end(page.opening + page.body), page.next
    if not state.fence:
        return state, _skip_space(text, position)
    rest_of_line = "" if state.fence == "```" else r"[^\S\n]*(?=\n|\Z)"
    closer = re.compile(rf"\s*{state.fence[0]}{{{len(state.fence)},}}{rest_of_line}").match(
        text, position
    )
    if closer:
        # The page before has closed it already.
        return Open(), _skip_space(text, closer.end())
    if not text[position:].strip(f"{state.fence[0]} \n"):
        return state, len(text)
    return state, position


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position

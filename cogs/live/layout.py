"""Which messages show a reply, while it is written and when it is done. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cogs.live.buttons import Button
from cogs.live.markdown import preview
from cogs.live.split import MESSAGE_LIMIT, Page, rest_after, split, units
from cogs.live.wording import REST_IN_FILE, in_line, small

MOST_PAGES = 4
"""What is longer goes into a file."""

# Room that is left for a mention in front of the first message.
_LIMIT = MESSAGE_LIMIT - 32


@dataclass(frozen=True, slots=True)
class Draft:
    """What a message is to look like. `attached` becomes the text of a file next to it.

    `calls` are people whom it may ping beside the asker, if it is the first one of its reply.
    """

    content: str
    buttons: tuple[Button, ...] = ()
    attached: str | None = None
    file_name: str = "reply.md"
    calls: tuple[int, ...] = ()


def while_waiting(place: int, *buttons: Button) -> Draft:
    """The message of a reply that waits in line, before its first word."""
    return Draft(in_line(place), buttons)


def while_writing(pages: Sequence[Page], *buttons: Button, most: int = MOST_PAGES) -> list[Draft]:
    """The messages so far; the newest one carries the buttons. None if there is nothing to see."""
    shown = [page.text for page in pages[:most]]
    if shown and len(pages) <= most:
        shown[-1] = pages[-1].preview
        if not shown[-1].strip():
            shown.pop()
    return [
        Draft(content, buttons if n == len(shown) else ()) for n, content in enumerate(shown, 1)
    ]


def when_done(
    text: str,
    pages: Sequence[Page],
    small_print: Sequence[str],
    *,
    buttons: tuple[Button, ...] = (),
    cut_short: bool = False,
    most: int = MOST_PAGES,
    room: int = 0,
) -> list[Draft]:
    """The messages of a finished reply; the last one carries the small print and the buttons.

    `cut_short` says that the text breaks off, so that everything that is open is closed. With
    `most` 1 there is never more than one message: small print and file stand in it too. `room` is
    left free in each message, beside that for a mention.
    """
    limit = _LIMIT - room
    if most == 1 and not _fits_one(pages, small_print, limit):
        return [_in_one(text, small_print, buttons, limit)]
    contents = [page.text for page in pages[:most]]
    attached = None
    if len(pages) > most:
        attached = rest_after(text, pages[most - 1])
        small_print = [REST_IN_FILE, *small_print]
    elif contents and cut_short:
        contents[-1] = preview(contents[-1]) or contents[-1]
    end = small(*small_print)
    fits = contents and units(contents[-1]) + units(end) < limit
    if end and fits and attached is None:
        contents[-1] += f"\n{end}"
    elif end or attached is not None:
        contents.append(end)
    drafts = [Draft(content) for content in contents]
    if drafts:
        drafts[-1] = Draft(drafts[-1].content, buttons, attached)
    return drafts


def when_unfit(taken: Sequence[Draft], words: str, button: Button) -> list[Draft]:
    """The messages of a reply of which Discord takes no more than it has; `words` tell of it."""
    if not taken:
        return [Draft(words, (button,))]
    *before, last = taken
    end = small(f"⚠ {words}")
    content = f"{last.content}\n{end}"
    if units(content) < _LIMIT:
        return [*before, replace(last, content=content, buttons=(button,))]
    return [*before, replace(last, buttons=()), Draft(end, (button,))]


def _fits_one(pages: Sequence[Page], small_print: Sequence[str], limit: int) -> bool:
    length = sum(units(page.text) for page in pages) + units(small(*small_print))
    return len(pages) <= 1 and length < limit


def _in_one(
    text: str, small_print: Sequence[str], buttons: tuple[Button, ...], limit: int
) -> Draft:
    """As much of a text as one message takes above its small print, and the rest as its file."""
    end = small(REST_IN_FILE, *small_print)
    page = split(text, limit=limit - units(end))[0]
    return Draft(f"{page.text}\n{end}", buttons, rest_after(text, page))

"""A server's figures as a picture: bars for replies, hour by hour, and a line for their times."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.conversation.statistics import HOUR, Figures, Statistics

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

WIDTH, HEIGHT = 860, 340
GROUND, TEXT, GRID = "#2b2d31", "#dbdee1", "#404249"
BARS, FAILED, LINE = "#5865f2", "#ed4245", "#f0b232"

# Where the plot is: left, top, right, bottom.
LEFT, TOP, RIGHT, BOTTOM = 52, 44, WIDTH - 52, HEIGHT - 36
_FONT_SIZE = 14
_DAY = 24


def draw(found: Statistics) -> bytes:
    """A PNG of the figures; times are UTC."""
    # Nobody pays for the library before a picture is wanted.
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
    canvas = ImageDraw.Draw(image)
    canvas.font = ImageFont.load_default(_FONT_SIZE)
    most = max(1, max(hour.replies for hour in found.hours))
    slowest = max((hour.seconds or 0.0 for hour in found.hours), default=0.0)
    _head(canvas)
    _scales(canvas, most, slowest)
    _hours(canvas, found)
    _bars(canvas, found.hours, most)
    if slowest:
        _line(canvas, found.hours, slowest)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def span(place: int, count: int) -> tuple[int, int]:
    """Where the bar of an hour begins and ends, from left to right; one pixel at least."""
    width = (RIGHT - LEFT) / count
    gap = 3 if width > 10 else 1
    left = LEFT + round(place * width)
    return left, max(left, LEFT + round((place + 1) * width) - gap)


def height(value: float, most: float) -> int:
    """How many pixels high a value stands above the ground line."""
    return round(value / most * (BOTTOM - TOP))


def _head(canvas: ImageDraw) -> None:
    x = LEFT
    for colour, word in ((BARS, "replies"), (FAILED, "failed"), (LINE, "seconds a reply")):
        canvas.rectangle((x, 16, x + 11, 27), fill=colour)
        canvas.text((x + 18, 13), word, fill=TEXT)
        x += 18 + round(canvas.textlength(word)) + 24
    canvas.text((RIGHT, 13), "UTC", fill=TEXT, anchor="ra")


def _scales(canvas: ImageDraw, most: int, slowest: float) -> None:
    """The values of the two axes, at the ground, the middle and the top."""
    for share in (0.0, 0.5, 1.0):
        y = BOTTOM - round(share * (BOTTOM - TOP))
        canvas.line((LEFT, y, RIGHT, y), fill=GRID)
        canvas.text((LEFT - 8, y), f"{most * share:g}", fill=TEXT, anchor="rm")
        if slowest:
            canvas.text((RIGHT + 8, y), f"{slowest * share:.1f}", fill=LINE, anchor="lm")


def _hours(canvas: ImageDraw, found: Statistics) -> None:
    """The names of hours, or of days where there are several, below the ground line."""
    count = len(found.hours)
    every = 3 if count <= _DAY else _DAY
    for place in range(count):
        if (found.first_hour + place) % every:
            continue
        at = datetime.fromtimestamp((found.first_hour + place) * HOUR, UTC)
        left, _ = span(place, count)
        canvas.line((left, BOTTOM, left, BOTTOM + 4), fill=TEXT)
        name = f"{at:%H}:00" if every < _DAY else f"{at:%a} {at.day}"
        canvas.text((left, BOTTOM + 8), name, fill=TEXT, anchor="la")


def _bars(canvas: ImageDraw, hours: Sequence[Figures], most: int) -> None:
    for place, hour in enumerate(hours):
        left, right = span(place, len(hours))
        for value, colour in ((hour.replies, BARS), (hour.failed, FAILED)):
            if value:
                top = BOTTOM - max(height(value, most), 1)
                canvas.rectangle((left, top, right, BOTTOM - 1), fill=colour)


def _line(canvas: ImageDraw, hours: Sequence[Figures], slowest: float) -> None:
    """A line from hour to hour; one without a reply breaks it, one alone is a dot."""
    before: tuple[int, int] | None = None
    for place, hour in enumerate(hours):
        if hour.seconds is None:
            before = None
            continue
        left, right = span(place, len(hours))
        here = (left + right) // 2, BOTTOM - height(hour.seconds, slowest)
        canvas.ellipse((here[0] - 2, here[1] - 2, here[0] + 2, here[1] + 2), fill=LINE)
        if before:
            canvas.line((*before, *here), fill=LINE, width=2)
        before = here

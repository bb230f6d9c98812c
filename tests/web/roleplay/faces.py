"""Portraits for the characters of the guide, drawn of simple shapes."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

_SIZE = 512
# Drawn larger and made smaller again, the edges are smooth.
_FINE = 2

Draw = ImageDraw.ImageDraw
Box = tuple[float, float, float, float]


def innkeeper() -> bytes:
    """A round face, a grey braid, a green dress."""
    picture, draw = _canvas("#e9c46a")
    _oval(draw, (56, 380, 456, 700), "#2f6f57")
    _oval(draw, (130, 70, 382, 350), "#8d8d95")
    _oval(draw, (160, 120, 352, 360), "#f0c6a4")
    for step in range(4):
        top = 250 + step * 58
        _oval(draw, (352, top, 412, top + 74), "#8d8d95")
    _eyes(draw, 256, 226, apart=44, size=13)
    _oval(draw, (178, 262, 218, 286), "#e8a48a")
    _oval(draw, (294, 262, 334, 286), "#e8a48a")
    _arc(draw, (212, 236, 300, 312), 20, 160)
    return _png(picture)


def captain() -> bytes:
    """A dark beard, a blue cap."""
    picture, draw = _canvas("#8ecae6")
    _oval(draw, (36, 390, 476, 720), "#1d3557")
    _oval(draw, (152, 110, 360, 370), "#d9a27c")
    _oval(draw, (146, 240, 366, 420), "#3b2a20")
    _oval(draw, (206, 270, 306, 316), "#d9a27c")
    _arc(draw, (218, 258, 294, 306), 200, 340)
    _oval(draw, (132, 60, 380, 210), "#1d3557")
    _box(draw, (118, 150, 394, 186), "#0f1f38")
    _oval(draw, (232, 84, 280, 132), "#e9c46a")
    _eyes(draw, 256, 224, apart=46, size=12)
    return _png(picture)


def lamp_spirit() -> bytes:
    """A flame with eyes in a lantern."""
    picture, draw = _canvas("#2b2440")
    _box(draw, (146, 400, 366, 440), "#8a6d3b")
    _box(draw, (166, 96, 346, 128), "#8a6d3b")
    _arc(draw, (206, 30, 306, 150), 180, 360, "#8a6d3b", 14)
    for left in (150, 346):
        _box(draw, (left, 120, left + 16, 408), "#8a6d3b")
    _flame(draw, 256, 398, 96, 258, "#f4a261")
    _flame(draw, 256, 392, 66, 180, "#ffe08a")
    _eyes(draw, 256, 322, apart=30, size=11)
    _arc(draw, (230, 324, 282, 366), 20, 160)
    return _png(picture)


def _canvas(colour: str) -> tuple[Image.Image, Draw]:
    picture = Image.new("RGB", (_SIZE * _FINE, _SIZE * _FINE), colour)
    return picture, ImageDraw.Draw(picture)


def _png(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.resize((_SIZE, _SIZE), Image.Resampling.LANCZOS).save(written, "PNG", optimize=True)
    return written.getvalue()


def _scaled(box: Box) -> Box:
    left, top, right, bottom = box
    return left * _FINE, top * _FINE, right * _FINE, bottom * _FINE


def _oval(draw: Draw, box: Box, colour: str) -> None:
    draw.ellipse(_scaled(box), fill=colour)


def _box(draw: Draw, box: Box, colour: str) -> None:
    draw.rectangle(_scaled(box), fill=colour)


def _arc(
    draw: Draw, box: Box, start: int, end: int, colour: str = "#33211a", width: int = 8
) -> None:
    draw.arc(_scaled(box), start, end, fill=colour, width=width * _FINE)


def _eyes(draw: Draw, middle: float, height: float, *, apart: float, size: float) -> None:
    for x in (middle - apart, middle + apart):
        _oval(draw, (x - size, height - size, x + size, height + size), "#2a1d18")
        _oval(draw, (x - 2, height - size + 3, x + 5, height - size + 10), "#ffffff")


def _flame(draw: Draw, x: float, foot: float, half: float, height: float, colour: str) -> None:
    _oval(draw, (x - half, foot - 2 * half, x + half, foot), colour)
    tip = [(x - half * 0.96, foot - half * 1.25), (x + half * 0.96, foot - half * 1.25)]
    points = [*tip, (x + half * 0.1, foot - height)]
    draw.polygon([(px * _FINE, py * _FINE) for px, py in points], fill=colour)

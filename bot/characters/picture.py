"""What kind of picture some bytes are, and how large it would be: by its header alone."""

from __future__ import annotations

from dataclasses import dataclass

from bot.characters import bounds
from bot.errors import BadInput
from bot.language import later

_JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_MAX_SEGMENTS = 10_000


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's kind (png, apng, jpeg, gif, webp) and its size in pixels; 0 if unknown."""

    kind: str
    width: int
    height: int


def look_at(data: bytes) -> Picture | None:
    """What picture this is, None if it is none that Discord shows."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
        kind = "apng" if _is_animated(data) else "png"
        return Picture(kind, _big(data, 16, 4), _big(data, 20, 4))
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return Picture("gif", _little(data, 6, 2), _little(data, 8, 2))
    if data.startswith(b"\xff\xd8\xff"):
        return Picture("jpeg", *_jpeg_size(data))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Picture("webp", *_webp_size(data))
    return None


def check_size(picture: Picture) -> None:
    """Refuse a picture that nobody could show."""
    pixels = picture.width * picture.height
    if pixels == 0:
        raise BadInput(
            later("That picture is broken: it says that it has no size. Get the file anew.")
        )
    if pixels > bounds.MAX_PIXELS:
        raise BadInput(
            later(
                "That picture has {width:,} × {height:,} pixels; I can take up to {most} million. "
                "Make it smaller.",
                width=picture.width,
                height=picture.height,
                most=bounds.MAX_PIXELS // 1_000_000,
            )
        )


def _is_animated(data: bytes) -> bool:
    """Whether a PNG has the chunk that makes an animation of it, which precedes the pixels."""
    at = 8
    for _ in range(_MAX_SEGMENTS):
        kind = data[at + 4 : at + 8]
        if kind in (b"acTL", b"IDAT", b""):
            return kind == b"acTL"
        at += 12 + _big(data, at, 4)
    return False


def _big(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "big")


def _little(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "little")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    for _ in range(_MAX_SEGMENTS):
        if data[at : at + 1] != b"\xff" or at + 9 > len(data):
            break
        if data[at + 1] in _JPEG_FRAMES:
            return _big(data, at + 7, 2), _big(data, at + 5, 2)
        at += 1 if data[at + 1] == 0xFF else 2 + _big(data, at + 2, 2)
    return 0, 0


def _webp_size(data: bytes) -> tuple[int, int]:
    if data[12:16] == b"VP8X":
        return _little(data, 24, 3) + 1, _little(data, 27, 3) + 1
    if data[12:16] == b"VP8L":
        bits = _little(data, 21, 4)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if data[12:16] == b"VP8 ":
        return _little(data, 26, 2) & 0x3FFF, _little(data, 28, 2) & 0x3FFF
    return 0, 0

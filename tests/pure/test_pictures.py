"""Pictures of characters: made small, and refused in words where they are broken."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from bot.errors import BadInput
from bot.pictures import SIZE, thumbnail

# What Discord takes for an emoji, after decoding from base64.
EMOJI_BYTES = 256 * 1024

RED, BLUE = (200, 30, 30), (30, 30, 200)


def portrait(kind: str, size: tuple[int, int] = (400, 600), **options: object) -> bytes:
    """A picture that is red in its upper two thirds and blue below."""
    picture = Image.new("RGB", size, BLUE)
    picture.paste(RED, (0, 0, size[0], size[1] * 2 // 3))
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


def opened(picture: bytes) -> Image.Image:
    return Image.open(io.BytesIO(picture)).convert("RGB")


def near(pixel: object, wanted: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 12 for a, b in zip(pixel, wanted, strict=True))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_portrait_becomes_a_square_of_its_upper_part(kind):
    small = thumbnail(portrait(kind))
    assert small.startswith(b"\x89PNG")
    assert len(small) <= EMOJI_BYTES
    shown = opened(small)
    assert shown.size == (SIZE, SIZE)
    assert near(shown.getpixel((64, 2)), RED)
    assert near(shown.getpixel((64, 125)), RED)


def test_a_broad_picture_keeps_its_middle():
    shown = opened(thumbnail(portrait("PNG", (900, 300))))
    assert near(shown.getpixel((64, 2)), RED)
    assert near(shown.getpixel((64, 125)), BLUE)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_of_a_picture_that_moves_the_first_frame_counts(kind):
    frames = [Image.new("RGB", (200, 200), colour) for colour in (RED, BLUE, BLUE)]
    written = io.BytesIO()
    frames[0].save(written, kind, save_all=True, append_images=frames[1:], duration=100)
    small = thumbnail(written.getvalue())
    assert near(opened(small).getpixel((64, 64)), RED)
    assert getattr(Image.open(io.BytesIO(small)), "n_frames", 1) == 1


def test_transparency_stays():
    written = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(written, "PNG")
    assert Image.open(io.BytesIO(thumbnail(written.getvalue()))).getpixel((5, 5))[3] == 0


def test_a_camera_that_lay_on_its_side_is_believed():
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    shown = opened(thumbnail(portrait("JPEG", (300, 300), exif=exif)))
    assert near(shown.getpixel((64, 2)), BLUE)


def test_what_hangs_on_a_file_does_not_go_along():
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    assert b"where I live" not in thumbnail(portrait("PNG", exif=exif))


def test_noise_is_small_enough_for_discord():
    noise = Image.effect_noise((512, 512), 200).convert("RGB")
    written = io.BytesIO()
    noise.save(written, "PNG")
    assert len(thumbnail(written.getvalue())) <= EMOJI_BYTES


def bomb(width: int, height: int) -> bytes:
    """A few bytes that say they are a huge picture."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + head
        + chunk(b"IDAT", zlib.compress(b"\0" * 99))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(8_000, 8_000), (60_000, 60_000)])
def test_a_picture_of_too_many_pixels_is_refused_unread(size):
    with pytest.raises(BadInput, match="too large"):
        thumbnail(bomb(*size))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9])
def test_a_file_that_is_cut_off_is_refused_in_words_or_read(kind, part):
    whole = portrait(kind)
    try:
        small = thumbnail(whole[: int(len(whole) * part)])
    except BadInput:
        return
    assert opened(small).size == (SIZE, SIZE)


@pytest.mark.parametrize(
    "data", [b"", b"no picture", b"<svg></svg>", b"BM" + bytes(60), bytes(999)]
)
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(BadInput, match="cannot read that picture"):
        thumbnail(data)


def test_any_damage_is_told_in_words():
    """Every byte of small files is bent once: nothing but `BadInput` comes out."""
    for kind in ("PNG", "JPEG", "WEBP", "GIF"):
        whole = portrait(kind, (24, 24))
        for at in range(0, len(whole), 3):
            bent = bytearray(whole)
            bent[at] ^= 0xFF
            try:
                thumbnail(bytes(bent))
            except BadInput:
                continue

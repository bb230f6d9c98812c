"""The picture that a card comes with, and files that are damaged, cut off or foreign."""

from __future__ import annotations

import base64
import io
import struct
import zipfile

import pytest

from bot.characters import picture
from bot.characters.png import END, SIGNATURE, chunk_of, take_apart
from bot.characters.read import read_card
from bot.errors import BadInput
from tests.characters.making import (
    GIF,
    JPEG,
    WEBP,
    animation,
    as_bytes,
    card,
    charx,
    text_chunk,
    with_chunks,
    with_icon,
)
from tests.characters.making import picture as plain
from tests.characters.making import png as in_png

CARD = base64.b64encode(as_bytes(card(2)))
OTHER = base64.b64encode(as_bytes(card(3)))


def chunks(data: bytes) -> list[bytes]:
    return [chunk.kind for chunk in take_apart(data).chunks]


@pytest.mark.parametrize(("image", "kind"), [(plain(), "png"), (animation(), "apng")])
def test_the_picture_itself_is_the_characters_without_its_card(image, kind):
    found = read_card(in_png(card(2), image=image))
    assert (found.picture, found.kind) == (image, kind)


def test_a_word_in_a_text_makes_no_animation():
    comment = text_chunk("Comment", b"acTL")
    found = read_card(in_png(card(2), image=with_chunks(plain(), comment, first=True)))
    assert found.kind == "png"


def test_what_else_stands_in_the_picture_stays():
    comment = text_chunk("Software", b"a program")
    asset = text_chunk("chara-ext-asset_:0", base64.b64encode(JPEG))
    given = with_chunks(
        plain(), comment, asset, text_chunk("ccv3", OTHER), text_chunk("CHARA", CARD)
    )
    assert read_card(given).picture == with_chunks(plain(), comment)


@pytest.mark.parametrize("order", [("chara", "ccv3"), ("ccv3", "chara"), ("Chara", "CCv3")])
def test_the_newer_card_in_a_picture_is_preferred(order):
    texts = {"chara": CARD, "ccv3": OTHER}
    given = with_chunks(plain(), *(text_chunk(word, texts[word.lower()]) for word in order))
    found = read_card(given).card
    assert found
    assert found.spec == "chara_card_v3"


def test_of_two_cards_of_one_kind_the_first_is_read():
    first = base64.b64encode(as_bytes(card(2, name="First")))
    found = read_card(with_chunks(plain(), text_chunk("chara", first), text_chunk("chara", CARD)))
    assert found.card
    assert found.card.name == "First"


def test_wrong_checksums_are_told():
    given = bytearray(with_chunks(plain(), text_chunk("Comment", b"x"), text_chunk("chara", CARD)))
    given[-len(END) - 1] ^= 1
    found = read_card(bytes(given))
    assert found.card
    assert "wrong checksums" in found.warnings[0]


def test_a_file_that_lacks_its_end_is_mended():
    found = read_card(in_png(card(2)).removesuffix(END))
    assert found.card
    assert found.picture == plain()
    assert "which I mended" in found.warnings[0]


def test_a_picture_that_is_cut_off_within_its_pixels_is_left_out():
    given = with_chunks(plain(), text_chunk("chara", CARD), first=True)
    found = read_card(given[: -len(END) - 6])
    assert found.card
    assert (found.picture, found.kind) == (None, "")
    assert "cut off" in found.warnings[0]


def test_what_follows_the_end_of_a_picture_is_not_kept():
    assert read_card(in_png(card(2)) + b"MZ a program").picture == plain()


def test_a_card_that_is_cut_off_is_none():
    with pytest.raises(BadInput, match="no character in it"):
        read_card(in_png(card(2))[:-200])


@pytest.mark.parametrize("uri", ["embeded://", "embedded://", "__asset:"])
@pytest.mark.parametrize(
    ("image", "kind"),
    [(plain(), "png"), (JPEG, "jpeg"), (GIF, "gif"), (WEBP, "webp"), (animation(), "apng")],
)
def test_the_main_icon_of_a_charx_is_the_picture(uri, image, kind):
    given = charx(with_icon(f"{uri}assets/icon/a.x"), assets__icon__a_dot_x=image)
    found = read_card(given)
    assert (found.picture, found.kind, found.warnings) == (image, kind, ())


def test_without_a_main_icon_the_first_one_counts():
    icons = [
        {"type": "background", "uri": "embeded://bg", "name": "main", "ext": "png"},
        {"type": "icon", "uri": "https://example.org/x.png", "name": "net", "ext": "png"},
        {"type": "icon", "uri": "embeded://missing", "name": "gone", "ext": "png"},
        {"type": "icon", "uri": "embeded://a", "name": "sad", "ext": "png"},
        {"type": "icon", "uri": "embeded://b", "name": "glad", "ext": "png"},
        "nonsense",
    ]
    found = read_card(charx(card(3, assets=icons), a=plain(), b=GIF, bg=JPEG, missin=JPEG))
    assert found.picture == plain()
    assert "not the other 3 files" in found.warnings[0]


@pytest.mark.parametrize("bad", [b"RIFF....AVIF", b"", plain(1)[:30], plain()[:16] + bytes(40)])
def test_an_icon_that_is_no_picture_is_left_out(bad):
    found = read_card(charx(with_icon("embeded://a"), a=bad))
    assert found.card
    assert found.picture is None or picture.look_at(bad)


def test_an_icon_in_a_chunk_of_its_own_serves_where_the_picture_is_cut_off():
    asset = text_chunk("chara-ext-asset_:7", base64.b64encode(GIF))
    text = base64.b64encode(as_bytes(with_icon("__asset:7")))
    given = with_chunks(plain(), asset, text_chunk("ccv3", text), first=True)
    found = read_card(given[: -len(END) - 6])
    assert (found.picture, found.kind) == (GIF, "gif")


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (plain(7), (7, 7)),
        (JPEG, (4, 4)),
        (GIF, (4, 4)),
        (WEBP, (4, 4)),
        (b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x07\0\0\x03\0\0", (8, 4)),
        (b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x08\0\x04\0", (8, 4)),
        (b"\xff\xd8\xff\xff\xc2\0\x0b\x08\0\x04\0\x08" + bytes(9), (8, 4)),
        (b"\xff\xd8\xff\xda", (0, 0)),
    ],
)
def test_sizes_are_read_from_headers(data, size):
    seen = picture.look_at(data)
    assert seen
    assert (seen.width, seen.height) == size


def sized(width: int, height: int) -> bytes:
    header = struct.pack(">2L5B", width, height, 8, 0, 0, 0, 0)
    return SIGNATURE + chunk_of(b"IHDR", header) + plain()[33:]


@pytest.mark.parametrize(
    ("width", "height", "told"),
    [(10_000, 4_001, "40 million"), (2**31, 2**31, "40 million"), (0, 9, "no size")],
)
def test_pictures_that_nobody_could_show_are_refused(width, height, told):
    with pytest.raises(BadInput, match=told):
        read_card(in_png(card(2), image=sized(width, height)))
    found = read_card(charx(with_icon("embeded://a"), a=sized(width, height)))
    assert found.picture is None
    assert told in found.warnings[0]


def test_the_largest_pictures_are_taken():
    assert read_card(in_png(card(2), image=sized(10_000, 4_000))).picture


def archive(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members:
            file.writestr(name, data)
    return packed.getvalue()


@pytest.mark.parametrize("name", ["../card.json", "/card.json", "a/card.json", "C:/card.json"])
def test_only_the_card_at_the_top_counts(name):
    with pytest.raises(BadInput, match=r"no `card\.json`"):
        read_card(archive((name, as_bytes(card(3)))))


@pytest.mark.parametrize("path", ["../a", "/etc/a", "x/../../a", "C:/a", "\\a"])
def test_nothing_outside_the_archive_is_an_icon(path):
    given = archive(("card.json", as_bytes(with_icon(f"embeded://{path}"))), (path, plain()))
    found = read_card(given)
    assert found.card
    assert found.picture is None


def test_links_are_not_followed():
    link = zipfile.ZipInfo("card.json")
    link.create_system = 3
    link.external_attr = 0o120777 << 16
    with pytest.raises(BadInput, match=r"no `card\.json`"):
        read_card(archive((link, b"/etc/passwd")))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_files_with_one_name_the_last_one_counts():
    given = archive(
        ("card.json", as_bytes(card(3, name="A"))), ("card.json", as_bytes(card(3, name="B")))
    )
    found = read_card(given).card
    assert found
    assert found.name == "B"


def flagged(data: bytes, offset: int, value: int) -> bytes:
    """A zip file with another number in its only directory entry."""
    at = data.rindex(b"PK\x01\x02") + offset
    return data[:at] + value.to_bytes(2, "little") + data[at + 2 :]


@pytest.mark.parametrize(
    ("offset", "value", "told"),
    [
        (8, 1, "encrypted"),
        (10, 12, "unusual way"),
        (16, 0, "broken"),
        (20, 65_535, "broken"),
        (26, 200, "5 MiB"),
        (28, 5, r"broken|no `card\.json`"),
        (42, 65_535, "broken"),
    ],
)
def test_archives_that_lie_are_refused(offset, value, told):
    with pytest.raises(BadInput, match=told):
        read_card(flagged(charx(card(3)), offset, value))


def test_an_archive_that_is_cut_off_is_told():
    with pytest.raises(BadInput, match="cut off"):
        read_card(charx(card(3))[:-40])

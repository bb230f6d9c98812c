"""What is too large is refused in a sentence, at once and without much memory."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zipfile
import zlib

import pytest

from bot.characters import bounds
from bot.characters.read import read_card
from bot.errors import BadInput
from tests.characters import making
from tests.characters.making import ENTRY, V1, as_bytes, card, charx, picture, png
from tests.structure.tree import ROOT

MIB = 1024 * 1024


def filled(size: int, text: str = "x") -> bytes:
    """A card's JSON with a lorebook, of about so many bytes."""
    entry = {**ENTRY, "content": text * (8_000 // len(text.encode()))}
    count = size // len(as_bytes(entry))
    return as_bytes(card(2, character_book={"entries": [entry] * count}))


def text_bomb(kind: bytes, head: bytes) -> bytes:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(MIB)) for _ in range(1000)) + packer.flush()
    return making.with_chunks(picture(), making.chunk_of(kind, head + packed))


def zip_of(count: int, size: int) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for number in range(count):
            file.writestr(f"{number}", bytes(size))
        file.writestr("card.json", as_bytes(card(3)))
    return packed.getvalue()


def large_inside(size: int) -> bytes:
    """A zip file whose card is so large."""
    return charx(b" " * size + as_bytes(card(3)))


HOSTILE = {
    "a file of 11 MiB": (bytes(11 * MIB), "up to 10 MiB"),
    "JSON of 6 MB": (filled(6_000_000), "up to 5 MiB"),
    "JSON of 6 MB in a picture": (png(filled(6_000_000)), "up to 6.67 MiB"),
    "JSON that is larger as UTF-8": (
        as_bytes(card(2, own="x" * 3_000_000), ensure_ascii=True).replace(b"xxx", b"\xe4" * 3),
        "up to 5 MiB",
    ),
    "UTF-16 that is larger as UTF-8": (
        ('{"a": "' + "灯" * 2_000_000 + '"}').encode("utf-16"),
        "up to 5 MiB",
    ),
    "deep lists": (b'{"a":' + b"[" * 100_000, "64 levels"),
    "deep objects": (b'{"a":' * 100_000, "64 levels"),
    "deep, in a picture": (png(b'{"a":' * 100_000), "64 levels"),
    "lists without end": (b'{"a":[' + b"[]," * 1_000_000, "400,000 parts"),
    "objects without end": (b'{"a":[' + b"{}," * 1_000_000, "400,000 parts"),
    "texts without end": (b'{"a":[' + b'"",' * 1_000_000, "400,000 parts"),
    "numbers without end": (b'{"a":[' + b"1," * 1_000_000, "400,000 parts"),
    "a text without end": (b'{"a":"' + b"x" * 5_000_000, "JSON is broken"),
    "escapes without end": (b'{"a":"' + b"\\n" * 2_500_000, "JSON is broken"),
    "quotes without end": (b'{"a":' + b'"' * 5_000_000, "400,000 parts"),
    "line breaks without end": (b'{"a":"' + b"\n" * 5_000_000 + b'"}', "up to 5 MiB"),
    "repeated keys without end": (
        b'{"a":{' + b",".join(b'"%x":0' % (key % 190_000) for key in range(199_000)) + b"}}",
        "no character",
    ),
    "half pairs without end": (b'{"a":"' + b"\\ud800" * 800_000 + b'"}', "no character"),
    "a long number": (b'{"name": "A", "description": "x", "a": ' + b"9" * 5_000_000, "broken"),
    "a long name": (as_bytes({**V1, "name": "x" * 201}), "201 characters"),
    "a long text": (as_bytes({**V1, "scenario": "x" * 300_001}), "`scenario` has 300,001"),
    "many greetings": (as_bytes(card(2, alternate_greetings=["x"] * 301)), "up to 300"),
    "many tags": (as_bytes(card(2, tags=["x"] * 501)), "up to 500"),
    "many entries": (as_bytes(card(2, character_book={"entries": [{}] * 4_001})), "up to 4,000"),
    "a world of many entries": (as_bytes({"entries": {key: {} for key in range(4_001)}}), "4,000"),
    "many chunks": (
        making.with_chunks(picture(), making.chunk_of(b"tIME", b"") * 20_001),
        "pieces",
    ),
    "a bomb in zTXt": (text_bomb(b"zTXt", b"chara\0\0"), "6.7 MiB"),
    "a bomb in iTXt": (text_bomb(b"iTXt", b"chara\0\1\0\0\0"), "6.7 MiB"),
    "many large cards": (
        making.with_chunks(
            picture(),
            *[making.packed_chunk("chara", filled(5_000_000)[:-1] + b' ,"a":]}')] * 30,
        ),
        "JSON is broken",
    ),
    "many files": (zip_of(1_001, 1), "1,000 files"),
    "files that unpack to a lot": (zip_of(900, MIB), "200 MiB"),
    "a large card in a zip": (large_inside(6 * MIB), "up to 5 MiB"),
    "a card packed tightly": (large_inside(4 * MIB), "more tightly"),
}


def at_once(data: bytes):
    """Read a file; fails if that takes a second, or 100 MB of memory."""
    start = time.process_time()
    try:
        return read_card(data)
    finally:
        assert time.process_time() - start < 1
        tracemalloc.start()
        try:
            read_card(data)
        except BadInput:
            pass
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak < 100_000_000


@pytest.mark.parametrize(("data", "told"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_too_large_is_refused_at_once(data, told):
    with pytest.raises(BadInput, match=told) as refusal:
        at_once(data)
    assert refusal.value.text.endswith((".", "?"))


def test_ten_thousand_line_breaks_are_mended_at_once():
    found = at_once(b'{"name": "A", "description": "%s"}' % (b"x\n" * 10_000)).card
    assert found
    assert found.description == "x\n" * 10_000


@pytest.mark.parametrize("text", ["x", "ä", "灯", "🕯", '\\"', "\n"])
@pytest.mark.parametrize("wrap", [lambda data: data, png, charx], ids=["json", "png", "charx"])
def test_a_lorebook_of_five_megabytes_is_read_at_once(text, wrap):
    if wrap is charx:
        # The same text over and over would be packed like a bomb.
        def wrap(data: bytes) -> bytes:
            return charx(data, stored=True)

    found = at_once(wrap(filled(5_000_000, text))).card
    assert found
    assert found.character_book
    assert len(found.character_book["entries"]) > 300


def test_as_many_entries_as_are_allowed_are_read_at_once():
    book = {"entries": [{**ENTRY, "id": number} for number in range(4_000)]}
    found = at_once(as_bytes(card(2, character_book=book))).card
    assert found
    assert found.character_book == book


def test_nesting_that_is_allowed_is_read():
    deep: object = 1
    for _ in range(bounds.MAX_NESTING - 3):
        deep = [deep]
    assert read_card(as_bytes(card(2, extensions={"deep": deep}))).card
    with pytest.raises(BadInput, match="64 levels"):
        read_card(as_bytes(card(2, extensions={"deep": [deep]})))


def test_brackets_and_commas_within_texts_are_no_parts():
    text = '[{"' + "[{,:\\" * 50_000
    found = read_card(as_bytes({**V1, "description": text})).card
    assert found
    assert found.description == text


def test_a_length_beyond_the_end_is_no_reason_to_wait():
    lie = struct.pack(">L", 2**32 - 1)
    data = png(card(2))
    at = data.index(b"tEXt") - 4
    with pytest.raises(BadInput, match="no character in it"):
        at_once(data[:at] + lie + data[at + 4 :])


def test_the_page_about_cards_names_the_limits():
    page = (ROOT / "docs/roleplay-cards.md").read_text("utf-8")
    for limit in (bounds.MAX_FILE, bounds.MAX_JSON, bounds.MAX_ZIP_TOTAL):
        assert f" {limit // MIB} MiB" in page
    for count in (
        *(bounds.MAX_PARTS, bounds.MAX_NESTING, bounds.MAX_TEXT, bounds.MAX_NAME),
        *(bounds.MAX_GREETINGS, bounds.MAX_TAGS, bounds.MAX_ENTRIES, bounds.MAX_CHUNKS),
        *(bounds.MAX_ZIP_ENTRIES, bounds.MAX_ZIP_RATIO, bounds.MAX_PIXELS // 1_000_000),
    ):
        assert f" {count:,}" in page

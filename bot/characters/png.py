"""PNG and APNG: the card in a picture's text chunks, and the picture without it.

Chunks are those of the PNG specification (W3C). The card is base64 of UTF-8 JSON in a tEXt chunk,
`ccv3` by the Character Card V3 specification and `chara` by everybody before it.
"""

from __future__ import annotations

import binascii
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from bot.characters import bounds
from bot.errors import BadInput
from bot.language import later

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CARD_KEYWORDS = ("ccv3", "chara")
ASSET_KEYWORD = "chara-ext-asset_:"

_TEXT_KINDS = (b"tEXt", b"zTXt", b"iTXt")
_MAX_TEXT = bounds.MAX_JSON * 4 // 3 + bounds.KIB
_MAX_KEYWORD = 300
"""Bytes looked at for a keyword: 79 by the specification, more where it holds an asset's path."""

_DAMAGED = later(
    "Parts of the picture file are damaged (wrong checksums); look whether it is shown well."
)
_CUT_OFF = later("The picture file is cut off at its end, so the character has no picture from it.")
_ENDLESS = later("The picture file lacks its end, which I mended.")
_CARD = later("The card in that picture")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a PNG: its kind, and where its data stands in the file."""

    kind: bytes
    start: int
    end: int

    @property
    def whole(self) -> slice:
        """The chunk with its length, kind and checksum."""
        return slice(self.start - 8, self.end + 4)


@dataclass(frozen=True, slots=True)
class Png:
    """A PNG taken apart: its chunks as far as they are whole, and what is wrong with it."""

    data: bytes
    chunks: tuple[Chunk, ...]
    cut: bytes | None
    warnings: tuple[str, ...]

    def texts(self) -> Iterator[tuple[str, Chunk]]:
        """The keyword of each text chunk, in small letters where it is a card's."""
        for chunk in self.chunks:
            if chunk.kind in _TEXT_KINDS:
                yield _keyword(self.data, chunk), chunk

    def cards(self) -> list[Chunk]:
        """The chunks of cards, the newest format first, in the order of the file."""
        found = [(keyword, chunk) for keyword, chunk in self.texts() if keyword in CARD_KEYWORDS]
        found.sort(key=lambda each: CARD_KEYWORDS.index(each[0]))
        return [chunk for _, chunk in found]

    def card(self, chunk: Chunk) -> bytes:
        """The JSON in a card's chunk; some programs leave out the base64."""
        text = content(self.data, chunk).strip()
        return text if text.startswith(b"{") else unpacked(text)

    def asset(self, path: str) -> bytes | None:
        """A file that stands in a chunk of its own, by the path that the card gives."""
        for keyword, chunk in self.texts():
            if keyword == ASSET_KEYWORD + path:
                return unpacked(content(self.data, chunk))
        return None

    def picture(self) -> tuple[bytes | None, tuple[str, ...]]:
        """The picture alone, None if it is cut off, and what is to be said of it."""
        kinds = [chunk.kind for chunk in self.chunks]
        if self.cut == b"IDAT" or b"IDAT" not in kinds:
            return None, (_CUT_OFF,)
        told = self.warnings if b"IEND" in kinds else (*self.warnings, _ENDLESS)
        return without_cards(self) + END, told


def chunk_of(kind: bytes, data: bytes) -> bytes:
    """A chunk as it stands in a file."""
    checksum = zlib.crc32(data, zlib.crc32(kind))
    return len(data).to_bytes(4, "big") + kind + data + checksum.to_bytes(4, "big")


END = chunk_of(b"IEND", b"")


def take_apart(data: bytes) -> Png:
    """Find the chunks of a PNG; a wrong checksum or a missing end is told, not refused."""
    chunks: list[Chunk] = []
    damaged = False
    at = len(SIGNATURE)
    cut: bytes | None = None
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        end = at + 8 + length
        if end + 4 > len(data):
            cut = kind
            break
        chunks.append(Chunk(kind, at + 8, end))
        damaged = damaged or _is_damaged(data, chunks[-1])
        if len(chunks) > bounds.MAX_CHUNKS:
            raise BadInput(
                later(
                    "That PNG has more than {most:,} pieces. Save the picture anew.",
                    most=bounds.MAX_CHUNKS,
                )
            )
        if kind == b"IEND":
            break
        at = end + 4
    _check_header(chunks)
    return Png(data, tuple(chunks), cut, (_DAMAGED,) if damaged else ())


def without_cards(png: Png) -> bytes:
    """The file without its end and the chunks of cards and of their assets; all else stays."""
    taken = {
        chunk.start
        for keyword, chunk in png.texts()
        if keyword in CARD_KEYWORDS or keyword.startswith(ASSET_KEYWORD)
    }
    kept = [
        png.data[chunk.whole]
        for chunk in png.chunks
        if chunk.start not in taken and chunk.kind != b"IEND"
    ]
    return SIGNATURE + b"".join(kept)


def content(data: bytes, chunk: Chunk) -> bytes:
    """The text of a text chunk, unpacked up to what a card may have."""
    if chunk.end - chunk.start > _MAX_TEXT:
        bounds.check(chunk.end - chunk.start, _MAX_TEXT, _CARD)
    body = data[chunk.start : chunk.end].partition(b"\0")[2]
    if chunk.kind == b"tEXt":
        return body
    if chunk.kind == b"zTXt":
        return inflate(body[1:])
    packed, rest = body[:1] == b"\1", body[2:]
    text = rest.partition(b"\0")[2].partition(b"\0")[2]
    return inflate(text) if packed else text


def inflate(packed: bytes) -> bytes:
    """Unpack zlib data, as much as a text may hold."""
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(packed, _MAX_TEXT + 1)
    except zlib.error:
        raise BadInput(later("The card in that picture is damaged. Get the file anew.")) from None
    bounds.check(len(text), _MAX_TEXT, _CARD)
    return text


def unpacked(text: bytes) -> bytes:
    """Base64, also with blanks, without its padding or with the letters for addresses."""
    squeezed = b"".join(text.split()).replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=\0")
    try:
        return binascii.a2b_base64(squeezed + b"=" * (-len(squeezed) % 4))
    except binascii.Error:
        raise BadInput(
            later("The card in that picture is damaged (its base64 is broken). Get the file anew.")
        ) from None


def _keyword(data: bytes, chunk: Chunk) -> str:
    start = data[chunk.start : min(chunk.end, chunk.start + _MAX_KEYWORD)].partition(b"\0")[0]
    keyword = start.decode("latin-1")
    return keyword.lower() if keyword.lower() in CARD_KEYWORDS else keyword


def _is_damaged(data: bytes, chunk: Chunk) -> bool:
    given = int.from_bytes(data[chunk.end : chunk.end + 4], "big")
    return zlib.crc32(memoryview(data)[chunk.start - 4 : chunk.end]) != given


def _check_header(chunks: list[Chunk]) -> None:
    if not chunks or chunks[0].kind != b"IHDR" or chunks[0].end - chunks[0].start != 13:
        raise BadInput(later("That PNG is broken at its beginning. Get the file anew."))

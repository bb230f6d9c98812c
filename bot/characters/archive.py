"""A zip archive within bounds: nothing is unpacked that was not measured before.

After PKWARE's APPNOTE.TXT, of which cards need little: stored and deflated files, no encryption, no
archives over 4 GiB. The standard library's reader makes an object for each of a million entries
before anybody could count them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from bot.characters import bounds
from bot.errors import BadInput
from bot.language import later

_END = b"PK\x05\x06"
_ENTRY = b"PK\x01\x02"
_FILE = b"PK\x03\x04"
_END_FORMAT = struct.Struct("<4s4H2LH")
_ENTRY_FORMAT = struct.Struct("<4s6H3L5H2L")
_FILE_FORMAT = struct.Struct("<4s5H3L2H")
_LONGEST_COMMENT = 65_535

_ENCRYPTED = 0x1
_UTF8 = 0x800
_STORED, _DEFLATED = 0, 8
_LINK = 0o120000

_BROKEN = later("That CHARX (zip) file is broken. Get it anew.")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in an archive: its path, and where and how it is packed."""

    path: str
    flags: int
    method: int
    checksum: int
    packed: int
    size: int
    mode: int
    offset: int

    @property
    def is_safe(self) -> bool:
        """Whether this is a plain file below the archive's root."""
        parts = self.path.split("/")
        outside = (
            self.path.startswith("/")
            or self.path.endswith("/")
            or "\\" in self.path
            or ":" in parts[0]
        )
        return not (outside or ".." in parts or "\0" in self.path or self.mode & _LINK == _LINK)


def end_of(data: bytes) -> int:
    """Where the record at an archive's end stands, -1 if there is none."""
    return data.rfind(_END, max(0, len(data) - _LONGEST_COMMENT - _END_FORMAT.size))


def entries(data: bytes) -> dict[str, Entry]:
    """The plain files of an archive by path; too many or too large ones are `BadInput`.

    What is no plain file below the root, such as `../x` or a link, is left out: nothing in a card
    can mean it. Of two files with one path the last one counts, as for other programs.
    """
    end = end_of(data)
    if end < 0 or end + _END_FORMAT.size > len(data):
        raise BadInput(later("That CHARX (zip) file is cut off at its end. Get it anew."))
    _, disk, first_disk, _, count, size, offset, _ = _END_FORMAT.unpack_from(data, end)
    if disk or first_disk or 0xFFFFFFFF in (size, offset) or count == 0xFFFF:
        raise BadInput(
            later("That zip file is of a kind that cards never are. Export the card anew.")
        )
    start = end - size
    if start < offset:
        raise BadInput(_BROKEN)
    _check_number(count)
    # Before the archive there may be a program or a picture, which its offsets do not count.
    found: dict[str, Entry] = {}
    total = 0
    for number, entry in enumerate(_listed(data, start, end, start - offset)):
        _check_number(number + 1)
        total += entry.size
        if total > bounds.MAX_ZIP_TOTAL:
            raise BadInput(
                later(
                    "That CHARX unpacks to more than {most} MiB, too much to read. "
                    "Leave out some of its assets.",
                    most=bounds.MAX_ZIP_TOTAL // bounds.MIB,
                )
            )
        if entry.is_safe:
            found[entry.path] = entry
    return found


def unpack(data: bytes, entry: Entry, most: int) -> bytes:
    """A file's bytes, at most `most`; encrypted, damaged or suspiciously small ones are refused."""
    if entry.flags & _ENCRYPTED:
        raise BadInput(later("That CHARX is encrypted. Export the card without a password."))
    path = entry.path[:60]
    bounds.check(entry.size, most, later("`{path}` in that CHARX", path=path))
    if entry.size > bounds.KIB + entry.packed * bounds.MAX_ZIP_RATIO:
        raise BadInput(
            later(
                "`{path}` in that CHARX is packed more tightly than any real file. "
                "Export the card anew.",
                path=path,
            )
        )
    packed = _packed(data, entry)
    found = packed if entry.method == _STORED else _inflated(packed, entry)
    if len(found) != entry.size or zlib.crc32(found) != entry.checksum:
        raise BadInput(_BROKEN)
    return found


def _check_number(count: int) -> None:
    if count > bounds.MAX_ZIP_ENTRIES:
        raise BadInput(
            later(
                "That CHARX has more than {most:,} files in it, too many to read. "
                "Leave out some of its assets.",
                most=bounds.MAX_ZIP_ENTRIES,
            )
        )


def _listed(data: bytes, start: int, end: int, before: int) -> Iterator[Entry]:
    at = start
    while at + _ENTRY_FORMAT.size <= end:
        record = _ENTRY_FORMAT.unpack_from(data, at)
        mark, _, _, flags, method, _, _, checksum, packed, size, *lengths = record[:13]
        mode, offset = record[15] >> 16, record[16]
        if mark != _ENTRY:
            raise BadInput(_BROKEN)
        at += _ENTRY_FORMAT.size
        name = data[at : at + lengths[0]]
        at += sum(lengths)
        path = name.decode("utf-8" if flags & _UTF8 else "cp437", "replace")
        yield Entry(path, flags, method, checksum, packed, size, mode, before + offset)


def _packed(data: bytes, entry: Entry) -> bytes:
    if entry.offset + _FILE_FORMAT.size > len(data):
        raise BadInput(_BROKEN)
    record = _FILE_FORMAT.unpack_from(data, entry.offset)
    start = entry.offset + _FILE_FORMAT.size + record[9] + record[10]
    if record[0] != _FILE or start + entry.packed > len(data):
        raise BadInput(_BROKEN)
    if entry.method not in (_STORED, _DEFLATED):
        raise BadInput(
            later("That CHARX is packed in an unusual way. Pack it as a plain zip file.")
        )
    return data[start : start + entry.packed]


def _inflated(packed: bytes, entry: Entry) -> bytes:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        return unpacker.decompress(packed, entry.size + 1)
    except zlib.error:
        raise BadInput(_BROKEN) from None

"""The body of an answer, read up to a limit that holds after unpacking."""

from __future__ import annotations

import zlib

import aiohttp

from bot.net.errors import FetchError, TooLarge

PACKED = "gzip"

_GZIP = 31  # zlib's number for the format
# Nobody cuts a page into more parts; each costs a copy of what follows it.
_MOST_MEMBERS = 16


async def read_body(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    """The whole body, unpacked; more than `limit` bytes on either side is `TooLarge`."""
    if (answer.content_length or 0) > limit:
        raise TooLarge(detail=f"{answer.content_length} bytes announced")
    packing = answer.headers.get("Content-Encoding", "identity").strip().lower() or "identity"
    if packing not in ("identity", "gzip", "x-gzip"):
        raise FetchError("The server's answer is packed in an unknown way.", detail=packing[:80])
    sink = _Plain(limit) if packing == "identity" else _Gzip(limit)
    received = 0
    async for chunk in answer.content.iter_any():
        received += len(chunk)
        if received > limit:
            raise TooLarge(detail=f"more than {limit} bytes received")
        sink.feed(chunk)
    return sink.finish()


class _Plain:
    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._out = bytearray()

    def feed(self, data: bytes) -> None:
        self._out += data
        if len(self._out) > self._limit:
            raise TooLarge(detail=f"more than {self._limit} bytes unpacked")

    def finish(self) -> bytes:
        return bytes(self._out)


class _Gzip(_Plain):
    """Unpacks no byte more than the limit, however small the parcel is."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self._member = zlib.decompressobj(_GZIP)
        self._members = 1

    def feed(self, data: bytes) -> None:
        while data:
            if self._member.eof:
                self._next_member()
            try:
                room = self._limit + 1 - len(self._out)
                super().feed(self._member.decompress(data, room))
            except zlib.error as error:
                raise _damaged(str(error)) from None
            data = self._member.unused_data

    def finish(self) -> bytes:
        if not self._member.eof:
            raise _damaged("it ends too early")
        return super().finish()

    def _next_member(self) -> None:
        self._members += 1
        if self._members > _MOST_MEMBERS:
            raise _damaged("too many members")
        self._member = zlib.decompressobj(_GZIP)


def _damaged(detail: str) -> FetchError:
    return FetchError("The server's answer arrived damaged.", detail=f"gzip: {detail}", retry=True)

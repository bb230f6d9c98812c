"""Server-sent events: their lines in a body that comes bit by bit, and what they hold."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from typing import Any, cast

import aiohttp

from bot import json_input
from bot.errors import EngineInterrupted

# How long a chunk waits for others, in seconds. To wake all that stands between a socket and a
# reply costs more than to read a token, and Discord shows no more than an edit a second.
_TOGETHER = 0.1

_BOM = codecs.BOM_UTF8
_DONE = "[DONE]"

# Many times what any event of text needs, in bytes or characters; without a bound, a server that
# never ends a line would fill the memory.
_LONGEST = 32 * 2**20
_TOO_LONG = "an event is longer than 32 MiB; is that a model's server? check ENGINE_URL"


async def gathered(content: aiohttp.StreamReader) -> AsyncGenerator[bytes, None]:
    """Yield a body in few chunks: its beginning and its end at once, else ten times a second."""
    loop = asyncio.get_running_loop()
    more = loop.create_future()

    def go_on() -> None:
        if not more.done():
            more.set_result(None)

    content.on_eof(go_on)
    async for chunk in content.iter_any():
        yield chunk
        if not content.is_eof():
            more = loop.create_future()
            timer = loop.call_later(_TOGETHER, go_on)
            try:
                await more
            finally:
                timer.cancel()
        if broken := content.exception():
            # What came before the break is kept back by aiohttp until the error is taken away.
            content.set_exception(None)  # pyright: ignore[reportArgumentType]
            if rest := content.read_nowait():
                yield rest
            raise broken


async def blocks(chunks: AsyncIterable[bytes]) -> AsyncGenerator[str, None]:
    """Yield the lines of a body, together those that came together; for `EventStream.read`.

    A line ends with LF, CRLF or CR, whatever else looks like an end to `str.splitlines`: servers
    put U+2028, U+2029 and U+0085 into JSON strings as they are. At the end of the body comes an
    empty line, so that an event that was left open ends too. A byte order mark is dropped.
    """
    rest, mark, after_cr = bytearray(), _BOM, False
    async for chunk in chunks:
        # The CR has ended the line already; this is the other half of a CRLF.
        chunk = chunk.removeprefix(b"\n") if after_cr else chunk
        after_cr = chunk.endswith(b"\r")
        if b"\r" in chunk:
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        whole, newline, tail = chunk.rpartition(b"\n")
        if not newline:
            rest += chunk
        else:
            yield (rest + whole).removeprefix(mark).decode("utf-8", "replace")
            rest, mark = bytearray(tail), b""
        if len(rest) > _LONGEST:
            raise EngineInterrupted(detail=_TOO_LONG)
    if rest:
        yield rest.removeprefix(mark).decode("utf-8", "replace")
    yield ""


class EventStream:
    """Makes events of lines, by WHATWG's rules (html.spec.whatwg.org, server-sent events).

    `done` is set by OpenAI's `[DONE]`; what comes behind it means nothing. Each event is a JSON
    object; a line that is one is an event by itself, since some servers forget the empty line
    between two. An error that a server tells by the event's name, or by a field `error` as older
    llama.cpp does, becomes {"error": …} like any other. A body that is no stream but one line of
    JSON, as of servers that cannot stream, is an event.
    """

    def __init__(self) -> None:
        self.done = False
        self._type = ""
        self._open: list[str] = []
        self._size = 0

    def read(self, block: str) -> Iterator[dict[str, Any]]:
        """The events that end in these lines; `EngineInterrupted` for one that is no object."""
        for line in block.split("\n"):
            if self.done:
                return
            if not line:
                if self._open:
                    yield self._event(_object("\n".join(self._open)))
                    self._open.clear()
                self._type, self._size = "", 0
            elif line.startswith("data:"):
                if (event := self._alone(line[5:])) is not None:
                    yield self._event(event)
            elif line.startswith("error:"):
                yield {"error": _object(line[6:])}
            elif line.startswith("{"):
                yield _object(line)
            elif line.startswith("event:"):
                self._type = line[6:].strip()

    def _alone(self, data: str) -> dict[str, Any] | None:
        """The event in a line of data; None if it has none, or only a part of one."""
        if not self._open:
            try:
                event: Any = json_input.loads(data)
            except ValueError:
                pass
            else:
                if isinstance(event, dict):
                    return cast(dict[str, Any], event)
            bare = data.strip()
            self.done = bare == _DONE
            if self.done or not bare:
                return None
        self._open.append(data)
        self._size += len(data)
        if self._size > _LONGEST:
            raise EngineInterrupted(detail=_TOO_LONG)
        return None

    def _event(self, event: dict[str, Any]) -> dict[str, Any]:
        return event if self._type != "error" or "error" in event else {"error": event}


def _object(data: str) -> dict[str, Any]:
    try:
        event: Any = json_input.loads(data)
    except ValueError as error:
        raise EngineInterrupted(detail=f"an event is not JSON: {error}") from error
    if not isinstance(event, dict):
        raise EngineInterrupted(detail="an event is not a JSON object")
    return cast(dict[str, Any], event)

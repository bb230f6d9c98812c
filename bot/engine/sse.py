"""Server-sent events: the lines of a body that comes bit by bit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from typing import Any, cast

import aiohttp

from bot.errors import EngineInterrupted

# How long a chunk waits for others, in seconds. To wake all that stands between a socket and a
# reply costs more than to read a token, and Discord shows no more than an edit a second.
_TOGETHER = 0.1


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
    """Yield the lines of a body, together those that came together; for `lines_of`."""
    rest = b""
    async for chunk in chunks:
        whole, newline, rest = (rest + chunk).rpartition(b"\n")
        if newline:
            yield whole.decode("utf-8", "replace")
    if rest:
        yield rest.decode("utf-8", "replace")


def lines_of(block: str) -> Iterator[str]:
    """The lines of a block, without the empty ones: half of all in a stream.

    Only a newline ends a line. `str.splitlines` (and httpx's `aiter_lines`) would also split at
    U+2028, U+2029 and U+0085, which servers put into JSON strings as they are.
    """
    return filter(None, map(str.strip, block.split("\n")))


def event_in(data: str) -> dict[str, Any]:
    """The JSON object in an event; `EngineInterrupted` if there is something else."""
    try:
        event: Any = json.loads(data)
    except ValueError as error:
        raise EngineInterrupted(detail=f"an event is not JSON: {error}") from error
    if not isinstance(event, dict):
        raise EngineInterrupted(detail="an event is not a JSON object")
    return cast(dict[str, Any], event)

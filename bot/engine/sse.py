"""Lines of a server-sent event stream."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable


async def lines(chunks: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    """Yield the lines of a body, without their ends.

    Only a newline ends a line. `str.splitlines` (and httpx's `aiter_lines`) would also split at
    U+2028, U+2029 and U+0085, which servers put into JSON strings as they are.
    """
    rest = b""
    async for chunk in chunks:
        if b"\n" not in chunk:
            rest += chunk
            continue
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r")
    if rest:
        yield rest

"""Bodies of answers that are no streams: read up to a bound, whatever a server goes on to send."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Any

from bot import json_input
from bot.errors import EngineRefused

# Many times what any answer to a small question needs, and what is worth reading of a refusal.
_LONGEST = 32 * 2**20
_WORDS = 64 * 2**10


async def json_of(chunks: AsyncIterable[bytes]) -> Any:
    """The JSON of a body; ValueError if it is none, `EngineRefused` if it does not end."""
    found = bytearray()
    async for chunk in chunks:
        found += chunk
        if len(found) > _LONGEST:
            raise EngineRefused(detail="an answer longer than 32 MiB; check ENGINE_URL")
    return json_input.loads(found)


async def beginning(chunks: AsyncIterable[bytes]) -> str:
    """The beginning of a body as text, as long as the words of a refusal can be."""
    found = bytearray()
    async for chunk in chunks:
        found += chunk
        if len(found) > _WORDS:
            break
    return found[:_WORDS].decode("utf-8", "replace")

"""The event stream of `/v1/completions`, as all the servers write it that speak it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from typing import Any, Literal, cast

from bot.engine.answer import Finish, Piece, Pieces, together
from bot.engine.faults import from_status, from_text
from bot.engine.sse import event_in, lines_of
from bot.engine.tokens import END_MARKERS
from bot.errors import EngineError, EngineInterrupted


async def pieces_of(body: AsyncIterable[str]) -> AsyncGenerator[Pieces, None]:
    """Turn the events of a stream into text and, after the last one, the finish."""
    events = _Events()
    async for block in body:
        for pieces in together(events.read(block)):
            yield pieces
        if events.over:
            break
    yield [Piece("", events.end())]
    if events.whole:
        async for _ in body:
            # To the very end, or the connection cannot be used again.
            pass


class _Events:
    """Reads the events of a stream. `over` says that the rest of them means nothing.

    `whole` is False if the server goes on behind the end of the model's turn.
    """

    def __init__(self) -> None:
        self.over = False
        self.whole = True
        self._count = 0
        self._ended = False
        self._reason = ""
        self._usage = dict[str, Any]()

    def read(self, block: str) -> Iterator[Piece]:
        for line in lines_of(block):
            if self.over:
                return
            if line.startswith("error:"):
                # Older llama.cpp.
                raise _told(event_in(line[6:]))
            if line.startswith("data:"):
                yield from self._event(line[5:].strip())

    def _event(self, data: str) -> Iterator[Piece]:
        if data == "[DONE]":
            self.over = True
            return
        event = event_in(data)
        if event.get("error") is not None:
            raise _told(event["error"])
        self._usage = _usage(event) or self._usage
        for choice in event.get("choices") or ():
            text: str = choice.get("text") or ""
            self._reason = choice.get("finish_reason") or self._reason
            if text and self._ended:
                # The model closed its turn, but the server does not know this end marker.
                self.over, self.whole = True, False
                return
            self._count += bool(text)
            self._ended = self._ended or text.strip() in END_MARKERS
            if text and not self._ended:
                yield Piece(text)

    def end(self) -> Finish:
        if not self.whole:
            return Finish("stop", self._count)
        if self._reason in ("abort", "error"):
            raise EngineInterrupted(detail=f"finish reason {self._reason!r}")
        if not self._reason and not self._ended:
            raise EngineInterrupted(detail="the body ended without a finish reason")
        cut = self._reason == "length" and not self._ended
        return _finish("length" if cut else "stop", self._usage, self._count)


def _finish(reason: Literal["length", "stop"], usage: dict[str, Any], count: int) -> Finish:
    generated = usage.get("completion_tokens")
    return Finish(
        reason,
        count if generated is None else generated,
        usage.get("prompt_tokens"),
        usage.get("cached_tokens"),
    )


def _usage(event: dict[str, Any]) -> dict[str, Any]:
    """Token counts of an event, if it has any; the cache's from wherever a server puts it."""
    usage: dict[str, Any] = event.get("usage") or {}
    timings: dict[str, Any] = event.get("timings") or {}
    if not usage:
        return {}
    details: dict[str, Any] = usage.get("prompt_tokens_details") or {}
    return {**usage, "cached_tokens": details.get("cached_tokens", timings.get("cache_n"))}


def _told(error: object) -> EngineError:
    """The error for an error event inside of a 200."""
    if not isinstance(error, dict):
        return from_text(str(error))
    error = cast(dict[str, Any], error)
    text = json.dumps({"error": error})
    status = error.get("code") or error.get("http_status_code")
    if isinstance(status, int) and status >= 300:
        return from_status(status, text)
    return from_text(str(error.get("message", text)))

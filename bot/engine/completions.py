"""The event stream of `/v1/completions`, as all the servers write it that speak it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from typing import Any, Literal, cast

from bot.engine import shapes
from bot.engine.answer import Finish, Piece, Pieces, together
from bot.engine.faults import from_status, from_text
from bot.engine.shapes import rows, table, words
from bot.engine.sse import EventStream
from bot.engine.tokens import END_MARKERS
from bot.errors import EngineError, EngineInterrupted, EngineRefused


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
        self._stream = EventStream()

    def read(self, block: str) -> Iterator[Piece]:
        for event in self._stream.read(block):
            yield from self._event(event)
            if self.over:
                return
        self.over = self._stream.done

    def _event(self, event: dict[str, Any]) -> Iterator[Piece]:
        told = event if event.get("object") == "error" else event.get("error")
        if told is not None:
            if self._reason:
                # The text was whole already.
                self.over = True
                return
            error = _told(told)
            if self._count and isinstance(error, EngineRefused):
                # It has taken the request, or there were no text: vLLM says 400 to all that breaks.
                error = EngineInterrupted(detail=error.detail)
            raise error
        self._usage = _usage(event) or self._usage
        for choice in map(table, rows(event.get("choices"))):
            if choice.get("index") not in (None, 0):
                # Another answer to the same prompt, which nobody has asked for.
                continue
            # What comes behind the finish is no part of it.
            text = "" if self._reason else words(choice.get("text"))
            self._reason = words(choice.get("finish_reason")) or self._reason
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
        # Some servers name no reason, but say that this was all.
        told = self._ended or (self._stream.done and self._count)
        if not self._reason and not told:
            raise EngineInterrupted(detail="the body ended without a finish reason")
        cut = self._reason == "length" and not self._ended
        return _finish("length" if cut else "stop", self._usage, self._count)


def _finish(reason: Literal["length", "stop"], usage: dict[str, Any], count: int) -> Finish:
    generated = shapes.count(usage.get("completion_tokens"))
    return Finish(
        reason,
        count if generated is None else generated,
        shapes.count(usage.get("prompt_tokens")),
        shapes.count(usage.get("cached_tokens")),
    )


def _usage(event: dict[str, Any]) -> dict[str, Any]:
    """Token counts of an event, if it has any; the cache's from wherever a server puts it."""
    usage = table(event.get("usage"))
    if not usage:
        return {}
    timings = table(event.get("timings"))
    details = table(usage.get("prompt_tokens_details"))
    return {**usage, "cached_tokens": details.get("cached_tokens", timings.get("cache_n"))}


def _told(error: object) -> EngineError:
    """The error for an error event inside of a 200."""
    if not isinstance(error, dict):
        return from_text(str(error))
    error = cast(dict[str, Any], error)
    text = json.dumps({"error": error})
    status = _status(error.get("code")) or _status(error.get("http_status_code"))
    if status is not None:
        return from_status(status, text)
    # Some tell only by a code what it is, such as "rate_limit_exceeded".
    said = " ".join(str(error[key]) for key in ("message", "code") if error.get(key))
    return from_text(said or text)


def _status(code: object) -> int | None:
    """An HTTP status; None for other codes, such as OpenAI's "rate_limit_exceeded"."""
    number = int(code) if isinstance(code, str) and code.isdecimal() else shapes.count(code)
    return number if number is not None and 300 <= number < 600 else None

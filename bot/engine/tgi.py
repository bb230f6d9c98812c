"""Text Generation Inference, spoken to through huggingface_hub's `AsyncInferenceClient`."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterable, Iterator, Sequence
from contextlib import aclosing
from typing import Any, cast

import httpx2
from huggingface_hub.errors import HfHubHTTPError, InferenceTimeoutError

from bot import tracing
from bot.conversation.ports import End, EngineInfo, Generation, Sampling, Text
from bot.engine import shapes
from bot.engine.answer import Finish, Piece, Pieces, answer, together
from bot.engine.bodies import json_of
from bot.engine.faults import from_text, hush, lost, named, shorten
from bot.engine.hub import Hub
from bot.engine.limits import Limits
from bot.engine.shapes import table, words
from bot.engine.sse import EventStream
from bot.engine.tokens import END_MARKERS, count_without_bos, ids_of, plain_prompt
from bot.errors import (
    EngineBusy,
    EngineError,
    EngineInterrupted,
    EngineRefused,
    EngineTimeout,
    EngineUnreachable,
)

log = logging.getLogger(__name__)

# TGI reserves room for all tokens of a call in advance, and runs more than this in hidden chunks
# that overshoot.
_PER_CALL = 1024
_DEFAULT_STOPS = 4
_TOO_MANY_STOPS = re.compile(r"`stop` supports up to (\d+) stop sequences")


class TgiEngine:
    """An `Engine` on TGI's native `/generate_stream`: raw prompt in, token events out."""

    def __init__(
        self, base: str, *, api_key: str | None = None, limits: Limits | None = None
    ) -> None:
        """Take the server's address without a path of its own, as `http://host:port`."""
        self._limits = limits or Limits()
        self._api_key = api_key
        self._hub = Hub(base.rstrip("/"), api_key, self._limits)
        self._base = base.rstrip("/")
        self._max_stops = _DEFAULT_STOPS
        self._can_tokenize = True

    async def stream(self, request: Generation) -> AsyncGenerator[Text | End, None]:
        """See `Engine.stream`."""

        def call(prompt: str, max_tokens: int) -> AsyncGenerator[Pieces, None]:
            return self._generate(request, prompt, max_tokens)

        async with aclosing(answer(request, call, self._limits, _PER_CALL)) as parts:
            async for part in parts:
                yield part

    async def count_tokens(self, text: str) -> int | None:
        """See `Engine.count_tokens`."""
        if not text:
            return 0
        tokens = await self._tokens(text)
        return None if tokens is None else count_without_bos(tokens)

    async def tokenize(self, prompt: str) -> Sequence[int] | None:
        """See `Tokenizer.tokenize`; /tokenize takes the same way as /generate."""
        tokens = await self._tokens(plain_prompt(prompt))
        return None if tokens is None else ids_of(tokens)

    async def _tokens(self, text: str) -> list[object] | None:
        if not self._can_tokenize:
            return None
        try:
            tokens = await self._ask("POST", "/tokenize", {"inputs": text})
        except EngineRefused as error:
            log.info("this engine cannot count tokens: %s", error.detail)
            tokens = None
        self._can_tokenize = isinstance(tokens, list)
        return shapes.rows(tokens) if self._can_tokenize else None

    async def describe(self) -> EngineInfo:
        """See `Engine.describe`."""
        info = await self._ask("GET", "/info")
        if not isinstance(info, dict):
            raise EngineRefused(detail="/info is not TGI's; check ENGINE_URL")
        info = cast(dict[str, Any], info)
        # Another server may be there now, or the same one behind another proxy.
        self._can_tokenize = True
        # None at all is what TGI's llama.cpp backend takes.
        stops = shapes.count(info.get("max_stop_sequences"))
        self._max_stops = _DEFAULT_STOPS if stops is None else stops
        return EngineInfo(
            kind="tgi",
            model=shapes.name(info.get("model_id")),
            context=_number(info, "max_total_tokens"),
            # The second is its name until TGI 3.
            max_prompt=_number(info, "max_input_tokens") or _number(info, "max_input_length"),
            forces_schema=True,
            slots=_number(info, "max_concurrent_requests"),
            max_stops=self._max_stops,
        )

    async def aclose(self) -> None:
        """See `Engine.aclose`."""
        await self._hub.aclose()

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> object:
        try:
            async with asyncio.timeout(self._limits.question):
                http = await self._hub.http()
                async with http.stream(method, self._base + path, json=body) as response:
                    return await json_of(response.aiter_raw())
        except TimeoutError:
            raise EngineTimeout(detail=f"{path}: no answer") from None
        except httpx2.HTTPError as error:
            raise lost(error) from error
        except ValueError as error:
            raise EngineRefused(detail=f"{path} is not JSON; check ENGINE_URL") from error

    async def _generate(
        self, request: Generation, prompt: str, max_tokens: int
    ) -> AsyncGenerator[Pieces, None]:
        """Make one request; a server that takes fewer stop strings is asked anew with fewer."""
        while True:
            stops = request.engine_stops[: self._max_stops]
            parameters = _parameters(request, stops, max_tokens)
            try:
                async with aclosing(self._events(request.session, prompt, parameters)) as pieces:
                    async for some in pieces:
                        yield some
                return
            except EngineRefused as error:
                found = _TOO_MANY_STOPS.search(error.detail)
                if found is None or int(found[1]) >= len(stops):
                    raise
                self._max_stops = int(found[1])

    async def _events(
        self, session: str, prompt: str, parameters: dict[str, Any]
    ) -> AsyncGenerator[Pieces, None]:
        headers = tracing.context_headers()
        if session:
            headers["x-session-id"] = session
        body = {"inputs": prompt, "parameters": parameters, "stream": True}
        connected = False
        try:
            async with await self._hub.inference("/generate_stream", headers) as client:
                blocks = await client.blocks(body)
                connected = True
                async with aclosing(_pieces(blocks, parameters["max_new_tokens"])) as pieces:
                    async for some in pieces:
                        yield some
        except EngineError as error:
            hush(error, self._api_key)
            raise
        except (InferenceTimeoutError, httpx2.TimeoutException) as error:
            raise EngineUnreachable(detail=named(error)) from error
        except (HfHubHTTPError, httpx2.HTTPError, httpx2.StreamError) as error:
            if connected:
                raise EngineInterrupted(detail=named(error)) from error
            raise lost(error) from error


def _number(info: dict[str, Any], name: str) -> int | None:
    """A number above 0 that a server tells of itself; None if it does not."""
    return shapes.count(info.get(name)) or None


def _parameters(request: Generation, stops: Sequence[str], max_tokens: int) -> dict[str, Any]:
    """The request's parameters as TGI takes them; what it would refuse is left out."""
    parameters: dict[str, Any] = {
        "details": True,
        "return_full_text": False,
        "max_new_tokens": max_tokens,
        **_sampling(request.sampling),
    }
    if stops:
        parameters["stop"] = list(stops)
    if request.schema is not None and "properties" in request.schema:
        parameters["grammar"] = {"type": "json", "value": request.schema}
    return parameters


def _sampling(wanted: Sampling) -> dict[str, Any]:
    parameters: dict[str, Any] = {"do_sample": wanted.temperature > 0}
    if wanted.temperature > 0:
        parameters["temperature"] = wanted.temperature
        if wanted.top_p is not None and 0 < wanted.top_p < 1:
            parameters["top_p"] = wanted.top_p
        if wanted.top_k is not None and wanted.top_k > 0:
            parameters["top_k"] = wanted.top_k
        if wanted.seed is not None:
            parameters["seed"] = wanted.seed
    if wanted.repetition_penalty is not None and wanted.repetition_penalty > 0:
        parameters["repetition_penalty"] = wanted.repetition_penalty
    return parameters


async def _pieces(blocks: AsyncIterable[str], most: int) -> AsyncGenerator[Pieces, None]:
    """Turn token events into text and the finish; `most` tokens were asked for."""
    tokens = _Tokens(most)
    async for block in blocks:
        for pieces in together(tokens.read(block)):
            yield pieces
        if tokens.over:
            return
    if finish := tokens.end():
        yield [Piece("", finish)]


class _Tokens:
    """Reads token events. `over` says that the rest of them means nothing.

    The text is made of tokens, since `generated_text` lacks special ones such as <tool_call>. A
    server that goes on behind the `most` tokens that were asked for is cut off there.
    """

    def __init__(self, most: int) -> None:
        self.over = False
        self._most = most
        self._count = 0
        self._ended = self._finished = False
        self._stream = EventStream()

    def read(self, block: str) -> Iterator[Piece]:
        for event in self._stream.read(block):
            if event.get("error") is not None:
                raise _told(event)
            token = event.get("token")
            if token is None and (finish := _finish(event, self._count, ended=False)):
                self._finished = True
                yield Piece("", finish)
                continue
            if not isinstance(token, dict):
                raise EngineRefused(detail="events without tokens: is that a TGI? check ENGINE_URL")
            if self._ended:
                # The model closed its turn, but the server does not know this end marker.
                self.over = True
                yield Piece("", Finish("stop", self._count))
                return
            if self._count == self._most and not self._finished:
                self.over = True
                yield Piece("", Finish("length", self._count))
                return
            yield self._piece(cast(dict[str, Any], token), event)

    def _piece(self, token: dict[str, Any], event: dict[str, Any]) -> Piece:
        self._count += 1
        text = words(token.get("text"))
        ended = bool(token.get("special")) and text.strip() in END_MARKERS
        finish = _finish(event, self._count, ended)
        self._finished = self._finished or finish is not None
        self._ended = ended and not self._finished
        return Piece("" if ended else text, finish)

    def end(self) -> Finish | None:
        """The events are over; returns the finish if none of them told it."""
        if self._ended:
            return Finish("stop", self._count)
        if not self._finished:
            raise EngineInterrupted(detail="the body ended without a finish reason")
        return None


def _finish(event: dict[str, Any], count: int, ended: bool) -> Finish | None:
    """How it ended, if this is the last event: it has the whole text, and details if they work."""
    details = table(event.get("details"))
    if not details and event.get("generated_text") is None:
        return None
    # An end marker as the very last token that was allowed is reported as "length".
    reason = "length" if details.get("finish_reason") == "length" and not ended else "stop"
    generated = shapes.count(details.get("generated_tokens"))
    return Finish(
        reason,
        count if generated is None else generated,
        shapes.count(details.get("input_length")),
        shapes.count(details.get("cached_tokens")),
    )


def _told(event: dict[str, Any]) -> EngineError:
    """The error for an error event inside of a 200."""
    kind, text = str(event.get("error_type")), str(event["error"])
    if kind == "overloaded":
        return EngineBusy(detail=shorten(text))
    if kind == "validation":
        return from_text(text)
    return EngineInterrupted(detail=shorten(f"{kind}: {text}"))

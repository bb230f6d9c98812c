"""A TGI for crowds.

The wire format is TGI's `/generate_stream`. Every request gets the same text; its events are
encoded once, so that a few hundred streams cost this process little.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from aiohttp import web

from benchmarks.serving import Serving, events, told
from tests.stand_ins.tgi import tokenize

_CONTEXT = 8_192
_PROMPT_TOKENS = 100


@dataclass
class Request:
    """One request for text; times are `time.monotonic`."""

    prompt: str
    arrived: float
    first_token: float = 0.0
    last_token: float = 0.0
    left_early: bool = False


class BatchEngine:
    """Streams `text` to everyone at `rate` tokens a second, `ttft` seconds after the request."""

    def __init__(self, text: str, rate: float, ttft: float) -> None:
        self._events = events(tokenize(text), _PROMPT_TOKENS)
        self._rate, self._ttft = rate, ttft
        self.requests: list[Request] = []
        self._serving = Serving(generate=self._generate, tokenize=self._tokenize, info=self._info)

    async def __aenter__(self) -> Self:
        await self._serving.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._serving.stop()

    @property
    def url(self) -> str:
        return self._serving.url

    @property
    def last(self) -> Request:
        return self.requests[-1]

    async def _generate(self, http: web.Request) -> web.StreamResponse:
        arrived = time.monotonic()
        body = await http.json()
        request = Request(body["inputs"], arrived)
        self.requests.append(request)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        response.enable_chunked_encoding()
        await response.prepare(http)
        with suppress(ConnectionError):
            await self._stream(response, request)
            await response.write_eof()
        return response

    async def _stream(self, response: web.StreamResponse, request: Request) -> None:
        loop_time = asyncio.get_running_loop().time
        begun = loop_time() + self._ttft
        for index, event in enumerate(self._events):
            await asyncio.sleep(max(0.0, begun + index / self._rate - loop_time()))
            await response.write(event)
            request.last_token = time.monotonic()
            request.first_token = request.first_token or request.last_token

    async def _tokenize(self, http: web.Request) -> web.Response:
        tokens = ["", *tokenize((await http.json())["inputs"])]
        found = [{"id": n, "text": token, "start": 0, "stop": 0} for n, token in enumerate(tokens)]
        return web.json_response(found)

    async def _info(self, _: web.Request) -> web.Response:
        return told(_CONTEXT)

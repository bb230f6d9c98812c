"""A TGI for crowds.

The wire format is TGI's `/generate_stream`. Every request gets the same text; its events are
encoded once, so that a few hundred streams cost this process little.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

from tests.stand_ins.tgi import tokenize


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
        self._events = _events([*tokenize(text), "<|im_end|>"])
        self._rate, self._ttft = rate, ttft
        self.requests: list[Request] = []
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2**24)
        app.router.add_post("/generate_stream", self._generate)
        app.router.add_post("/", self._generate)
        app.router.add_post("/tokenize", self._tokenize)
        app.router.add_get("/info", self._info)
        app.router.add_get("/health", self._info)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, backlog=2_048).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

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
        about = {"model_id": "NousResearch/Hermes-2-Pro-Llama-3-8B", "version": "3.3.6-dev0"}
        limits = {"max_input_tokens": 8_191, "max_total_tokens": 8_192, "max_stop_sequences": 4}
        return web.json_response(about | limits | {"max_concurrent_requests": 1_024})


def _events(tokens: list[str]) -> list[bytes]:
    return [_event(index, tokens) for index in range(1, len(tokens) + 1)]


def _event(index: int, tokens: list[str]) -> bytes:
    is_last = index == len(tokens)
    token = {"id": index, "text": tokens[index - 1], "logprob": -0.1, "special": is_last}
    event: dict[str, Any] = {"index": index, "token": token, "generated_text": None}
    event["details"] = None
    if is_last:
        details = {"finish_reason": "eos_token", "generated_tokens": index, "seed": None}
        event["generated_text"] = "".join(tokens[:-1])
        event["details"] = details | {"input_length": 100}
    return f"data:{json.dumps(event, separators=(',', ':'))}\n\n".encode()

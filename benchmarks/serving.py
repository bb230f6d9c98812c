"""What the engines of the benchmarks share: TGI's routes on a loopback port, and its events."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MODEL = "NousResearch/Hermes-2-Pro-Llama-3-8B"


class Serving:
    """A server with TGI's routes; what is answered there is another's business."""

    def __init__(self, *, generate: Handler, tokenize: Handler, info: Handler) -> None:
        self._generate, self._tokenize, self._info = generate, tokenize, info
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Listen, on the same port each time."""
        app = web.Application(client_max_size=2**24)
        app.router.add_post("/generate_stream", self._generate)
        app.router.add_post("/", self._generate)
        app.router.add_post("/tokenize", self._tokenize)
        app.router.add_get("/info", self._info)
        app.router.add_get("/health", self._info)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True, backlog=2_048)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close all connections; from now on they are refused."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()


def told(context: int) -> web.Response:
    """What TGI says of itself, with so many tokens of context."""
    about = {"model_id": MODEL, "version": "3.3.6-dev0"}
    limits = {"max_input_tokens": context - 1, "max_total_tokens": context}
    most = {"max_stop_sequences": 4, "max_concurrent_requests": 1_024}
    return web.json_response(about | limits | most)


def events(words: Sequence[str], prompt_tokens: int) -> list[bytes]:
    """TGI's events for an answer; the last one closes the model's turn."""
    tokens = [*words, "<|im_end|>"]
    return [_event(index, tokens, prompt_tokens) for index in range(1, len(tokens) + 1)]


def _event(index: int, tokens: Sequence[str], prompt_tokens: int) -> bytes:
    is_last = index == len(tokens)
    token = {"id": index, "text": tokens[index - 1], "logprob": -0.1, "special": is_last}
    event: dict[str, Any] = {"index": index, "token": token, "generated_text": None}
    event["details"] = None
    if is_last:
        details = {"finish_reason": "eos_token", "generated_tokens": index, "seed": None}
        event["generated_text"] = "".join(tokens[:-1])
        event["details"] = details | {"input_length": prompt_tokens}
    return f"data:{json.dumps(event, separators=(',', ':'))}\n\n".encode()

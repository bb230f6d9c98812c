"""A server with /v1/completions that answers as vLLM, SGLang or llama.cpp would."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class OpenAIStandIn:
    """`lines` are sent as they are, each followed by an empty line; or `status` and `body`.

    `models` is what /v1/models lists, `tokens` what /tokenize answers (None: it has no such
    route), `props` llama.cpp's /props, `front` its page for browsers. With `strict`, another model
    than those is a 404. `requests` are the bodies of all requests, by path.
    """

    lines: Sequence[str] = ()
    models: list[dict[str, Any]] = field(
        default_factory=lambda: [{"id": "hermes", "owned_by": "vllm", "max_model_len": 4096}]
    )
    status: int = 200
    body: str = ""
    tokens: Any = None
    props: Any = None
    front: str | None = None
    between: float = 0.0
    strict: bool = False
    requests: list[tuple[str, Any, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    async def __aenter__(self) -> OpenAIStandIn:
        app = web.Application(middlewares=[self._note])
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/completions", self._complete)
        app.router.add_post("/tokenize", self._tokenize)
        app.router.add_get("/props", self._props)
        app.router.add_get("/", self._front)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._runner.cleanup()

    @property
    def completions(self) -> list[dict[str, Any]]:
        return [body for path, body, _ in self.requests if path == "/v1/completions"]

    @web.middleware
    async def _note(self, request: web.Request, handler: Any) -> web.StreamResponse:
        body = await request.json() if request.can_read_body else None
        self.requests.append((request.path, body, dict(request.headers)))
        return await handler(request)

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": self.models})

    async def _tokenize(self, request: web.Request) -> web.Response:
        return web.Response(status=404) if self.tokens is None else web.json_response(self.tokens)

    async def _props(self, request: web.Request) -> web.Response:
        return web.Response(status=404) if self.props is None else web.json_response(self.props)

    async def _front(self, request: web.Request) -> web.Response:
        return web.Response(status=404) if self.front is None else web.Response(text=self.front)

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        if self.status != 200:
            kind = "application/json" if self.body.startswith("{") else "text/html"
            return web.Response(status=self.status, text=self.body, content_type=kind)
        wanted = (await request.json()).get("model")
        if self.strict and wanted not in [model["id"] for model in self.models]:
            return web.json_response(
                {"message": f"The model `{wanted}` does not exist."}, status=404
            )
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for line in self.lines:
            await response.write(f"{line}\n\n".encode())
            if self.between:
                await asyncio.sleep(self.between)
        await response.write_eof()
        return response


def event(text: str = "", reason: str | None = None, **more: Any) -> str:
    """One event of a completion's stream."""
    choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": reason}
    return "data: " + json.dumps({"choices": [choice], **more}, ensure_ascii=False)


def usage(prompt: int, generated: int, cached: int | None = None) -> str:
    """The event with the counts, which has no choices."""
    details = None if cached is None else {"cached_tokens": cached}
    counts = {"prompt_tokens": prompt, "completion_tokens": generated}
    return "data: " + json.dumps(
        {"choices": [], "usage": {**counts, "prompt_tokens_details": details}}
    )


DONE = "data: [DONE]"

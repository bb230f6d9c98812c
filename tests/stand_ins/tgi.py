"""A Text Generation Inference that says what it is told to say, and fails as it is told to fail.

It speaks TGI 3.3's wire format, as its source has it (v3.3.7), over real sockets. In a
test: `async with TgiStandIn("Hello there!") as tgi: tgi.url`. For a benchmark, in a process of
its own: `python -m tests.stand_ins.tgi --tokens-per-second 50 --ttft 0.05`; it prints its URL.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import socket
import struct
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web

EOS = "<|im_end|>"
DEFAULT_TEXT = "Well met, traveller! The tavern is warm, and the soup is hot."
_CHUNK = 1024

_TOKENS = re.compile(r"<\|[a-z_]+\|>|</?tool_(?:call|response)>| ?\w+|\s+|.", re.DOTALL)
_SPECIAL = re.compile(r"<\|[a-z_]+\|>|</?tool_(?:call|response)>")

Say = str | Sequence[str]


def tokenize(text: str) -> list[str]:
    """Split a text into tokens; joined, they are the text again. Control tokens stay whole."""
    return _TOKENS.findall(text)


@dataclass(frozen=True)
class Fault:
    """What goes wrong, from which token on, how often (`times` < 0: always), after `skip` requests.

    overloaded: TGI's own refusal · error: an error event (`error_type`, `text`) · fin, rst: the
    connection dies · end: the body ends properly but too early · hang: silence, but for
    keep-alive comments · status: a proxy's answer (`status`, `text`, `headers`) · slow: no headers
    for `seconds` · raw: `text` is written as it is.
    """

    kind: Literal["overloaded", "error", "fin", "rst", "end", "hang", "status", "slow", "raw"]
    after: int = 0
    times: int = -1
    skip: int = 0
    status: int = 503
    text: str = ""
    error_type: str = "generation"
    seconds: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Seen:
    """One request as the server saw it: header names in lower case, times as time.monotonic()."""

    path: str
    headers: dict[str, str]
    body: Any
    peer: int
    arrived: float
    first_token: float | None = None
    last_token: float | None = None
    tokens: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    left_early: bool = False
    left_at: float | None = None
    done: bool = False

    @property
    def parameters(self) -> dict[str, Any]:
        return self.body.get("parameters", {})


class _Node:
    __slots__ = ("children", "key", "parent", "used")

    def __init__(self, key: str = "", parent: _Node | None = None) -> None:
        self.key, self.parent, self.used = key, parent, 0
        self.children: dict[str, _Node] = {}


class PrefixCache:
    """TGI's radix tree in small: prompts only, inserted when a request ends, oldest leaf out."""

    def __init__(self, capacity: int) -> None:
        self.capacity, self.size, self._clock = capacity, 0, 0
        self._root = _Node()

    def match(self, tokens: Sequence[str]) -> int:
        node, length = self._root, 0
        self._clock += 1
        for token in tokens:
            found = node.children.get(token)
            if found is None:
                break
            node, length = found, length + 1
            node.used = self._clock
        return length

    def insert(self, tokens: Sequence[str]) -> None:
        self._clock += 1
        node = self._root
        for token in tokens:
            found = node.children.get(token)
            if found is None:
                found = node.children[token] = _Node(token, node)
                self.size += 1
            node = found
            node.used = self._clock
        while self.size > self.capacity:
            self._evict()

    def _evict(self) -> None:
        leaves, stack = [], [self._root]
        while stack:
            node = stack.pop()
            stack.extend(node.children.values())
            if not node.children and node.parent is not None:
                leaves.append(node)
        node = min(leaves, key=lambda leaf: leaf.used)
        # The whole branch that belongs to nobody else goes.
        while (parent := node.parent) is not None and not node.children:
            del parent.children[node.key]
            self.size -= 1
            node = parent
            if self.size <= self.capacity and node.used == self._clock:
                break


class Refusal(Exception):
    """An error that TGI reports: `error_type` and text."""

    def __init__(self, error_type: str, text: str) -> None:
        super().__init__(text)
        self.body = {"error": text, "error_type": error_type}
        self.status = {"validation": 422, "overloaded": 429, "generation": 424}.get(error_type, 500)


class TgiStandIn:
    """The server. `reply` is a text, its tokens, or a function of the prompt that gives either.

    Every attribute may be changed while it runs: `reply`, `fault`, `tokens_per_second` (0: as
    fast as possible), `ttft` (seconds before the first token), `prefill` (prompt tokens per
    second beyond the cached ones; 0: no time), `silent` (paths that are heard but not answered
    until they are none of these any more), `broken` (paths that are answered with HTTP 500),
    `gate` (unless None, requests wait there for its opening before their first token).
    `requests` is what it was asked.
    """

    def __init__(
        self,
        reply: Say | Callable[[str], Say] = DEFAULT_TEXT,
        *,
        tokens_per_second: float = 0.0,
        ttft: float = 0.0,
        prefill: float = 0.0,
        max_concurrent_requests: int = 128,
        max_input_tokens: int = 8191,
        max_total_tokens: int = 8192,
        max_stop_sequences: int = 4,
        model_id: str = "NousResearch/Hermes-2-Pro-Llama-3-8B",
        api_key: str | None = None,
        fault: Fault | None = None,
        keep_alive: float = 15.0,
        cache_tokens: int = 100_000,
        tokenize_route: bool = True,
        port: int = 0,
    ) -> None:
        self.reply = reply
        self.tokens_per_second, self.ttft, self.prefill = tokens_per_second, ttft, prefill
        self.max_concurrent_requests = max_concurrent_requests
        self.max_input_tokens, self.max_total_tokens = max_input_tokens, max_total_tokens
        self.max_stop_sequences = max_stop_sequences
        self.model_id, self.api_key = model_id, api_key
        self.keep_alive = keep_alive
        self.cache = PrefixCache(cache_tokens)
        self.silent: frozenset[str] = frozenset()
        self.broken: frozenset[str] = frozenset()
        self.gate: asyncio.Event | None = None
        self.requests: list[Seen] = []
        self.running = self.most_running = 0
        self.prompt_tokens = self.cached_tokens = self.generated_tokens = 0
        self.port = port
        self.fault = fault
        self._tokenize_route = tokenize_route
        # prompt + text of answers that were cut by length -> the tokens that are still to come
        self._cut: dict[str, list[str]] = {}
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def fault(self) -> Fault | None:
        return self._fault

    @fault.setter
    def fault(self, fault: Fault | None) -> None:
        self._fault = fault
        self._spared, self._faulty = (fault.skip, fault.times) if fault else (0, 0)

    @property
    def generations(self) -> list[Seen]:
        """The requests for text alone."""
        return [seen for seen in self.requests if seen.path in _GENERATE]

    @property
    def connections(self) -> int:
        """How many TCP connections the requests for text came over."""
        return len({seen.peer for seen in self.generations})

    async def __aenter__(self) -> TgiStandIn:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; after `stop` on the same port again."""
        app = web.Application(client_max_size=2_000_000, middlewares=[self._answered])
        for path in ("/", "/generate", "/generate_stream", "/v1/completions"):
            app.router.add_post(path, self._generate)
        app.router.add_get("/info", self._info)
        app.router.add_get("/health", self._health)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/metrics", self._metrics)
        if self._tokenize_route:
            app.router.add_post("/tokenize", self._tokenize)
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port, reuse_address=True, backlog=4096)
        await site.start()
        self.port = runner.addresses[0][1]
        self._runner = runner

    async def stop(self) -> None:
        """Close; from now on connections are refused."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    @web.middleware
    async def _answered(self, request: web.Request, handler: Any) -> web.StreamResponse:
        while request.path in self.silent:  # noqa: ASYNC110 - a test's setting has no event
            await asyncio.sleep(0.02)
        if request.path in self.broken:
            self._note(request, None)
            return web.Response(status=500, text="Internal Server Error")
        return await handler(request)

    # Questions

    async def _info(self, request: web.Request) -> web.Response:
        self._note(request, None)
        return web.json_response(
            {
                "model_id": self.model_id,
                "model_sha": "0" * 40,
                "model_pipeline_tag": "text-generation",
                "max_concurrent_requests": self.max_concurrent_requests,
                "max_best_of": 2,
                "max_stop_sequences": self.max_stop_sequences,
                "max_input_tokens": self.max_input_tokens,
                "max_total_tokens": self.max_total_tokens,
                "validation_workers": 2,
                "max_client_batch_size": 4,
                "router": "text-generation-router",
                "version": "3.3.6-dev0",
                "sha": "1" * 40,
                "docker_label": "sha-stand-in",
            }
        )

    async def _health(self, request: web.Request) -> web.Response:
        return web.Response()

    async def _models(self, request: web.Request) -> web.Response:
        self._note(request, None)
        model = {"id": self.model_id, "object": "model", "created": 0, "owned_by": self.model_id}
        return web.json_response({"object": "list", "data": [model]})

    async def _metrics(self, request: web.Request) -> web.Response:
        counts = {
            "tgi_request_count": len(self.generations),
            "tgi_batch_current_size": self.running,
            "standin_prompt_tokens_total": self.prompt_tokens,
            "standin_cached_tokens_total": self.cached_tokens,
            "standin_generated_tokens_total": self.generated_tokens,
            "standin_most_running": self.most_running,
        }
        return web.Response(text="".join(f"{name} {n}\n" for name, n in counts.items()))

    async def _tokenize(self, request: web.Request) -> web.Response:
        body = await request.json()
        self._note(request, body)
        if not self._authorised(request):
            return web.Response(status=401)
        if (wrong := _wrong_type(body)) is not None:
            return web.Response(status=422, text=wrong)
        found, at = [{"id": 128000, "text": "", "start": 0, "stop": 0}], 0
        for token in tokenize(body["inputs"]):
            end = at + len(token.encode())
            found.append({"id": _id(token), "text": token, "start": at, "stop": end})
            at = end
        return web.json_response(found)

    # Text

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        try:
            body = json.loads(text)
        except ValueError:
            return web.Response(status=400, text="Failed to parse the request body as JSON")
        seen = self._note(request, body)
        try:
            return await self._answer(request, seen)
        except asyncio.CancelledError:
            seen.left_early, seen.left_at = True, time.monotonic()
            raise
        except ConnectionError:
            seen.left_early, seen.left_at = True, time.monotonic()
            return web.Response()

    async def _answer(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        fault = self._due()
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        if fault is not None and fault.kind == "status":
            kind = "application/json" if fault.text.startswith("{") else "text/html"
            return web.Response(
                status=fault.status, text=fault.text, content_type=kind, headers=fault.headers
            )
        if not self._authorised(request):
            return web.Response(status=401)
        if (wrong := _wrong_type(seen.body)) is not None:
            return web.Response(status=422, text=wrong)
        if seen.path == "/generate" or (seen.path == "/" and not seen.body.get("stream")):
            return await self._whole(seen, fault)
        return await self._stream(request, seen, fault)

    async def _whole(self, seen: Seen, fault: Fault | None) -> web.Response:
        try:
            events = [event async for event in self._events(seen, fault)]
        except Refusal as refusal:
            return web.json_response(refusal.body, status=refusal.status)
        last = events[-1]
        found: dict[str, Any] = {"generated_text": last["generated_text"]}
        if seen.parameters.get("details"):
            found["details"] = {
                **last["details"],
                "prefill": [],
                "tokens": [event["token"] for event in events],
            }
        return web.json_response(found)

    async def _stream(
        self, request: web.Request, seen: Seen, fault: Fault | None
    ) -> web.StreamResponse:
        openai = seen.path == "/v1/completions"
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-cache",
                "X-Accel-Buffering": "no",
                "X-Compute-Type": "gpu+optimized",
            }
        )
        response.enable_chunked_encoding()
        await response.prepare(request)
        send = _Sender(response, self.keep_alive)
        try:
            async for event in self._events(seen, fault):
                if "fault" in event:
                    return await self._break(event["fault"], request, send)
                await send.data(_completion(event, self.model_id) if openai else event)
            if openai:
                if (seen.body.get("stream_options") or {}).get("include_usage"):
                    await send.data(_usage(seen, self.model_id))
                await send.raw("data: [DONE]\n\n")
        except Refusal as refusal:
            inner = {"message": refusal.body["error"], "http_status_code": 422}
            await send.data({"error": inner} if openai else refusal.body)
            if openai:
                await send.raw("data: [DONE]\n\n")
        finally:
            send.close()
        await response.write_eof()
        return response

    async def _break(self, fault: Fault, request: web.Request, send: _Sender) -> web.StreamResponse:
        transport = request.transport
        if fault.kind == "raw":
            await send.raw(fault.text)
        if fault.kind == "hang":
            await asyncio.sleep(3600)
        if fault.kind in ("fin", "rst") and transport is not None:
            # Let what was written reach the client first.
            await asyncio.sleep(0.02)
            if fault.kind == "rst":
                sock = transport.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                transport.abort()
            else:
                transport.close()
            return send.response
        await send.response.write_eof()
        return send.response

    async def _events(
        self, seen: Seen, fault: Fault | None
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Generate: one event for each token, or {"fault": ...} where a fault strikes."""
        if fault is not None and fault.kind == "overloaded":
            raise Refusal("overloaded", "Model is overloaded")
        if self.running >= self.max_concurrent_requests:
            raise Refusal("overloaded", "Model is overloaded")
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        prompt = [] if seen.body.get("inputs") is None else tokenize(seen.body["inputs"])
        if "prompt" in seen.body:
            prompt = tokenize(seen.body["prompt"])
        try:
            ask = self._validate(seen, prompt)
            await self._prefill(seen, prompt)
            async for event in self._tokens(seen, ask, fault):
                yield event
        finally:
            self.running -= 1
            self.cache.insert(prompt)

    async def _prefill(self, seen: Seen, prompt: list[str]) -> None:
        seen.prompt_tokens = len(prompt) + 1
        cached = self.cache.match(prompt)
        seen.cached_tokens = cached + 1 if cached else 0
        self.prompt_tokens += seen.prompt_tokens
        self.cached_tokens += seen.cached_tokens
        wait = self.ttft
        if self.prefill:
            wait += (seen.prompt_tokens - seen.cached_tokens) / self.prefill
        if wait:
            await asyncio.sleep(wait)
        if self.gate is not None:
            await self.gate.wait()

    async def _tokens(
        self, seen: Seen, ask: _Ask, fault: Fault | None
    ) -> AsyncGenerator[dict[str, Any], None]:
        tokens = self._cut.pop(ask.prompt, None)
        tokens = self._said(ask.prompt) if tokens is None else tokens
        begun = time.monotonic()
        text = ""
        for index, token in enumerate(tokens, start=1):
            if fault is not None and index > fault.after:
                if fault.kind == "error":
                    raise Refusal(fault.error_type, fault.text or "Request failed: CUDA error")
                if fault.kind in ("fin", "rst", "end", "hang", "raw"):
                    yield {"fault": fault}
                    return
            if self.tokens_per_second and index > 1:
                due = begun + (index - 1) / self.tokens_per_second
                await asyncio.sleep(max(0.0, due - time.monotonic()))
            text += token
            seen.tokens = index
            self.generated_tokens += 1
            seen.last_token = time.monotonic()
            seen.first_token = seen.first_token or seen.last_token
            reason = self._reason(ask, index, token, text, last=index == len(tokens))
            if reason == "length" and index < len(tokens):
                self._cut[ask.prompt + text] = list(tokens[index:])
            yield _event(index, token, text, reason, ask, seen)
            if reason:
                seen.done = True
                return

    def _reason(self, ask: _Ask, index: int, token: str, text: str, *, last: bool) -> str:
        if index >= ask.max_new_tokens:
            return "length"
        if token == EOS and last:
            return "eos_token"
        tail = text[-300:]
        if any(re.search(re.escape(stop) + "$", tail) for stop in ask.stop):
            return "stop_sequence"
        return ""

    def _said(self, prompt: str) -> list[str]:
        said = self.reply(prompt) if callable(self.reply) else self.reply
        tokens = tokenize(said) if isinstance(said, str) else list(said)
        return [*tokens, EOS]

    def _validate(self, seen: Seen, prompt: list[str]) -> _Ask:
        """Check what TGI checks, in its order; every fault is a 422."""
        body = seen.body
        if "prompt" in body:
            given = {"max_new_tokens": body.get("max_tokens"), "stop": body.get("stop") or []}
            given["temperature"] = body.get("temperature") or None
            given["top_p"] = body.get("top_p")
            inputs = body["prompt"]
        else:
            given, inputs = body.get("parameters", {}), body.get("inputs", "")

        def check(name: str, good: Callable[[Any], bool], text: str) -> None:
            value = given.get(name)
            if value is not None and not good(value):
                raise Refusal("validation", f"Input validation error: {text}")

        check("temperature", lambda t: t > 0, "`temperature` must be strictly positive")
        check(
            "repetition_penalty",
            lambda p: p > 0,
            "`repetition_penalty` must be strictly positive",
        )
        check("top_p", lambda p: 0 < p < 1, "`top_p` must be > 0.0 and < 1.0")
        check("top_k", lambda k: k > 0, "`top_k` must be strictly positive")
        check("max_new_tokens", lambda n: n > 0, "`max_new_tokens` must be strictly positive")
        stops = given.get("stop") or []
        most = self.max_stop_sequences
        check(
            "stop",
            lambda stop: len(stop) <= most,
            f"`stop` supports up to {most} stop sequences. Given: {len(stops)}",
        )
        if not inputs:
            raise Refusal("validation", "Input validation error: `inputs` cannot be empty")
        length = len(prompt) + 1
        new = given.get("max_new_tokens") or max(1, self.max_total_tokens - length)
        if length + min(new, _CHUNK) > self.max_total_tokens:
            raise Refusal(
                "validation",
                "Input validation error: `inputs` tokens + `max_new_tokens` must be <= "
                f"{self.max_total_tokens}. Given: {length} `inputs` tokens and {new} "
                "`max_new_tokens`",
            )
        if length > self.max_input_tokens:
            raise Refusal(
                "validation",
                f"Input validation error: `inputs` must have less than {self.max_input_tokens} "
                f"tokens. Given: {length}",
            )
        grammar = given.get("grammar")
        if grammar is not None and grammar.get("type") == "json":
            value = grammar["value"]
            value = json.loads(value) if isinstance(value, str) else value
            if "properties" not in value:
                raise Refusal(
                    "validation",
                    "Input validation error: grammar is not valid: Grammar must have a "
                    "'properties' field",
                )
        # TGI's hidden chunks: beyond 1,024 it goes on in steps of 1,024.
        new = new if new <= _CHUNK else -(-new // _CHUNK) * _CHUNK
        return _Ask(inputs, new, tuple(stops), bool(given.get("details")))

    def _authorised(self, request: web.Request) -> bool:
        if self.api_key is None:
            return True
        return request.headers.get("Authorization") == f"Bearer {self.api_key}"

    def _due(self) -> Fault | None:
        if self._fault is None or self._faulty == 0:
            return None
        if self._spared > 0:
            self._spared -= 1
            return None
        self._faulty -= 1
        return self._fault

    def _note(self, request: web.Request, body: Any) -> Seen:
        peer = request.transport.get_extra_info("peername")[1] if request.transport else 0
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen = Seen(request.path, headers, body, peer, time.monotonic())
        self.requests.append(seen)
        return seen


_GENERATE = ("/", "/generate", "/generate_stream", "/v1/completions")


@dataclass(frozen=True)
class _Ask:
    prompt: str
    max_new_tokens: int
    stop: tuple[str, ...]
    details: bool


class _Sender:
    """Writes events, and a comment after each `keep_alive` seconds of silence, as axum does."""

    def __init__(self, response: web.StreamResponse, keep_alive: float) -> None:
        self.response = response
        self._every = keep_alive
        self._last = time.monotonic()
        self._comments = asyncio.create_task(self._keep_alive())

    async def data(self, event: dict[str, Any]) -> None:
        # serde_json leaves characters beyond ASCII as they are, U+2028 too.
        await self.raw(f"data: {json.dumps(event, ensure_ascii=False, separators=(',', ':'))}\n\n")

    async def raw(self, text: str) -> None:
        self._last = time.monotonic()
        await self.response.write(text.encode())

    def close(self) -> None:
        self._comments.cancel()

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(max(0.001, self._last + self._every - time.monotonic()))
            if time.monotonic() - self._last >= self._every:
                try:
                    await self.raw(":\n\n")
                except ConnectionError:
                    return


def _event(index: int, token: str, text: str, reason: str, ask: _Ask, seen: Seen) -> dict[str, Any]:
    event: dict[str, Any] = {
        "index": index,
        "token": {
            "id": _id(token),
            "text": token,
            "logprob": -0.1,
            "special": bool(_SPECIAL.fullmatch(token)),
        },
        "generated_text": None,
        "details": None,
    }
    if reason:
        event["generated_text"] = _SPECIAL.sub("", text)
        details = {
            "finish_reason": reason,
            "generated_tokens": index,
            "seed": None,
            "input_length": seen.prompt_tokens,
        }
        event["details"] = details if ask.details or seen.path == "/v1/completions" else None
    return event


def _completion(event: dict[str, Any], model: str) -> dict[str, Any]:
    reason = event["details"]["finish_reason"] if event["details"] else ""
    choice = {"index": 0, "text": event["token"]["text"], "logprobs": None, "finish_reason": reason}
    return _chunk(model, [choice])


def _usage(seen: Seen, model: str) -> dict[str, Any]:
    usage = {"prompt_tokens": seen.prompt_tokens, "completion_tokens": seen.tokens}
    return {**_chunk(model, []), "usage": {**usage, "total_tokens": sum(usage.values())}}


def _chunk(model: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "object": "text_completion",
        "id": "",
        "created": int(time.time()),
        "model": model,
        "system_fingerprint": "3.3.6-dev0-native",
        "choices": choices,
        "usage": None,
    }


def _wrong_type(body: Any) -> str | None:
    """What serde says about a JSON of the wrong shape, as plain text."""
    start = "Failed to deserialize the JSON body into the target type: "
    if not isinstance(body, dict) or not ("inputs" in body or "prompt" in body):
        return f"{start}missing field `inputs` at line 1 column 2"
    parameters = body.get("parameters", {})
    if parameters is None:
        return f"{start}parameters: invalid type: null, expected struct at line 1 column 20"
    for name, kind, rust in (("temperature", (int, float), "f32"), ("max_new_tokens", int, "u32")):
        value = parameters.get(name)
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            shown = f'string "{value}"' if isinstance(value, str) else type(value).__name__
            return (
                f"{start}parameters.{name}: invalid type: {shown}, expected {rust} at line 1 "
                "column 45"
            )
    for name in ("stop", "do_sample", "details", "watermark", "decoder_input_details"):
        if name in parameters and parameters[name] is None:
            return f"{start}parameters.{name}: invalid type: null at line 1 column 30"
    return None


def _id(token: str) -> int:
    return sum(token.encode()) % 128_000


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tokens-per-second", type=float, default=50.0)
    parser.add_argument("--ttft", type=float, default=0.05, help="seconds to the first token")
    parser.add_argument("--prefill", type=float, default=0.0, help="prompt tokens per second")
    parser.add_argument("--max-concurrent-requests", type=int, default=128)
    parser.add_argument("--max-total-tokens", type=int, default=8192)
    parser.add_argument("--reply", default=DEFAULT_TEXT)
    parser.add_argument("--repeat", type=int, default=1, help="how often the reply is said")
    given = parser.parse_args()
    tgi = TgiStandIn(
        given.reply * given.repeat,
        tokens_per_second=given.tokens_per_second,
        ttft=given.ttft,
        prefill=given.prefill,
        max_concurrent_requests=given.max_concurrent_requests,
        max_total_tokens=given.max_total_tokens,
        max_input_tokens=given.max_total_tokens - 1,
        port=given.port,
    )
    async with tgi:
        print(tgi.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())

"""Servers with OpenAI's `/v1/completions`: vLLM, SGLang, llama.cpp, LM Studio, and TGI too.

The streams are read with aiohttp, which discord.py brings along and which costs the least CPU
per token; a bot with such an engine does not load huggingface_hub at all.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, Literal

import aiohttp

from bot import tracing
from bot.conversation.ports import End, EngineInfo, Generation, Sampling, Text
from bot.engine import shapes
from bot.engine.answer import Pieces, answer
from bot.engine.bodies import beginning, json_of
from bot.engine.completions import pieces_of
from bot.engine.faults import from_status, hush, lost, named, shorten, unreadable, wanted_pause
from bot.engine.limits import REFUSAL_SECONDS, Limits
from bot.engine.shapes import rows, table, words
from bot.engine.sse import blocks, gathered
from bot.engine.tokens import count_without_bos, ids_of, plain_prompt
from bot.engine.wires import connector, patience
from bot.errors import (
    EngineChanged,
    EngineError,
    EngineInterrupted,
    EngineRefused,
    EngineTimeout,
    EngineUnreachable,
)

Server = Literal["llamacpp", "vllm", "sglang", "other"]

log = logging.getLogger(__name__)

# How long a text waits for the name of the model, in seconds; the second figure is for a server
# that has kept it to itself for longer.
_MOMENT = 2.5
_GLANCE = 0.2

# OpenAI's own limit, which strict servers keep.
_FEW_STOPS = 4

# Read by llama.cpp builds with llguidance (as xllamacpp is), ignored by others. Any amount of
# blanks would be valid JSON, and small models do go on with them until the tokens run out.
_TIGHT = {
    "x-guidance": {
        "whitespace_flexible": False,
        "item_separator": ", ",
        "key_separator": ": ",
    }
}


@dataclass(frozen=True, slots=True)
class _Served:
    """What `/v1/models` says: the model's id, who serves it, and its context in tokens."""

    model: str
    server: Server
    context: int | None


class OpenAIEngine:
    """An `Engine` on a server's raw completions, with the extras of the servers we know."""

    def __init__(
        self, base: str, *, api_key: str | None = None, limits: Limits | None = None
    ) -> None:
        """Take the address that ends in `/v1`, as `http://host:port/v1`."""
        self._base = base.rstrip("/")
        self._root = self._base.removesuffix("/v1")
        self._api_key = api_key
        # A proxy that compresses a stream may hold back what it has of it.
        self._headers = {"Accept-Encoding": "identity"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        self._limits = limits or Limits()
        self._session: aiohttp.ClientSession | None = None
        self._closed = False
        self._served: _Served | None = None
        self._can_tokenize = True
        # Since when the server was asked for its models without an answer.
        self._asked_since: float | None = None

    async def stream(self, request: Generation) -> AsyncGenerator[Text | End, None]:
        """See `Engine.stream`."""

        def call(prompt: str, max_tokens: int) -> AsyncGenerator[Pieces, None]:
            return self._complete(request, prompt, max_tokens)

        async with aclosing(answer(request, call, self._limits)) as parts:
            async for part in parts:
                yield part

    async def count_tokens(self, text: str) -> int | None:
        """See `Engine.count_tokens`."""
        if not text:
            return 0
        if not self._can_tokenize:
            return None
        await self._model()
        try:
            count = _count(await self._tokenized(text, special=False))
        except EngineRefused as error:
            log.info("this engine cannot count tokens: %s", error.detail)
            count = None
        self._can_tokenize = count is not None
        return count

    async def tokenize(self, prompt: str) -> Sequence[int] | None:
        """See `Tokenizer.tokenize`."""
        return _ids(await self._tokenized(plain_prompt(prompt), special=True))

    async def _tokenized(self, text: str, *, special: bool) -> object:
        """The server's answer to /tokenize, None if it has no such route."""
        served = await self._model()
        body: dict[str, Any] = {"content": text, "add_special": special, "parse_special": True}
        if served.server != "llamacpp":
            # vLLM and SGLang take "prompt", TGI "inputs"; each ignores the other.
            body = {"model": served.model, "prompt": text, "add_special_tokens": special}
            body["inputs"] = text
        return await self._ask("POST", self._root + "/tokenize", body)

    async def describe(self) -> EngineInfo:
        """See `Engine.describe`."""
        # What was said before stands until there is something new: streams go on meanwhile.
        served = await self._list()
        self._can_tokenize = True
        context, slots = served.context, None
        if served.server == "llamacpp":
            # The context of one slot, which may be smaller than the model's.
            props = table(await self._ask("GET", self._root + "/props"))
            slot = table(props.get("default_generation_settings"))
            context = shapes.count(slot.get("n_ctx")) or context
            slots = shapes.count(props.get("total_slots")) or None
        ollama = served.server == "other" and await self._is_ollama()
        return EngineInfo(
            "ollama" if ollama else "openai",
            shapes.name(served.model),
            context,
            context and context - 1,
            forces_schema=served.server != "other",
            slots=slots,
        )

    async def aclose(self) -> None:
        """See `Engine.aclose`."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    async def _model(self) -> _Served:
        """The model to ask for: the one that was listed last, else the one that is now."""
        return self._served or await self._list()

    async def _model_soon(self) -> _Served:
        """The same for a text that somebody waits for: without a name if none is told in time."""
        if self._served is None:
            since = self._asked_since or _now()
            try:
                async with asyncio.timeout(max(since + _MOMENT - _now(), _GLANCE)):
                    return await self._list()
            except TimeoutError:
                log.info("%s/models is silent; asking for a text all the same", self._base)
        return self._served or _Served("", "other", None)

    async def _list(self) -> _Served:
        self._asked_since = self._asked_since or _now()
        found = table(await self._ask("GET", self._base + "/models"))
        if "data" not in found:
            raise EngineRefused(detail=f"{self._base}/models lists no models; ENGINE_URL?")
        self._served = _first_model(rows(found["data"]))
        self._asked_since = None
        return self._served

    async def _is_ollama(self) -> bool:
        """Whether it says so; what it lists of its models does not tell."""
        try:
            async with (
                asyncio.timeout(self._limits.question),
                self._http().get(self._root + "/", allow_redirects=False) as response,
            ):
                return (await response.content.read(64)).strip() == b"Ollama is running"
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _find_change(self, served: _Served) -> None:
        """Raise `EngineChanged` if the server was restarted with another model meanwhile."""
        self._served = None
        if (now := await self._list()).model != served.model:
            raise EngineChanged(
                detail=f"it serves {shorten(now.model)!r} now, not {shorten(served.model)!r}"
            )

    async def _ask(self, method: str, url: str, body: dict[str, Any] | None = None) -> object:
        """Ask a small question; None if the server does not know the address."""
        try:
            async with (
                asyncio.timeout(self._limits.question),
                self._http().request(method, url, json=body, allow_redirects=False) as response,
            ):
                if response.status in (404, 405, 501):
                    return None
                await self._check(response)
                return await json_of(response.content.iter_any())
        except aiohttp.ClientError as error:
            raise lost(error) from error
        except TimeoutError:
            raise EngineTimeout(detail=f"{url}: no answer") from None
        except ValueError as error:
            raise EngineRefused(detail=f"{url} is not JSON; check ENGINE_URL") from error

    async def _check(self, response: aiohttp.ClientResponse) -> None:
        if response.status >= 300:
            text = ""
            with suppress(TimeoutError):
                async with asyncio.timeout(REFUSAL_SECONDS):
                    text = await beginning(response.content.iter_any())
            location = response.headers.get("Location", "")
            pause = wanted_pause(response.headers)
            raise from_status(response.status, text, location, self._api_key, pause)
        if error := unreadable(response.headers):
            raise error

    def _http(self) -> aiohttp.ClientSession:
        if self._closed:
            raise EngineUnreachable(detail="the engine was closed")
        if self._session is None:
            # Proxies are ignored and no login is looked up: both are aiohttp's defaults.
            self._session = aiohttp.ClientSession(
                headers=self._headers,
                connector=connector(),
                timeout=patience(self._limits.connect),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def _complete(
        self, request: Generation, prompt: str, max_tokens: int
    ) -> AsyncGenerator[Pieces, None]:
        served = await self._model_soon()
        body = _body(request, served, prompt, max_tokens)
        headers = tracing.context_headers()
        if request.session:
            headers["X-Session-Id"] = request.session
        if served.server == "llamacpp":
            # It closes the connection after a streamed answer without saying so, and the next
            # request there would fail.
            headers["Connection"] = "close"
        connected = False
        try:
            async with self._http().post(
                self._base + "/completions", json=body, headers=headers, allow_redirects=False
            ) as response:
                if response.status == 404:
                    await self._find_change(served)
                await self._check(response)
                connected = True
                async with aclosing(pieces_of(blocks(gathered(response.content)))) as pieces:
                    async for some in pieces:
                        yield some
        except (aiohttp.ClientError, TimeoutError) as error:
            if connected:
                raise EngineInterrupted(detail=named(error)) from error
            raise lost(error) from error
        except EngineError as error:
            hush(error, self._api_key)
            raise
        except RuntimeError as error:
            # What aiohttp says when its session is closed while a stream is read.
            if not self._closed:
                raise
            raise EngineInterrupted(detail="the engine was closed") from error


def _count(found: object) -> int | None:
    """The number of tokens in any server's answer to /tokenize; None if there is none."""
    answer = table(found)
    if (told := shapes.count(answer.get("count"))) is not None:
        return told
    return len(rows(answer.get("tokens"))) or count_without_bos(rows(found))


def _ids(found: object) -> Sequence[int] | None:
    """The token ids in any server's answer to /tokenize; None if it tells none."""
    return ids_of(rows(found) or rows(table(found).get("tokens")))


def _first_model(models: list[Any]) -> _Served:
    if not models:
        raise EngineUnreachable(detail="the server has no model loaded")
    model = table(models[0])
    owner = words(model.get("owned_by"))
    server: Server = owner if owner in ("llamacpp", "vllm", "sglang") else "other"
    context = model.get("max_model_len") or table(model.get("meta")).get("n_ctx")
    return _Served(words(model.get("id")), server, shapes.count(context) or None)


def _body(request: Generation, served: _Served, prompt: str, max_tokens: int) -> dict[str, Any]:
    stops = list(request.engine_stops)
    body: dict[str, Any] = {
        **({"model": served.model} if served.model else {}),
        "prompt": prompt,
        "max_tokens": max_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
        "stop": stops[:_FEW_STOPS] if served.server == "other" else stops,
        **_sampling(request.sampling, served.server),
    }
    if served.server in ("vllm", "sglang"):
        # Else <tool_call> and the like, special tokens in some models, are swallowed.
        body["skip_special_tokens"] = False
    if served.server == "vllm":
        body["spaces_between_special_tokens"] = False
    if served.server == "llamacpp":
        body["cache_prompt"] = True
    return body | _schema(request.schema, served.server)


def _sampling(wanted: Sampling, server: Server) -> dict[str, Any]:
    found: dict[str, Any] = {"temperature": max(0.0, wanted.temperature)}
    if wanted.top_p is not None and 0 < wanted.top_p <= 1:
        found["top_p"] = wanted.top_p
    if wanted.seed is not None:
        found["seed"] = wanted.seed
    # Not OpenAI's; strict servers refuse what they do not know.
    if server != "other":
        if wanted.top_k is not None and wanted.top_k > 0:
            found["top_k"] = wanted.top_k
        if wanted.repetition_penalty is not None and wanted.repetition_penalty > 0:
            name = "repeat_penalty" if server == "llamacpp" else "repetition_penalty"
            found[name] = wanted.repetition_penalty
    return found


def _schema(schema: dict[str, Any] | None, server: Server) -> dict[str, Any]:
    if schema is None or server == "other":
        return {}
    if server == "llamacpp":
        # It ignores response_format on this route.
        return {"json_schema": {**schema, **_TIGHT}}
    named = {"name": "answer", "schema": schema}
    return {"response_format": {"type": "json_schema", "json_schema": named}}


def _now() -> float:
    return asyncio.get_running_loop().time()

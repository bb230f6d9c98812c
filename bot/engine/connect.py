"""From the ENGINE_URL setting to an engine."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import urlsplit

import aiohttp

from bot.conversation.ports import End, Engine, EngineInfo, Generation, Text, Tokenizer
from bot.engine.faults import from_status
from bot.engine.limits import Limits
from bot.errors import EngineRefused, EngineUnreachable, SettingsError, shown

Kind = Literal["tgi", "openai", "unknown"]

_TAKES = (
    "takes tgi+http://host:port, openai+http://host:port/v1, or http://host:port "
    "(which is asked what it is)"
)


async def connect(
    url: str | None,
    *,
    data_dir: Path,
    api_key: str | None = None,
    model_file: str | None = None,
    limits: Limits | None = None,
    setting: str = "ENGINE_URL",
) -> Engine:
    """Make the engine that `url` names; None starts the embedded one with `model_file`.

    A server need not be up: nothing is asked of it here. A malformed `url` is a `SettingsError`
    that names the `setting` it comes from; an embedded model that cannot be loaded is a
    `StartupError`.
    """
    if url is None:
        from bot.engine.embedded import EmbeddedEngine

        return await EmbeddedEngine.start(model_file, data_dir, limits=limits)
    kind, base = parse(url, setting)
    if kind != "openai":
        # 0.3 s of imports: now and in a thread, not when somebody waits for an answer.
        await asyncio.to_thread(importlib.import_module, "bot.engine.tgi")
    if kind == "unknown":
        return ProbedEngine(base, api_key=api_key, limits=limits)
    return make(kind, base, api_key=api_key, limits=limits)


def parse(url: str, setting: str = "ENGINE_URL") -> tuple[Kind, str]:
    """Split an ENGINE_URL into the engine's kind and its plain http(s) address."""
    prefix, plus, rest = url.strip().partition("+")
    address = rest if plus and prefix in ("tgi", "openai") else url.strip()
    try:
        parts = urlsplit(address)
        wrong = parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0
    except ValueError:
        wrong = True
        parts = urlsplit("")
    if wrong or parts.query or parts.fragment or any(map(str.isspace, address)):
        raise SettingsError(f"{setting}: {_TAKES}, not {shown(url)}")
    if parts.username is not None:
        raise SettingsError(f"{setting}: takes no user or password; put a key in ENGINE_API_KEY")
    base = address.rstrip("/")
    if prefix == "openai" and plus:
        return "openai", base if parts.path.strip("/") else base + "/v1"
    return ("tgi" if prefix == "tgi" and plus else "unknown"), base


def make(
    kind: Literal["tgi", "openai"], base: str, *, api_key: str | None, limits: Limits | None
) -> Engine:
    """The engine of a kind at an address; each kind's client is loaded only when it is needed."""
    if kind == "tgi":
        from bot.engine.tgi import TgiEngine

        return TgiEngine(base, api_key=api_key, limits=limits)
    from bot.engine.openai import OpenAIEngine

    return OpenAIEngine(base, api_key=api_key, limits=limits)


class ProbedEngine:
    """An `Engine` of unknown kind: it finds out at the first call for which the server is up."""

    def __init__(
        self, base: str, *, api_key: str | None = None, limits: Limits | None = None
    ) -> None:
        """Take the server's address, with or without `/v1`."""
        self._base = base.removesuffix("/v1")
        self._api_key = api_key
        self._limits = limits or Limits()
        self._found: Engine | None = None
        self._lock = asyncio.Lock()

    async def stream(self, request: Generation) -> AsyncGenerator[Text | End, None]:
        """See `Engine.stream`."""
        engine = await self._engine()
        async with aclosing(engine.stream(request)) as parts:
            async for part in parts:
                yield part

    async def count_tokens(self, text: str) -> int | None:
        """See `Engine.count_tokens`."""
        return await (await self._engine()).count_tokens(text)

    async def tokenize(self, prompt: str) -> Sequence[int] | None:
        """See `Tokenizer.tokenize`."""
        engine = await self._engine()
        return await engine.tokenize(prompt) if isinstance(engine, Tokenizer) else None

    async def describe(self) -> EngineInfo:
        """See `Engine.describe`."""
        return await (await self._engine()).describe()

    async def aclose(self) -> None:
        """See `Engine.aclose`."""
        if self._found is not None:
            await self._found.aclose()

    async def _engine(self) -> Engine:
        # Under the lock many waiting channels ask a starting server once, not each for itself.
        async with self._lock:
            if self._found is None:
                kind = await self._probe()
                base = self._base if kind == "tgi" else self._base + "/v1"
                self._found = make(kind, base, api_key=self._api_key, limits=self._limits)
            return self._found

    async def _probe(self) -> Literal["tgi", "openai"]:
        headers = {"Authorization": f"Bearer {self._api_key}"} if self._api_key else {}
        timeout = aiohttp.ClientTimeout(self._limits.question, sock_connect=self._limits.connect)
        try:
            async with aiohttp.ClientSession(headers=headers, timeout=timeout) as http:
                info = await _json(http, self._base + "/info")
                if info is not None and "model_id" in info and "max_total_tokens" in info:
                    return "tgi"
                models = await _json(http, self._base + "/v1/models")
                if models is not None and "data" in models:
                    return "openai"
        except (aiohttp.ClientError, TimeoutError) as error:
            raise EngineUnreachable(detail=f"{type(error).__name__}: {error}") from error
        raise EngineRefused(detail=f"{self._base} has neither /info nor /v1/models; ENGINE_URL?")


async def _json(http: aiohttp.ClientSession, url: str) -> dict[str, Any] | None:
    """The JSON object at an address; None if there is none."""
    async with http.get(url, allow_redirects=False) as response:
        if response.status in (401, 403, 408, 429) or response.status > 501:
            raise from_status(response.status, await response.text(errors="replace"))
        if response.status != 200:
            return None
        try:
            found: Any = await response.json(content_type=None)
        except ValueError:
            return None
        return cast(dict[str, Any], found) if isinstance(found, dict) else None

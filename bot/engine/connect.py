"""From the ENGINE_URL setting to an engine."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import urlsplit

import aiohttp

from bot.conversation.ports import End, Engine, EngineInfo, Generation, Text, Tokenizer
from bot.engine.bodies import beginning, json_of
from bot.engine.faults import from_status, lost, packed, wanted_pause, without_secrets
from bot.engine.limits import Limits
from bot.errors import EngineRefused, SettingsError

log = logging.getLogger(__name__)

Client = Literal["tgi", "openai"]
Kind = Literal[Client, "unknown"]

_TAKES = (
    "takes tgi+http://host:port, openai+http://host:port/v1, or http://host:port "
    "(which is asked what it is)"
)

# Of these the libraries below make errors of many kinds, once somebody asks something.
_NOT_IN_HOSTS = b'\\<>"^`{}|'

# How long a server may take to say what it is before the other question is tried, in seconds.
_MOMENT = 2.0

_NO_SUCH_PATH = ("HTTP 404", "HTTP 405")


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
        host = (parts.hostname or "").encode("idna")
        wrong = parts.scheme not in ("http", "https") or not host or parts.port == 0
        wrong = wrong or any(sign in host for sign in _NOT_IN_HOSTS)
    except ValueError:
        wrong = True
        parts = urlsplit("")
    if wrong or parts.query or parts.fragment or any(map(str.isspace, address)):
        raise SettingsError(f"{setting}: {_TAKES}, not {without_secrets(url)!r}")
    if parts.username is not None:
        keys = "ENGINE_API_KEYS" if setting == "ENGINES" else "ENGINE_API_KEY"
        raise SettingsError(f"{setting}: takes no user or password; put a key in {keys}")
    base = address.rstrip("/")
    if prefix == "openai" and plus:
        return "openai", base if parts.path.strip("/") else base + "/v1"
    return ("tgi" if prefix == "tgi" and plus else "unknown"), base


def make(kind: Client, base: str, *, api_key: str | None, limits: Limits | None) -> Engine:
    """The engine of a kind at an address; each kind's client is loaded only when it is needed."""
    if kind == "tgi":
        from bot.engine.tgi import TgiEngine

        return TgiEngine(base, api_key=api_key, limits=limits)
    from bot.engine.openai import OpenAIEngine

    return OpenAIEngine(base, api_key=api_key, limits=limits)


class ProbedEngine:
    """An `Engine` of unknown kind: it finds out at the first call for which the server is up.

    A server that does not say it is spoken to as what it seems to be, until it does.
    """

    def __init__(
        self, base: str, *, api_key: str | None = None, limits: Limits | None = None
    ) -> None:
        """Take the server's address, with or without `/v1`."""
        self._base = base.removesuffix("/v1")
        self._api_key = api_key
        self._limits = limits or Limits()
        self._made: dict[Client, Engine] = {}
        self._found: Engine | None = None
        self._sure = False
        self._lock = asyncio.Lock()

    async def stream(self, request: Generation) -> AsyncGenerator[Text | End, None]:
        """See `Engine.stream`."""
        engine = await self._engine()
        try:
            async with aclosing(engine.stream(request)) as parts:
                async for part in parts:
                    yield part
            return
        except EngineRefused as error:
            if not error.detail.startswith(_NO_SUCH_PATH):
                raise
            # Another kind of server may have come to the same address.
            self._sure = False
            if (other := await self._asked()) is engine:
                raise
        async with aclosing(other.stream(request)) as parts:
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
        try:
            return await (await self._asked()).describe()
        except EngineRefused:
            self._sure = False
            raise

    async def aclose(self) -> None:
        """See `Engine.aclose`."""
        for engine in self._made.values():
            await engine.aclose()

    async def _engine(self) -> Engine:
        """What the server is, or seems to be."""
        return self._found or await self._asked()

    async def _asked(self) -> Engine:
        """The same; while it is not sure, the server is asked once more."""
        # Under the lock many waiting channels ask a starting server once, not each for itself.
        async with self._lock:
            if self._found is None or not self._sure:
                kind, self._sure = await self._probe()
                if kind not in self._made:
                    base = self._base if kind == "tgi" else self._base + "/v1"
                    made = make(kind, base, api_key=self._api_key, limits=self._limits)
                    self._made[kind] = made
                self._found = self._made[kind]
            return self._found

    async def _probe(self) -> tuple[Client, bool]:
        """What the server is, and whether that is sure: it may have been silent about it."""
        headers = {"Accept-Encoding": "identity"}
        if self._api_key:
            headers["Authorization"] = f"Bearer {self._api_key}"
        moment = min(_MOMENT, self._limits.question)
        timeout = aiohttp.ClientTimeout(moment, sock_connect=self._limits.connect)
        silent = False
        try:
            async with aiohttp.ClientSession(headers=headers, timeout=timeout) as http:
                try:
                    info = await self._json(http, "/info")
                except TimeoutError:
                    info, silent = None, True
                if info is not None and "model_id" in info and "max_total_tokens" in info:
                    return "tgi", True
                models = await self._json(http, "/v1/models")
        except (aiohttp.ClientError, TimeoutError) as error:
            raise lost(error) from error
        if silent:
            kind = "openai" if models is not None and "data" in models else "tgi"
            log.info("%s/info is silent; spoken to as %s for now", self._base, kind)
            return kind, False
        if models is not None and "data" in models:
            return "openai", True
        raise EngineRefused(detail=f"{self._base} has neither /info nor /v1/models; ENGINE_URL?")

    async def _json(self, http: aiohttp.ClientSession, path: str) -> dict[str, Any] | None:
        """The JSON object at a path; None if there is none."""
        async with http.get(self._base + path, allow_redirects=False) as response:
            if response.status in (401, 403, 408, 429) or response.status > 501:
                text = await beginning(response.content.iter_any())
                pause = wanted_pause(response.headers)
                raise from_status(response.status, text, secret=self._api_key, after=pause)
            if response.status != 200:
                return None
            if error := packed(response.headers):
                raise error
            try:
                found = await json_of(response.content.iter_any())
            except ValueError:
                return None
            return cast(dict[str, Any], found) if isinstance(found, dict) else None

"""The one place that touches huggingface_hub's insides.

`AsyncInferenceClient` as it comes makes an HTTP client for each instance (34 ms of TLS set-up on
the event loop), keeps every streamed response until it is closed, obeys proxies, refuses all work
when HF_HUB_OFFLINE is set, sends the stored Hugging Face login to any server, and splits lines
inside of JSON strings. Here it gets one client of ours, which does none of that, without
changing anything for other users of the library in this process.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterable
from contextlib import suppress
from typing import Any

import httpx2
from huggingface_hub import AsyncInferenceClient
from huggingface_hub.inference._common import RequestParameters

from bot.engine.bodies import beginning
from bot.engine.faults import from_status, unreadable, wanted_pause
from bot.engine.limits import REFUSAL_SECONDS, Limits
from bot.engine.transport import Transport
from bot.errors import EngineUnreachable

# Used and overridden below, although private: better no start than a wrong one.
for _name in ("_get_async_client", "_inner_post"):
    if not hasattr(AsyncInferenceClient, _name):
        raise ImportError("this huggingface_hub is not the pinned one: see bot/engine/hub.py")


class _Inference(AsyncInferenceClient):
    """Speaks through a client that outlives it; closing it closes only its own stream."""

    def __init__(self, http: httpx2.AsyncClient, url: str, headers: dict[str, str]) -> None:
        # Any token stops the library from looking for a stored login; `Hub` sets the real one.
        super().__init__(url, token="unused", headers=headers, timeout=http.timeout)  # pyright: ignore[reportArgumentType] an httpx2.Timeout is passed through
        self._http = http
        self._url = url
        self._sent = headers

    async def blocks(self, body: dict[str, Any]) -> AsyncIterable[str]:
        """Post `body` and give the lines of the streamed answer (see `bot.engine.sse`).

        `text_generation` does the same and then makes three dataclasses of every token, which
        takes twice the time of everything else. It also drops every null of a JSON schema.
        """
        request = RequestParameters(
            url=self._url,
            task="text-generation",
            model=None,
            json=body,
            data=None,
            headers=dict(self._sent),
        )
        return await self._inner_post(request, stream=True)

    async def _get_async_client(self) -> httpx2.AsyncClient:
        return self._http


class Hub:
    """One HTTP client for an engine's life, and inference clients on top of it."""

    def __init__(self, base: str, api_key: str | None, limits: Limits) -> None:
        self._base = base
        self._api_key = api_key
        self._limits = limits
        self._http: httpx2.AsyncClient | None = None
        self._lock = asyncio.Lock()
        self._closed = False

    async def http(self) -> httpx2.AsyncClient:
        """The client that all requests share; made at the first use.

        HTTP statuses outside 2xx raise the fitting `EngineError`.
        """
        if self._http is not None:
            return self._http
        async with self._lock:
            if self._closed:
                raise EngineUnreachable(detail="the engine was closed")
            if self._http is None:
                self._http = self._client(await self._tls())
            return self._http

    async def inference(self, path: str, headers: dict[str, str]) -> _Inference:
        """A client for one request to `path`; use it in `async with`, which ends the request."""
        return _Inference(await self.http(), self._base + path, headers)

    async def aclose(self) -> None:
        """Close all connections."""
        self._closed = True
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    async def _tls(self) -> ssl.SSLContext:
        if self._base.startswith("https:"):
            # Reading the certificates takes 20 ms and more: not on the event loop.
            return await asyncio.to_thread(ssl.create_default_context)
        # Never used; without any certificate it costs nothing and trusts nobody.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    def _client(self, tls: ssl.SSLContext) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            transport=Transport(tls, self._limits.connect),
            timeout=httpx2.Timeout(None, connect=self._limits.connect),
            headers={"accept-encoding": "identity"},
            event_hooks={"request": [self._authorise], "response": [self._check]},
            trust_env=False,
        )

    async def _authorise(self, request: httpx2.Request) -> None:
        request.headers.pop("authorization", None)
        if self._api_key:
            request.headers["authorization"] = f"Bearer {self._api_key}"

    async def _check(self, response: httpx2.Response) -> None:
        if response.status_code < 300:
            if error := unreadable(response.headers):
                raise error
            return
        text = ""
        with suppress(TimeoutError):
            async with asyncio.timeout(REFUSAL_SECONDS):
                text = await beginning(response.aiter_raw())
        location = response.headers.get("location", "")
        pause = wanted_pause(response.headers)
        raise from_status(response.status_code, text, location, self._api_key, pause)

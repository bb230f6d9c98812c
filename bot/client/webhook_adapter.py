"""Requests by the token of a command or webhook: they come to an end as all others do.

discord.py (2.7.1) makes them apart from the rest. There it waits five minutes for an answer that
never comes, and where it was too fast, or will be with the next one, for as long as the server
says; it also takes for granted that a command's response is answered in words, which servers that
resemble Discord leave out.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

import aiohttp
import discord
from discord.http import Route, json_or_text
from discord.webhook.async_ import AsyncWebhookAdapter, async_context

from bot.client.steady import SILENCE, readable

_NO_CONTENT = 204
_TOO_MANY = 429


def hold_on_by_token(longest: float) -> None:
    """Have a `WebhookAdapter` make them, in all that begins in this context from now on."""
    if type(async_context.get()) is AsyncWebhookAdapter:  # A test may bring its own.
        async_context.set(WebhookAdapter(longest))


class WebhookAdapter(AsyncWebhookAdapter):
    """Makes these requests; a pause of more than `longest` seconds is a `RateLimited`.

    An answer that announces such a pause comes at once.
    """

    def __init__(self, longest: float) -> None:
        super().__init__()
        self._longest = longest

    async def request(self, route: Route, session: aiohttp.ClientSession, **options: Any) -> Any:
        """The answer; raises what other requests to Discord raise."""
        return await readable(route, self._asked(route, session, options))

    async def _asked(
        self, route: Route, session: aiohttp.ClientSession, options: dict[str, Any]
    ) -> Any:
        patient = cast("aiohttp.ClientSession", _Patient(session, self._longest))
        try:
            return await super().request(route, patient, **options)
        except _Answered as answer:
            return answer.said


class _Answered(Exception):
    """The answer, past what discord.py makes of one."""

    def __init__(self, said: Any) -> None:
        super().__init__()
        self.said = said


class _Patient:
    """A session as far as requests by a token need one."""

    def __init__(self, session: aiohttp.ClientSession, longest: float) -> None:
        self._session = session
        self._longest = longest

    @asynccontextmanager
    async def request(
        self, method: str, url: str, **options: Any
    ) -> AsyncGenerator[aiohttp.ClientResponse, None]:
        async with self._session.request(method, url, timeout=SILENCE, **options) as response:
            if response.status == _NO_CONTENT:
                # Whatever kind of body it is said to have.
                raise _Answered("")
            if 200 <= response.status < 300 and _pause_behind(response) > self._longest:
                raise _Answered(await json_or_text(response))
            if response.status == _TOO_MANY:
                said = await json_or_text(response)
                if isinstance(said, dict) and (pause := float(said["retry_after"])) > self._longest:
                    raise discord.RateLimited(pause)
            yield response


def _pause_behind(response: aiohttp.ClientResponse) -> float:
    """How many seconds discord.py would keep an answer, since it was the last one for so long."""
    if response.headers.get("X-RateLimit-Remaining") != "0":
        return 0.0
    return float(response.headers.get("X-RateLimit-Reset-After", 0))

"""Discord's API as the doctor asks it: few questions, without discord.py, which stays connected."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from typing import Any, Self, cast

import aiohttp

from bot import __version__, json_input

_DISCORD = "https://discord.com/api/v10"
_SECONDS = 10.0
_LONGEST_PAUSE = 5.0
_OK, _TOO_MANY = 200, 429


class Unreachable(Exception):
    """Discord did not answer; the text says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, and the JSON object ({} for anything else).

    `skew` is how many seconds the local clock is ahead of Discord's, None if it was not told.
    """

    status: int
    body: Mapping[str, Any]
    skew: float | None = None

    @property
    def ok(self) -> bool:
        """Whether the question was answered."""
        return self.status == _OK


class Api:
    """Discord's API at `url` (None: Discord itself) with a bot's token; an async context manager.

    `application` is what `account` found behind the token, None before.
    """

    def __init__(self, url: str | None, token: str) -> None:
        self.token = token
        self.shown = url or "discord.com"
        self.application: Mapping[str, Any] | None = None
        self._bases = _bases(url)
        # Discord refuses programs that do not say what they are.
        self._headers = {"User-Agent": f"DiscordBot (hermes-discord, {__version__})"}
        if token:
            self._headers["Authorization"] = f"Bot {token}"
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        self._http = aiohttp.ClientSession(headers=self._headers, timeout=timeout)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.close()

    @property
    def http(self) -> aiohttp.ClientSession:
        """The connections."""
        if self._http is None:
            raise RuntimeError("it is not open")
        return self._http

    async def get(self, path: str) -> Answer:
        """Ask a question, again after a rate limit. Raises `Unreachable`."""
        answer = Answer(0, {})
        for base in self._bases:
            answer = await self._get(f"{base}{path}")
            # 401: it is Discord's, only the token is wrong.
            if answer.ok or answer.status in (401, 403):
                self._bases = [base]
                break
        return answer

    async def _get(self, url: str) -> Answer:
        answer, pause = await self._once(url)
        if answer.status == _TOO_MANY:
            await asyncio.sleep(pause)
            answer, _ = await self._once(url)
        return answer

    async def _once(self, url: str) -> tuple[Answer, float]:
        try:
            async with self.http.get(url) as response:
                skew = _skew(response.headers.get("Date"))
                body: object = None
                if response.content_type == "application/json":
                    body = await response.json(loads=json_input.loads)
        except TimeoutError:
            raise Unreachable(f"no answer within {_SECONDS:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unreachable(str(error) or type(error).__name__) from error
        known = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
        pause = min(float(known.get("retry_after") or 1), _LONGEST_PAUSE)
        return Answer(response.status, known, skew), pause


def _bases(url: str | None) -> list[str]:
    """Where the routes may begin; a proxy may or may not have the version in its address."""
    if url is None:
        return [_DISCORD]
    url = url.rstrip("/")
    if url.rpartition("/")[2].startswith("v") and "/api" in url:
        return [url]
    return [f"{url}/v10"] if url.endswith("/api") else [url, f"{url}/api/v10"]


def _skew(date: str | None) -> float | None:
    try:
        return time() - parsedate_to_datetime(date).timestamp() if date else None
    except ValueError:
        return None

"""Where Discord's API is: Discord itself, an API proxy, or a test server."""

from __future__ import annotations

import re

import aiohttp
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import HTTPClient, Route

_VERSIONED = re.compile(r"/v\d+$")
_PROBE_SECONDS = 5.0
_VERSION = "v10"


class ApiAddress:
    """Points discord.py at `url` for as long as a client runs; None is Discord itself.

    discord.py keeps both addresses in class attributes, so that they hold for the whole process.
    """

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._before = (Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY)

    @property
    def shown(self) -> str:
        """The address as an operator knows it."""
        return self._url or "discord.com"

    async def use(self, token: str) -> None:
        """Send every API request to the address."""
        if self._url is not None:
            Route.BASE = await _api_base(self._url, token)

    async def use_gateway(self, http: HTTPClient) -> int | None:
        """Connect where `/gateway/bot` says, also for new sessions; returns its shard count.

        Without an address of one's own this is left to discord.py, and the answer is None.
        """
        if self._url is None:
            return None
        shards, gateway, _ = await http.get_bot_gateway()
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
        return shards

    def restore(self) -> None:
        """Undo all that, for the next client of this process."""
        if self._url is not None:
            Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = self._before


async def _api_base(url: str, token: str) -> str:
    """The base of all routes; which of two it is may have to be asked."""
    url = url.rstrip("/")
    if _VERSIONED.search(url):
        return url
    if url.endswith("/api"):
        return f"{url}/{_VERSION}"
    return url if await _is_base(url, token) else f"{url}/api/{_VERSION}"


async def _is_base(url: str, token: str) -> bool:
    timeout = aiohttp.ClientTimeout(total=_PROBE_SECONDS)
    headers = {"Authorization": f"Bot {token.strip()}"}
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
            session.get(f"{url}/gateway/bot") as answer,
        ):
            said = await answer.json(content_type=None) if answer.ok else None
    except (aiohttp.ClientError, OSError, ValueError):
        return False
    return isinstance(said, dict) and "url" in said

"""Pictures of characters, for Discord: it fetches them when a character speaks."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.errors import BadInput, UserError
from bot.pictures import thumbnail

log = logging.getLogger(__name__)

Load = Callable[[str, str], Awaitable[bytes | None]]
"""Gives what a library keeps under a digest; raises a `UserError` if that cannot be told now."""

# Discord fetches the same picture again and again: so many are kept ready, of 30 kB or so, for so
# many seconds. What is erased is soon not served any more.
_KEPT = 256
_SECONDS = 300.0

# What a digest names never changes.
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Type": "image/png",
    "X-Content-Type-Options": "nosniff",
}


class PicturePages:
    """Serves `/pictures/<library>/<digest>.png`, and nothing of a library but pictures.

    What else is kept under a digest (a card, a lorebook) is no picture, so it is not there. Each is
    written anew and small: what hangs on a file does not go along.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self._ready: OrderedDict[tuple[str, str], tuple[float, bytes]] = OrderedDict()
        # One after the other: decoding takes memory.
        self._door = asyncio.Lock()

    def add_to(self, app: web.Application) -> None:
        """Serve the pictures in an application."""
        app.router.add_get("/pictures/{library}/{digest:[0-9a-f]{16,128}}.png", self._serve)

    async def _serve(self, request: web.Request) -> web.Response:
        name = request.match_info["library"], request.match_info["digest"]
        async with self._door:
            made_at, picture = self._ready.pop(name, (float("-inf"), b""))
            if made_at < _now() - _SECONDS:
                made_at, picture = _now(), await self._make(*name)
            self._ready[name] = made_at, picture
            if len(self._ready) > _KEPT:
                self._ready.popitem(last=False)
        return web.Response(body=picture, headers=_HEADERS)

    async def _make(self, library: str, digest: str) -> bytes:
        try:
            stored = await self._load(library, digest)
            if stored is None:
                raise web.HTTPNotFound
            return await asyncio.to_thread(thumbnail, stored)
        except BadInput as error:
            log.info("picture %s is none: %s", digest, error)
            raise web.HTTPNotFound from error
        except UserError as error:
            log.warning("picture %s cannot be served: %s", digest, error)
            raise web.HTTPServiceUnavailable from error


def _now() -> float:
    return asyncio.get_running_loop().time()

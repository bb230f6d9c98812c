"""Requests to Discord that come to an end: an answer that can be read, or a failure of the network.

They go on when nobody waits for them any more.

While Discord's global limit holds, discord.py (2.7.1) lets no request pass; the request that hit
the limit sleeps, and opens the way again. If it is cancelled in its sleep, as the typing
indicator of a reply is that has just been shown, the way stays closed: nothing that the bot wants
to say gets out any more, until it is restarted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import aiohttp
from discord.http import HTTPClient, Route

from bot.client.refused import ClosedChannels, InvalidRequests
from bot.client.sparse import complete_answer

SILENCE = aiohttp.ClientTimeout(total=300.0, sock_connect=10.0, sock_read=20.0)
"""discord.py would wait five minutes for an answer that never comes."""


class UnreadableAnswer(aiohttp.ClientPayloadError):
    """An answer that is not what was asked for; whether the request took effect is not known."""


def hold_on(http: HTTPClient, closed: ClosedChannels, invalid: InvalidRequests) -> None:
    """Let no request of `http` be cancelled; whoever waits for one can be, as always.

    `closed` learns what comes of it; none is made that `invalid` does not let pass.
    """
    request = http.request
    under_way: set[asyncio.Task[Any]] = set()  # the event loop alone would let go of them

    async def go_on(route: Route, **options: Any) -> Any:
        invalid.check(route)
        options.setdefault("timeout", SILENCE)
        asking = _noted(closed, route, options, request(route, **options))
        task = asyncio.create_task(asking, name="request to Discord")
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        task.add_done_callback(_see)
        return await asyncio.shield(task)

    http.request = go_on


async def _noted(
    closed: ClosedChannels, route: Route, options: dict[str, Any], asking: Awaitable[Any]
) -> Any:
    try:
        answer = await readable(route, asking)
    except Exception as error:
        closed.learn(route, options, error)
        raise
    closed.learn(route, options, None)
    return answer


async def readable(route: Route, asking: Awaitable[Any]) -> Any:
    """The answer to a request, with all that discord.py takes for granted; `UnreadableAnswer`."""
    try:
        return complete_answer(route.method, route.path, await asking)
    except (KeyError, TypeError, ValueError) as error:
        said = f"{type(error).__name__}: {error}"
        raise UnreadableAnswer(f"{route.method} {route.path}: {said}") from error


def _see(task: asyncio.Task[Any]) -> None:
    # Else asyncio logs how a request failed that nobody waited for any more.
    if not task.cancelled():
        task.exception()

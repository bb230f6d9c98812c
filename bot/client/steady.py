"""Requests to Discord that go on to their end when nobody waits for them any more.

While Discord's global limit holds, discord.py (2.7.1) lets no request pass; the request that hit
the limit sleeps, and opens the way again. If it is cancelled in its sleep, as the typing
indicator of a reply is that has just been shown, the way stays closed: nothing that the bot wants
to say gets out any more, until it is restarted.
"""

from __future__ import annotations

import asyncio
from typing import Any

from discord.http import HTTPClient, Route


def hold_on(http: HTTPClient) -> None:
    """Let no request of `http` be cancelled; whoever waits for one can be, as always."""
    request = http.request
    under_way: set[asyncio.Task[Any]] = set()  # the event loop alone would let go of them

    async def go_on(route: Route, **options: Any) -> Any:
        task = asyncio.create_task(request(route, **options), name="request to Discord")
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        task.add_done_callback(_see)
        return await asyncio.shield(task)

    http.request = go_on


def _see(task: asyncio.Task[Any]) -> None:
    # Else asyncio logs how a request failed that nobody waited for any more.
    if not task.cancelled():
        task.exception()

"""Requests by the token of an interaction or a webhook: what a server leaves out is filled in.

discord.py (2.7.1) makes them beside its other requests, so `bot.client.steady` never sees them.
"""

from __future__ import annotations

from typing import Any

import aiohttp
from discord.http import Route
from discord.webhook.async_ import AsyncWebhookAdapter, async_context

from bot.client.sparse import complete_answer


def accept_less() -> None:
    """Let whatever runs in this context, and begins in it from now on, do with sparse answers."""
    if type(async_context.get()) is AsyncWebhookAdapter:
        async_context.set(_Completing())


class _Completing(AsyncWebhookAdapter):
    async def request(self, route: Route, session: aiohttp.ClientSession, **options: Any) -> Any:
        answer = await super().request(route, session, **options)
        return complete_answer(route.method, route.path, answer)

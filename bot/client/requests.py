"""Counting the requests to Discord, by what they do and how they are answered."""

from __future__ import annotations

import re
import time
from functools import partial
from types import SimpleNamespace
from typing import Any

import aiohttp

from bot import metrics, tracing
from bot.client.refused import InvalidRequests

# The first place in a path that says what is asked for. Interactions and webhooks stand in front:
# they have limits of their own, and messages below them.
_PLACE = re.compile(
    r"/(?P<respond>interactions)/\d+/|/(?P<webhook>webhooks)/\d+/"
    r"|/channels/\d+/(?:(?P<typing>typing)$|messages(?:/\d+)?"
    r"(?:/(?P<reaction>reactions)/|(?P<message>)$|(?P<other>/)))"
)
_OF_MESSAGES = {"POST": "send", "PATCH": "edit", "DELETE": "delete", "GET": "read"}
_GATEWAY = 101


def counting(invalid: InvalidRequests) -> aiohttp.TraceConfig:
    """What makes a session of aiohttp count its requests; `invalid` counts those of them."""
    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(_begin)
    trace.on_request_end.append(partial(_end, invalid))
    trace.on_request_exception.append(_fail)
    return trace


def kind_of(method: str, path: str) -> str:
    """What a request does."""
    found = _PLACE.search(path)
    place = found.lastgroup if found else None
    if place == "message":
        return _OF_MESSAGES.get(method, "other")
    return place or "other"


async def _begin(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _: aiohttp.TraceRequestStartParams
) -> None:
    context.began = time.perf_counter()


async def _end(
    invalid: InvalidRequests,
    _session: aiohttp.ClientSession,
    context: SimpleNamespace,
    sent: aiohttp.TraceRequestEndParams,
) -> None:
    invalid.note(sent.response.status, sent.response.headers)
    if sent.response.status != _GATEWAY:
        _count(context, sent, sent.response.status)


async def _fail(
    _session: aiohttp.ClientSession,
    context: SimpleNamespace,
    sent: aiohttp.TraceRequestExceptionParams,
) -> None:
    _count(context, sent, 0)


def _count(context: SimpleNamespace, sent: Any, status: int) -> None:
    kind = kind_of(sent.method, sent.url.path)
    metrics.DISCORD_REQUESTS.labels(kind, str(status)).inc()
    seconds = time.perf_counter() - context.began
    metrics.DISCORD_SECONDS.labels(kind).observe(seconds)
    tracing.discord_request(kind, sent.method, status, seconds)

"""Counting the requests to Discord, by what they do and how they are answered."""

from __future__ import annotations

import re
import time
from types import SimpleNamespace
from typing import Any

import aiohttp

from bot import metrics

# The first that fits names the kind; what is left is "other". Interactions and webhooks have
# limits of their own.
_KINDS = tuple(
    (name, method, re.compile(path))
    for name, method, path in (
        ("respond", "", r"/interactions/\d+/"),
        ("webhook", "", r"/webhooks/\d+/"),
        ("typing", "POST", r"/channels/\d+/typing$"),
        ("reaction", "", r"/messages/\d+/reactions/"),
        ("send", "POST", r"/channels/\d+/messages$"),
        ("edit", "PATCH", r"/messages/\d+$"),
        ("delete", "DELETE", r"/messages/\d+$"),
        ("read", "GET", r"/messages"),
    )
)
_GATEWAY = 101


def counting() -> aiohttp.TraceConfig:
    """What makes a session of aiohttp count its requests."""
    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(_begin)
    trace.on_request_end.append(_end)
    trace.on_request_exception.append(_fail)
    return trace


def kind_of(method: str, path: str) -> str:
    """What a request does."""
    fitting = (name for name, its, there in _KINDS if its in ("", method) and there.search(path))
    return next(fitting, "other")


async def _begin(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _: aiohttp.TraceRequestStartParams
) -> None:
    context.began = time.perf_counter()


async def _end(
    _session: aiohttp.ClientSession, context: SimpleNamespace, sent: aiohttp.TraceRequestEndParams
) -> None:
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
    metrics.DISCORD_SECONDS.labels(kind).observe(time.perf_counter() - context.began)

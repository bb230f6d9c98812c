"""What the bot counts about itself, in Prometheus' terms: every metric is defined here.

Any room may import this one, and counts what it does where it does it. No label is an id, a name or
a text of people: only outcomes, engines, tools, kinds of requests. Nothing is counted per token.

What is read rather than counted (lines, shards, engines) is looked up when somebody asks, by the
`looks` that the composition root registers with `looking`.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from bot import __version__
from bot.errors import BadInput, LimitReached, UserError

CONTENT_TYPE = CONTENT_TYPE_LATEST

Look = Callable[[], None]
"""Brings gauges up to date; it must be quick and may not wait."""

disable_created_metrics()
_REGISTRY = CollectorRegistry()
ProcessCollector(registry=_REGISTRY)

# From a word of a small model to the longest answer of a large one behind a line.
_REPLY_SECONDS = (0.25, 0.5, 1, 2, 3, 5, 8, 12, 20, 30, 60, 120, 300, 600)
_FIRST_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 3, 5, 10, 20, 60, 120)
_LINE_SECONDS = (0.001, 0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
_TOOL_SECONDS = (0.005, 0.02, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 90)
_DISCORD_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10, 30)
_REDIS_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)


def _counter(name: str, meaning: str, *labels: str) -> Counter:
    return Counter(name, meaning, labels, registry=_REGISTRY)


def _gauge(name: str, meaning: str, *labels: str) -> Gauge:
    return Gauge(name, meaning, labels, registry=_REGISTRY)


def _histogram(name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
    return Histogram(name, meaning, labels, buckets=buckets, registry=_REGISTRY)


BUILD = Info("hermes_build", "The version of the bot and of Python.", registry=_REGISTRY)
BUILD.info({"version": __version__, "python": platform.python_version()})

REPLIES = _counter(
    "hermes_replies_total",
    "Replies that have ended: done, stopped, withdrawn, refused (a limit), abandoned (the bot was "
    "stopped) or failed; error says by what.",
    "outcome",
    "error",
)
REPLIES_IN_PROGRESS = _gauge("hermes_replies_in_progress", "Replies being written or in line.")
REPLY_FIRST_TEXT = _histogram(
    "hermes_reply_first_text_seconds",
    "From the question to the first words: line, thoughts and tools included.",
    _FIRST_SECONDS,
)
REPLY_SECONDS = _histogram(
    "hermes_reply_seconds",
    "From the question to the last word of a reply that is done.",
    _REPLY_SECONDS,
)

PROMPT_TOKENS = _counter(
    "hermes_prompt_tokens_total", "Tokens of prompts, as the engine counts them.", "engine"
)
CACHED_TOKENS = _counter(
    "hermes_prompt_cached_tokens_total",
    "Those of them that the engine had in its prefix cache, where it tells.",
    "engine",
)
GENERATED_TOKENS = _counter("hermes_generated_tokens_total", "Tokens of replies.", "engine")

ENGINE_UP = _gauge("hermes_engine_up", "Whether the engine answers (1) or not (0).", "engine")
ENGINE_INFO = _gauge(
    "hermes_engine_info", "What an engine last said it is.", "engine", "kind", "model"
)
ENGINE_FIRST_TOKEN = _histogram(
    "hermes_engine_first_token_seconds",
    "From a request to the engine's first token.",
    _FIRST_SECONDS,
    "engine",
)
ENGINE_REFUSALS = _counter(
    "hermes_engine_refusals_total", "Requests for which the engine was too busy.", "engine"
)
LINE_WAITING = _gauge("hermes_line_waiting", "Replies that wait in an engine's line.", "engine")
LINE_SECONDS = _histogram(
    "hermes_line_wait_seconds", "How long replies waited in line.", _LINE_SECONDS, "engine"
)

TOOL_CALLS = _counter(
    "hermes_tool_calls_total",
    "Tool calls: done, failed, waiting for confirmation; what is no tool counts as unknown.",
    "tool",
    "outcome",
)
TOOL_SECONDS = _histogram("hermes_tool_seconds", "How long calls ran.", _TOOL_SECONDS, "tool")

MESSAGES = _counter(
    "hermes_messages_total",
    "Messages that were heard: answered or ignored, and why.",
    "decision",
    "reason",
)
DISCORD_REQUESTS = _counter(
    "hermes_discord_requests_total",
    "Requests to Discord by what they do and its status (429: too many; 0: no answer).",
    "kind",
    "status",
)
DISCORD_SECONDS = _histogram(
    "hermes_discord_request_seconds", "How long Discord took to answer.", _DISCORD_SECONDS, "kind"
)
DISCORD_WAITING = _gauge("hermes_discord_waiting", "Requests that wait for the bot's own pace.")
DISCORD_RATE = _gauge("hermes_discord_rate", "Requests a second that the bot allows itself.")
SHARD_READY = _gauge("hermes_discord_shard_ready", "Whether a shard hears Discord.", "shard")
SHARD_LATENCY = _gauge(
    "hermes_discord_shard_latency_seconds", "A shard's last heartbeat, there and back.", "shard"
)
SERVERS = _gauge("hermes_discord_servers", "Servers that the bot is a member of.")

REDIS_CALLS = _counter(
    "hermes_redis_calls_total", "Round trips to Redis: ok, or failed for good.", "outcome"
)
REDIS_RETRIES = _counter("hermes_redis_retries_total", "Round trips that were made again.")
REDIS_SECONDS = _histogram(
    "hermes_redis_call_seconds",
    "How long round trips took, with their repetitions.",
    _REDIS_SECONDS,
)

_looks: list[Look] = []


@contextmanager
def looking(look: Look) -> Generator[None, None, None]:
    """Have `look` called whenever somebody asks for the metrics."""
    _looks.append(look)
    try:
        yield
    finally:
        _looks.remove(look)


def exposition() -> bytes:
    """All metrics in Prometheus' text format (`CONTENT_TYPE`)."""
    for look in _looks:
        look()
    return generate_latest(_REGISTRY)


@contextmanager
def beginning() -> Generator[None, None, None]:
    """Count a reply that comes to nothing before it has begun."""
    try:
        yield
    except (LimitReached, BadInput):
        REPLIES.labels("refused", "").inc()
        raise
    except Exception as error:
        REPLIES.labels("failed", kind_of(error)).inc()
        raise


def kind_of(error: BaseException) -> str:
    """A failure as a label: `engine_busy`, `store_unavailable`…; `defect` for what is our fault."""
    if not isinstance(error, UserError):
        return "defect"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__).lower()

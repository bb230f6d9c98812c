"""What an engine's refusals mean, as the errors that a user is told."""

from __future__ import annotations

import json
import re
from typing import Any, cast

from bot.errors import (
    EngineBusy,
    EngineError,
    EngineInterrupted,
    EngineRefused,
    EngineTimeout,
    EngineUnreachable,
    PromptTooLong,
)

_SHOWN = 500

# Cloudflare's own for what happens behind it: nobody there, or nobody who answers in time.
_NOBODY_BEHIND = (520, 521, 522, 523, 525, 526, 530)
_TOO_SLOW_BEHIND = 524
_OVERLOADED = 529

_TOO_LONG = re.compile(
    r"`inputs` (tokens \+ `max_new_tokens` must be <=|must have less than)"  # TGI
    r"|exceeds? the (available|model's maximum)? ?context"  # llama.cpp, SGLang
    r"|maximum context length|context_length_exceeded|exceed_context_size"  # vLLM and OpenAI
    r"|longer than the (maximum )?model|context length of only",
    re.IGNORECASE,
)
_BUSY = re.compile(r"overloaded|too many requests|queue is full", re.IGNORECASE)


def from_text(text: str) -> EngineError:
    """The error for a refusal that only its words describe."""
    detail = shorten(text)
    if _TOO_LONG.search(text):
        return PromptTooLong(detail=detail)
    if _BUSY.search(text):
        return EngineBusy(detail=detail)
    return EngineRefused(detail=detail)


def from_status(status: int, body: str, location: str = "") -> EngineError:
    """The error for an HTTP status outside 2xx; `body` may be JSON, plain text or a proxy's HTML.

    `location` is where a redirect points to.
    """
    message = message_of(body)
    detail = shorten(f"HTTP {status}: {message}" if message else f"HTTP {status}")
    if 300 <= status < 400:
        return EngineRefused(detail=f"{detail}; it redirects to {location}: put that in ENGINE_URL")
    if status in (401, 403):
        return EngineRefused(detail=f"{detail}; check ENGINE_API_KEY")
    if status in (404, 405):
        return EngineRefused(detail=f"{detail}; check the path in ENGINE_URL")
    if status == 413:
        return PromptTooLong(detail=detail)
    if status in (429, _OVERLOADED):
        return EngineBusy(detail=detail)
    if status in (502, 503, *_NOBODY_BEHIND):
        return EngineUnreachable(detail=detail)
    if status in (408, 504, _TOO_SLOW_BEHIND):
        return EngineTimeout(detail=detail)
    if status in (424, 500):
        known = from_text(message)
        return EngineInterrupted(detail=detail) if isinstance(known, EngineRefused) else known
    return from_text(detail)


def message_of(body: str) -> str:
    """The words of an error body: of TGI's, of OpenAI's, else the body itself."""
    try:
        found: Any = json.loads(body)
    except ValueError:
        return " ".join(body.split())
    if isinstance(found, dict):
        found = cast(dict[str, Any], found)
        error = found.get("error", found)
        if isinstance(error, dict):
            error = cast(dict[str, Any], error)
            return f"{error.get('message', '')} {error.get('type', '')}".strip() or body
        return str(found.get("message") or error)
    return body


def shorten(text: str) -> str:
    """Cut a text to what a log line can bear."""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"

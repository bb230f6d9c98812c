"""What an engine's refusals mean, as the errors that a user is told."""

from __future__ import annotations

import json
import re
import ssl
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
_BUSY = re.compile(r"overloaded|too many requests|queue is full|rate.?limit", re.IGNORECASE)

_UNTRUSTED = (
    "if the certificate is one of your own, name its file in the environment variable SSL_CERT_FILE"
)


def lost(error: Exception) -> EngineError:
    """The error for a server that cannot be reached, by what the network says."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return EngineRefused(detail=f"{named(error)}; {_UNTRUSTED}")
        cause = cause.__cause__
    return EngineUnreachable(detail=named(error))


def named(error: Exception) -> str:
    """An error of the network in a few words."""
    return shorten(f"{type(error).__name__}: {error}")


def for_pages(content_type: str) -> EngineError | None:
    """The error for whoever answers a request with a web page, such as a proxy's login."""
    if content_type.strip().lower().startswith("text/html"):
        return EngineRefused(detail="a web page (text/html) came as the answer; check ENGINE_URL")
    return None


def without_secrets(url: str) -> str:
    """An address as it may stand in a log: without user, password and query."""
    start, slashes, rest = url.partition("//") if "//" in url else ("", "", url)
    host, slash, path = rest.partition("/")
    shown = start + slashes + host.rpartition("@")[2] + slash + path
    return re.split(r"[?#]", shown, maxsplit=1)[0]


def from_text(text: str) -> EngineError:
    """The error for a refusal that only its words describe."""
    detail = shorten(text)
    if _TOO_LONG.search(text):
        return PromptTooLong(detail=detail)
    if _BUSY.search(text):
        return EngineBusy(detail=detail)
    return EngineRefused(detail=detail)


def from_status(
    status: int, body: str, location: str = "", secret: str | None = None
) -> EngineError:
    """The error for an HTTP status outside 2xx; `body` may be JSON, plain text or a proxy's HTML.

    `location` is where a redirect points to, `secret` the key, which some servers repeat.
    """
    message = message_of(body)
    if secret:
        message = message.replace(secret, "…")
    detail = shorten(f"HTTP {status}: {message}" if message else f"HTTP {status}")
    if 300 <= status < 400:
        return EngineRefused(
            detail=f"{detail}; it redirects to {without_secrets(location)}: put that in ENGINE_URL"
        )
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
        if not isinstance(known, EngineRefused):
            return known
        return EngineInterrupted(detail=f"{detail}; the engine's own log says why")
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

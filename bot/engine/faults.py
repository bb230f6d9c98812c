"""What an engine's refusals mean, as the errors that a user is told."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, cast

from aiohttp.http_exceptions import BadStatusLine, ContentEncodingError

from bot import json_input
from bot.errors import (
    EngineBusy,
    EngineError,
    EngineInterrupted,
    EngineRefused,
    EngineTimeout,
    EngineUnreachable,
    PromptTooLong,
)
from bot.language import later

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

# What OpenSSL calls an answer that is no TLS at all.
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")
_PLAIN = "that server does not speak https; check ENGINE_URL"
_NO_HTTP = "that is no server of http, or one of https; check ENGINE_URL"

_PACKED = "a plain answer was asked for: have the proxy in front of the engine not pack it"

# What is unpacked although it was not asked for.
_UNPACKED = ("", "identity", "gzip", "deflate")


def lost(error: Exception) -> EngineError:
    """The error for a server that cannot be reached, by what the network says."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return EngineRefused(detail=f"{named(error)}; {_UNTRUSTED}")
        if isinstance(cause, ContentEncodingError):
            return EngineRefused(detail=f"{named(error)}; {_PACKED}")
        if isinstance(cause, BadStatusLine):
            return EngineRefused(detail=f"{named(error)}; {_NO_HTTP}")
        if isinstance(cause, ssl.SSLError) and getattr(cause, "reason", "") in _NO_TLS:
            return EngineRefused(detail=f"{named(error)}; {_PLAIN}")
        cause = cause.__cause__
    return EngineUnreachable(detail=named(error))


def hush(error: EngineError, secret: str | None) -> None:
    """Take a key out of an error, which a server has repeated in its stream."""
    if secret and secret in error.detail:
        error.detail = error.detail.replace(secret, "…")
        error.args = (f"{error.text} ({error.detail})",)


def named(error: Exception) -> str:
    """An error of the network in a few words."""
    return shorten(" ".join(f"{type(error).__name__}: {error}".split()))


def unreadable(headers: Mapping[str, str]) -> EngineError | None:
    """The error for an answer that cannot be read: a web page, such as a proxy's login, or packed.

    `headers` are those that the server has sent.
    """
    if headers.get("Content-Type", "").strip().lower().startswith("text/html"):
        return EngineRefused(detail="a web page (text/html) came as the answer; check ENGINE_URL")
    return packed(headers)


def packed(headers: Mapping[str, str]) -> EngineError | None:
    """The error for an answer that is packed in a way that nobody here can unpack."""
    how = headers.get("Content-Encoding", "").strip().lower()
    if how not in _UNPACKED:
        return EngineRefused(detail=f"the answer is packed ({shorten(how)}); {_PACKED}")
    return None


def without_secrets(url: str) -> str:
    """An address as it may stand in a log: without user, password and query."""
    start, slashes, rest = url.partition("//") if "//" in url else ("", "", url)
    host, slash, path = rest.partition("/")
    shown = start + slashes + host.rpartition("@")[2] + slash + path
    return re.split(r"[?#]", shown, maxsplit=1)[0]


def wanted_pause(headers: Mapping[str, str]) -> float | None:
    """In how many seconds a server wants to be asked again: seconds or a date in `Retry-After`.

    A date is compared with the server's own clock, where it tells that: ours may be another.
    """
    told = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]*)?", told):
        return float(told)
    then = _date(told)
    if then is None:
        return None
    return max(then - (_date(headers.get("Date", "")) or time.time()), 0.0)


def _date(text: str) -> float | None:
    try:
        then = parsedate_to_datetime(text)
        return then.replace(tzinfo=then.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def busy(detail: str, after: float | None = None) -> EngineBusy:
    """The error for a server that has too much to do."""
    if not after:
        return EngineBusy(detail=detail)
    return EngineBusy(
        later(
            "The model is busy, and its server wants to be asked again {when}. Please try again "
            "then.",
            when=_moment(after),
        ),
        detail=detail,
        after=after,
    )


def away(detail: str, after: float | None = None) -> EngineUnreachable:
    """The error for a server that is not there, as whoever stands in front of it says."""
    if not after:
        return EngineUnreachable(detail=detail)
    return EngineUnreachable(
        later(
            "The model is not reachable, and its server wants to be asked again {when}. Please "
            "try again then.",
            when=_moment(after),
        ),
        detail=detail,
        after=after,
    )


def _moment(seconds: float) -> str:
    """A time from now, as Discord shows it in everybody's own words."""
    return f"<t:{int(time.time() + seconds) + 1}:R>"


def from_text(text: str, after: float | None = None) -> EngineError:
    """The error for a refusal that only its words describe."""
    detail = shorten(text)
    if _TOO_LONG.search(text):
        return PromptTooLong(detail=detail)
    if _BUSY.search(text):
        return busy(detail, after)
    return EngineRefused(detail=detail)


def from_status(
    status: int,
    body: str,
    location: str = "",
    secret: str | None = None,
    after: float | None = None,
) -> EngineError:
    """The error for an HTTP status outside 2xx; `body` may be JSON, plain text or a proxy's HTML.

    `location` is where a redirect points to, `secret` the key, which some servers repeat, `after`
    what the server says of when to ask again (`wanted_pause`).
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
        return EngineRefused(detail=f"{detail}; check ENGINE_API_KEY, or ENGINE_API_KEYS")
    if status in (404, 405):
        return EngineRefused(detail=f"{detail}; check the path in ENGINE_URL")
    if status == 413:
        return PromptTooLong(detail=detail)
    if status in (429, _OVERLOADED):
        return busy(detail, after)
    if status in (502, 503, *_NOBODY_BEHIND):
        return away(detail, after)
    if status in (408, 504, _TOO_SLOW_BEHIND):
        return EngineTimeout(detail=detail)
    if status in (424, 500):
        known = from_text(message, after)
        if not isinstance(known, EngineRefused):
            return known
        return EngineInterrupted(detail=f"{detail}; the engine's own log says why")
    return from_text(detail)


def message_of(body: str) -> str:
    """The words of an error body: of TGI's, of OpenAI's, else the body itself."""
    try:
        found: Any = json_input.loads(body)
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

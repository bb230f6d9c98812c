"""Where traces go: OpenTelemetry's own library, told by its own variables (`OTEL_*`).

It is an extra (`otel`), imported only where a variable says so. Traces wait in a queue of bounded
length and are sent by a thread of their own: a collector that is slow or away costs traces, never a
reply.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot import __version__, tracing

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

log = logging.getLogger(__name__)

# How long the process waits at its end until the last traces are taken, in seconds.
_FLUSH = 3.0

# A collector that is away is said once in so many seconds, not whenever something is due.
_SAY_AGAIN = 600.0

_SERVICE = "hermes-discord"
_PROTOCOL = "http/protobuf"

# The loggers that say that traces could not be sent.
_COMPLAINING = (
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.sdk._shared_internal",
)


@contextmanager
def exporting(front: str, *, ids: bool = False) -> Generator[None, None, None]:
    """Send traces while this is open, if the environment says where to.

    `front` is what people talk through, `ids`: places are told by their ids. What is due at the end
    is waited for, but not for long. What keeps it from sending is one line in the log.
    """
    provider = _provider()
    if provider is None:
        yield
        return
    try:
        with tracing.making(provider.get_tracer(_SERVICE, __version__), front, ids=ids):
            yield
    finally:
        # On a thread: it waits for the collector as long as that takes.
        ending = threading.Thread(target=provider.shutdown, name="last traces", daemon=True)
        ending.start()
        ending.join(_FLUSH)


def _provider() -> TracerProvider | None:
    try:
        endpoint = _endpoint()
        if not endpoint:
            return None
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        for name in _COMPLAINING:
            logging.getLogger(name).addFilter(_Seldom())
        own = Resource({SERVICE_NAME: _SERVICE, SERVICE_VERSION: __version__})
        told = Resource.create()
        named = not str(told.attributes.get(SERVICE_NAME, "")).startswith("unknown_service")
        # The environment's word counts; what the library makes up without one does not.
        resource = own.merge(told) if named else told.merge(own)
        # Not at the interpreter's exit, which would wait for as long as the collector is away.
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    except ImportError:
        log.warning(
            "no traces are sent: OpenTelemetry is not installed; it is the extra `otel` "
            "(make extras; with docker compose BOT_LOCK=requirements-extras.lock in .env)"
        )
        return None
    except (ValueError, OSError) as error:
        log.warning("no traces are sent: %s", error)
        return None
    # Without what else is in the address: it may hold a password.
    log.info("traces go to %s", urlsplit(endpoint).hostname)
    return provider


def _endpoint() -> str:
    """Where traces go, "" for nowhere; raises `ValueError` for a way that is not known here."""
    exporter = _otel("TRACES_EXPORTER")
    endpoint = _otel("EXPORTER_OTLP_TRACES_ENDPOINT") or _otel("EXPORTER_OTLP_ENDPOINT")
    if _otel("SDK_DISABLED").lower() == "true" or exporter == "none" or not endpoint:
        return ""
    if exporter not in ("", "otlp"):
        raise ValueError(f"OTEL_TRACES_EXPORTER takes otlp or none here, not {exporter!r}")
    protocol = _otel("EXPORTER_OTLP_TRACES_PROTOCOL") or _otel("EXPORTER_OTLP_PROTOCOL")
    if protocol not in ("", _PROTOCOL):
        raise ValueError(
            f"OTEL_EXPORTER_OTLP_PROTOCOL takes {_PROTOCOL} here (usually port 4318), "
            f"not {protocol!r}"
        )
    return endpoint


def _otel(name: str) -> str:
    return os.environ.get(f"OTEL_{name}", "").strip()


class _Seldom(logging.Filter):
    """Lets one line through, then none for a while."""

    def __init__(self) -> None:
        super().__init__()
        self._again = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is to be seen."""
        if record.created < self._again:
            return False
        self._again = record.created + _SAY_AGAIN
        return True

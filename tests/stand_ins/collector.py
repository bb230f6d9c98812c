"""A collector of OpenTelemetry: takes traces over OTLP/HTTP and reads them as the protocol says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status


def _plain(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_plain(one) for one in value.array_value.values]
    return getattr(value, kind) if kind else None


def _attributes(pairs: list[KeyValue]) -> dict[str, Any]:
    return {pair.key: _plain(pair.value) for pair in pairs}


@dataclass(frozen=True)
class Seen:
    """One span as it came. `began` and `ended` are Unix times in seconds."""

    name: str
    id: str
    trace: str
    parent: str
    kind: str
    began: float
    ended: float
    attributes: dict[str, Any]
    events: list[str]
    failed: bool
    said: str
    resource: dict[str, Any]

    @classmethod
    def of(cls, span: Span, resource: dict[str, Any]) -> Self:
        return cls(
            span.name,
            span.span_id.hex(),
            span.trace_id.hex(),
            span.parent_span_id.hex(),
            Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
            span.start_time_unix_nano / 1e9,
            span.end_time_unix_nano / 1e9,
            _attributes(list(span.attributes)),
            [event.name for event in span.events],
            span.status.code == Status.STATUS_CODE_ERROR,
            str(span),
            resource,
        )


class Collector:
    """Listens on a free port of this machine. `hangs`: it takes what comes and never answers."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.spans: list[Seen] = []
        self.headers: list[dict[str, str]] = []
        self.hangs = hangs
        self.url = ""
        app = web.Application()
        app.router.add_post("/v1/traces", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)

    async def _take(self, request: web.Request) -> web.Response:
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        asked = ExportTraceServiceRequest.FromString(await request.read())
        for part in asked.resource_spans:
            resource = _attributes(list(part.resource.attributes))
            for scope in part.scope_spans:
                self.spans += (Seen.of(span, resource) for span in scope.spans)
        if self.hangs:
            await asyncio.Event().wait()
        return web.Response(
            body=ExportTraceServiceResponse().SerializeToString(),
            content_type="application/x-protobuf",
        )

    def replies(self) -> list[Seen]:
        """The traces that are complete, by their first spans."""
        return [span for span in self.spans if not span.parent]

    def within(self, parent: Seen) -> list[Seen]:
        """The children of a span, in the order in which they began."""
        found = [s for s in self.spans if (s.trace, s.parent) == (parent.trace, parent.id)]
        return sorted(found, key=lambda span: span.began)

    def trace(self, reply: Seen) -> list[Seen]:
        """All spans of a reply."""
        return [span for span in self.spans if span.trace == reply.trace]

    async def until(self, found: Callable[[], object], timeout: float = 30.0) -> None:
        deadline = time.monotonic() + timeout
        while not found():
            assert time.monotonic() < deadline, [span.name for span in self.spans]
            await asyncio.sleep(0.02)

    async def reply(self, number: int = 1) -> Seen:
        """The first span of the reply with this number, when it has come."""
        await self.until(lambda: len(self.replies()) >= number)
        return self.replies()[number - 1]

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = "http://{}:{}".format(*self._runner.addresses[0][:2])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

"""The REST side: every request is counted, limited, perhaps broken, and given to simcord."""

from __future__ import annotations

import asyncio
import io
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from simcord.backend import errors, serializers
from simcord.http.router import RouteNotImplemented, UnsupportedField, dispatch, parse_form

from .commands import CommandRoutes
from .faults import Fault
from .gateway import Gateway
from .limits import RateLimits, Verdict
from .world import World

_VERSION = re.compile(r"^/api(?:/v\d+)?(?=/)")
_ID = re.compile(r"/\d+")
_TOKEN = re.compile(r"^(/(?:webhooks|interactions)/\{id\})/[^/]+")
_MESSAGES = re.compile(r"/channels/(\d+)/messages")


@dataclass
class Call:
    """One request as the stand-in saw it; `status` is 0 where the connection was dropped."""

    method: str
    path: str
    body: Any
    at: float
    status: int = 0
    done: float = 0.0
    limited: bool = False

    @property
    def route(self) -> str:
        """The route with ids and tokens as placeholders: `POST /channels/{id}/messages`."""
        path = _TOKEN.sub(r"\1/{token}", _ID.sub("/{id}", self.path))
        return f"{self.method} {path}"


@dataclass
class Upload:
    """A file of a multipart request, as simcord's routes expect it."""

    filename: str
    fp: io.BytesIO
    description: str | None = None


@dataclass
class Rest:
    """The request handler and what it remembers."""

    world: World
    gateway: Gateway
    limits: RateLimits
    latency: float = 0.0
    token: str | None = None
    calls: list[Call] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unsupported: list[str] = field(default_factory=list)
    sparse: Callable[[Call, Any], Any] | None = None  # leaves things out of answers

    def counts(self) -> Counter[str]:
        """How often each route was called (429 answers included)."""
        return Counter(call.route for call in self.calls)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request as Discord would, or as a test ordered."""
        path = _VERSION.sub("", request.path)
        body, files = await _read(request)
        call = Call(request.method, path, body, time.monotonic())
        self.calls.append(call)
        if self.latency:
            await asyncio.sleep(self.latency)
        response = await self._answer(request, call, files)
        call.done = time.monotonic()
        if response is None:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=499)
        call.status = response.status
        return response

    async def _answer(
        self, request: web.Request, call: Call, files: list[Upload]
    ) -> web.Response | None:
        fault = next((f for f in self.faults if f.matches(call.method, call.path, call.body)), None)
        if fault is not None:
            if fault.delay:
                await asyncio.sleep(fault.delay)
            if fault.applied:
                self._apply(request, call, files, {})
            if fault.drop:
                return None
            if fault.status is not None:
                return _faulty(fault)
        verdict = self.limits.check(call.method, call.path)
        if verdict.wait:
            call.limited = True
            return _limited(verdict)
        headers = verdict.headers | (fault.headers if fault else {})
        return self._apply(request, call, files, headers)

    def _apply(
        self, request: web.Request, call: Call, files: list[Upload], headers: dict[str, str]
    ) -> web.Response:
        try:
            if self.token is not None and not self._authorised(request, call.path):
                raise errors.BackendError(401, 0, "401: Unauthorized")
            answer = self._dispatch(call, dict(request.query), files)
        except (RouteNotImplemented, UnsupportedField, NotImplementedError) as error:
            self.unsupported.append(str(error))
            print(f"stand-in: {error}", file=sys.stderr)
            return _json(501, {"code": 0, "message": str(error)}, headers)
        except errors.BackendError as error:
            return _json(error.status, error.to_json(), headers)
        if self.sparse is not None:
            answer = self.sparse(call, answer)
        if answer is None:
            return web.Response(status=204, headers=headers)
        return _json(200, answer, headers)

    def _authorised(self, request: web.Request, path: str) -> bool:
        if path.startswith(("/webhooks/", "/interactions/")):
            return True
        return request.headers.get("Authorization") == f"Bot {self.token}"

    def _dispatch(self, call: Call, params: dict[str, str], files: list[Upload]) -> Any:
        segments = call.path.strip("/").split("/")
        match segments:
            case ["gateway"]:
                return {"url": self.gateway.url}
            case ["gateway", "bot"]:
                return self._gateway_bot()
            case ["applications" | "oauth2", *_, "@me"]:
                answer = self._simcord("GET", "/oauth2/applications/@me", None, {}, [])
                servers = {"approximate_guild_count": len(self.world.guilds)}
                return answer | {"flags": self.gateway.flags} | servers
            case ["applications", _, *rest] if "commands" in rest and rest[-1] != "permissions":
                return CommandRoutes(self.world).dispatch(call.method, rest, call.body)
        created = call.method == "POST" and _MESSAGES.fullmatch(call.path)
        if created and isinstance(call.body, dict) and call.body.get("nonce") is not None:
            return self._with_nonce(call, int(created[1]), params, files)
        return self._simcord(call.method, call.path, call.body, params, files)

    def _with_nonce(
        self, call: Call, channel: int, params: dict[str, str], files: list[Upload]
    ) -> Any:
        nonce = str(call.body["nonce"])
        if len(nonce) > 25:
            raise errors.invalid_form_body("nonce: Must be 25 or fewer in length.")
        known = self.world.message_with_nonce(channel, nonce)
        if known is not None and call.body.get("enforce_nonce"):
            return dict(serializers.message_payload(self.world, known)) | {"nonce": nonce}
        self.world.nonce = nonce
        try:
            answer = self._simcord(call.method, call.path, call.body, params, files)
        finally:
            self.world.nonce = None
        return answer | {"nonce": call.body["nonce"]}

    def _simcord(
        self, method: str, path: str, body: Any, params: dict[str, str], files: list[Upload]
    ) -> Any:
        content = "message_content" in self.gateway.approved
        return dispatch(
            self.world,
            method,
            path,
            json=body,
            params=params,
            files=files,
            message_content_access=content,
        )

    def _gateway_bot(self) -> dict[str, Any]:
        remaining = 1_000 - self.gateway.identifies
        starts = {"total": 1_000, "remaining": remaining, "reset_after": 0, "max_concurrency": 1}
        return {"url": self.gateway.url, "shards": 1, "session_start_limit": starts}

    async def attachment(self, request: web.Request) -> web.Response:
        """Serve a file of the CDN."""
        data = self.world.cdn.read(request.path.removeprefix("/cdn"))
        return web.Response(status=404) if data is None else web.Response(body=data)


async def _read(request: web.Request) -> tuple[Any, list[Upload]]:
    if request.content_type != "multipart/form-data":
        data = await request.read()
        return (json.loads(data) if data else None), []
    form = await request.post()
    parts, files = [], []
    for name, value in form.items():
        if isinstance(value, web.FileField):
            files.append(Upload(value.filename, io.BytesIO(value.file.read())))
        else:
            parts.append({"name": name, "value": value})
    return parse_form(parts, files)


def _json(status: int, answer: Any, headers: dict[str, str]) -> web.Response:
    # No charset: discord.py compares the whole header and would see a string else.
    headers = {**headers, "Content-Type": "application/json"}
    return web.Response(status=status, body=json.dumps(answer).encode(), headers=headers)


def _limited(verdict: Verdict) -> web.Response:
    answer = {
        "message": "You are being rate limited.",
        "retry_after": round(verdict.wait, 3),
        "global": verdict.is_global,
    }
    return _json(429, answer, verdict.headers)


def _faulty(fault: Fault) -> web.Response:
    if fault.said is not None:
        said = fault.said if isinstance(fault.said, bytes) else json.dumps(fault.said).encode()
        headers = {"Content-Type": "application/json", "Via": "1.1"}
        return web.Response(status=fault.status or 200, body=said, headers=headers)
    if fault.status != 429:
        return _json(fault.status or 500, {"message": f"{fault.status}: ordered", "code": 0}, {})
    scope = "global" if fault.is_global else "shared"
    headers = {"Retry-After": f"{fault.retry_after:.3f}", "X-RateLimit-Scope": scope, "Via": "1.1"}
    return _limited(Verdict(fault.retry_after, headers, fault.is_global))

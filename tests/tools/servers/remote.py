"""Servers behind HTTP, on a free port of the loopback interface."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvicorn
from aiohttp import web

from tests.tools.servers.official import make
from tests.tools.servers.plain import Plain

SESSION = "Mcp-Session-Id"


@asynccontextmanager
async def official() -> AsyncGenerator[str]:
    """The address of a server made with the library."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        config = uvicorn.Config(
            make().streamable_http_app(), log_level="critical", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:  # noqa: ASYNC110 (it offers no event)
            await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            server.should_exit = True
            await task


class Remote:
    """A server of the older protocol, with sessions. `seen` are the headers of all requests."""

    def __init__(self) -> None:
        self.sessions: set[str] = set()
        self.seen: list[dict[str, str]] = []
        self.ended: list[str] = []
        self.redirect_to = ""
        self.url = ""
        self._port = 0
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/mcp", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}/mcp"

    async def stop(self) -> None:
        """Stop; `start` comes back at the same address and knows no session."""
        self.sessions.clear()
        if self._runner:
            await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.Response:
        self.seen.append(dict(request.headers))
        session = request.headers.get(SESSION, "")
        if self.redirect_to:
            raise web.HTTPTemporaryRedirect(self.redirect_to)
        if request.method == "DELETE":
            self.ended.append(session)
            return web.Response()
        if request.method != "POST":
            return web.Response(status=405)
        message = await request.json()
        if message["method"] == "initialize":
            session = secrets.token_hex(4)
            self.sessions.add(session)
        elif session and session not in self.sessions:
            return web.Response(status=404)
        answer = Plain("", lambda _: None).answer(message)
        if answer is None:
            return web.Response(status=202)
        headers = {SESSION: session} if message["method"] == "initialize" else {}
        return web.json_response(answer, headers=headers)

"""The playground's page and its API, over the same conversation core as Discord."""

from __future__ import annotations

import json
from asyncio import timeout
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from aiohttp import web

from bot import json_input
from bot.conversation.model import Model
from bot.conversation.service import Conversations
from bot.errors import BadInput, UserError
from bot.web.audience import Event, Listener
from bot.web.guard import add_guard
from bot.web.room import Room

_STATIC = Path(__file__).parent / "static"

# Named with their types, since a machine's own table may call a script text/plain.
_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}

# A silent stream says so often (seconds) that it lives; writing is how a closed page is noticed.
_HEARTBEAT = 15.0

_RECONNECT = b"retry: 1000\n\n"


class Playground:
    """A page to talk to the model on this machine.

    `engine` and `store` are a few words that say what is in use, for the page's header.
    """

    def __init__(
        self, conversations: Conversations, model: Model, *, engine: str, store: str
    ) -> None:
        self._room = Room(conversations)
        self._model = model
        self._engine = engine
        self._store = store

    def add_to(self, app: web.Application) -> None:
        """Serve the page and its API, guarded, for as long as the application runs."""
        add_guard(app)
        app.on_startup.append(self._open)
        app.on_shutdown.append(self._close)
        for path in _STATIC.iterdir():
            name = "" if path.name == "index.html" else path.name
            app.router.add_get(f"/{name}", _asset(path))
        app.router.add_get("/api/events", self._events, allow_head=False)
        app.router.add_get("/api/state", self._state)
        app.router.add_get("/api/context", self._context)
        app.router.add_post("/api/messages", self._ask)
        app.router.add_post("/api/stop", self._stop)
        app.router.add_post("/api/retry", self._retry)
        app.router.add_post("/api/reset", self._reset)
        app.router.add_put("/api/system", self._set_system)

    async def _open(self, _app: web.Application) -> None:
        self._room.finish_owed()

    async def _close(self, _app: web.Application) -> None:
        await self._room.close()

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """The whole state, then everything that happens, as server-sent events."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            await response.write(_RECONNECT)
            async with self._room.listen() as listener:
                await _pass_on(listener, response)
        except UserError as error:
            # Not a status: the browser's EventSource comes back by itself only after a 200.
            await response.write(_encode(Event("unavailable", {"text": error.text})))
        except ConnectionResetError:
            pass  # The page has gone.
        return response

    async def _state(self, _request: web.Request) -> web.Response:
        return web.json_response(await self._room.state())

    async def _ask(self, request: web.Request) -> web.Response:
        text = _text(await _body(request), "text")
        if not text.strip():
            raise BadInput("There is nothing to answer: the message is empty.")
        return web.json_response({"id": self._room.ask(text)}, status=202)

    async def _stop(self, _request: web.Request) -> web.Response:
        self._room.stop()
        return web.json_response({}, status=202)

    async def _retry(self, _request: web.Request) -> web.Response:
        self._room.retry()
        return web.json_response({}, status=202)

    async def _reset(self, _request: web.Request) -> web.Response:
        return web.json_response({"forgotten": await self._room.reset()})

    async def _set_system(self, request: web.Request) -> web.Response:
        await self._room.set_system(_text(await _body(request), "text").strip() or None)
        return web.json_response({})

    async def _context(self, _request: web.Request) -> web.Response:
        """Who answers, what the model was last sent, and what that cost."""
        report = await self._room.report()
        model = await self._model.current()
        return web.json_response(
            {
                "model": model.profile.name,
                "serves": model.info.model if model.info else None,
                "engine": self._engine,
                "store": self._store,
                "note": model.profile.note,
                "context": model.context,
                "reply_limit": model.max_reply,
                "prompt_limit": report.limit,
                "usage": asdict(report.usage),
                "kept": report.kept,
                "cut": report.cut,
                "prompt": report.prompt,
            }
        )


def _asset(path: Path) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    headers = {"Content-Type": f"{_TYPES[path.suffix]}; charset=utf-8"}

    async def send(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(path, headers=headers)

    return send


async def _pass_on(listener: Listener, response: web.StreamResponse) -> None:
    while True:
        try:
            async with timeout(_HEARTBEAT):
                event = await listener.get()
        except TimeoutError:
            await response.write(b": still here\n\n")
            continue
        if event is None:
            return
        await response.write(_encode(event))


def _encode(event: Event) -> bytes:
    return f"event: {event.name}\ndata: {json.dumps(event.data)}\n\n".encode()


async def _body(request: web.Request) -> dict[str, Any]:
    """The JSON object that was sent."""
    if request.content_type != "application/json":
        raise BadInput("The playground takes JSON (Content-Type: application/json).")
    try:
        body: object = await request.json(loads=json_input.loads)
    except ValueError as error:
        raise BadInput("That is not valid JSON.") from error
    if not isinstance(body, dict):
        raise BadInput("The playground takes a JSON object.")
    return cast(dict[str, Any], body)


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise BadInput(f'"{name}" has to be a text.')
    # JSON can hold halves of surrogate pairs, which no engine and no terminal can take.
    return value.encode("utf-8", "replace").decode("utf-8")

"""Who may talk to the playground: pages of its own, in a browser on this machine.

The playground has no password. A page of another site could still reach it through the visitor's
browser, by naming a host of its own that resolves to 127.0.0.1 (DNS rebinding) or by posting a
form across origins. Both show in headers that a browser does not let a page forge.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable

from aiohttp import web
from yarl import URL

from bot.errors import BadInput, UserError

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_READING = ("GET", "HEAD")


def add_guard(app: web.Application) -> None:
    """Let only pages of this server use it, and tell failures in the API as JSON."""
    app.middlewares.extend((_refuse_strangers, _tell_failures))
    app.on_response_prepare.append(_add_headers)


def is_loopback(host: str) -> bool:
    """Whether a `Host` header, or a host to listen on, names this very machine."""
    try:
        name = URL(f"http://{host}").host or ""
        return name.casefold() == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


@web.middleware
async def _refuse_strangers(request: web.Request, handler: _Handler) -> web.StreamResponse:
    if not is_loopback(request.host):
        raise web.HTTPForbidden(text="The playground answers only on localhost.")
    # Programs like curl send no Origin; browsers do with everything that changes something.
    origin = request.headers.get("Origin")
    if request.method not in _READING and origin not in (None, f"http://{request.host}"):
        raise web.HTTPForbidden(text="The playground takes nothing from other sites.")
    return await handler(request)


@web.middleware
async def _tell_failures(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except UserError as error:
        status = 400 if isinstance(error, BadInput) else 503
        return web.json_response({"error": error.text, "retry": error.retry}, status=status)
    except web.HTTPRequestEntityTooLarge:
        body = {"error": "That is too much text for one message.", "retry": False}
        return web.json_response(body, status=413)


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
    response.headers.setdefault("Cache-Control", "no-cache")

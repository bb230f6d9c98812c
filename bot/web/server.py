"""The web server's start and end: a port, and what is served on it."""

from __future__ import annotations

import errno
import logging
import os
import socket
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from bot import metrics
from bot.errors import StartupError
from bot.web.guard import is_loopback
from bot.web.health import Check, add_health
from bot.web.playground import Playground

if TYPE_CHECKING:
    from bot.web.pictures import PicturePages

log = logging.getLogger(__name__)

# How long requests in flight may go on when the server ends; a reply in flight is not lost, since
# it stays owed in the journal.
_GRACE = 1.0

# How many ports after the wanted one are tried for a proposal.
_NEIGHBOURS = 20


@asynccontextmanager
async def serve(
    host: str,
    port: int,
    *,
    checks: Mapping[str, Check],
    playground: Playground | None = None,
    pictures: PicturePages | None = None,
) -> AsyncGenerator[str, None]:
    """Serve health, metrics, and what else there is; give the address, `http://host:port`.

    `checks` are what `/readyz` asks, by name. Port 0 takes a free one. A host or port that cannot
    be had is a `StartupError`.
    """
    app = web.Application()
    add_health(app, checks)
    if pictures:
        pictures.add_to(app)
    app.router.add_get("/metrics", _metrics)
    if playground:
        playground.add_to(app)
        if not is_loopback(_in_url(host)):
            log.warning("HTTP_HOST=%s: the playground has no password; others may reach it", host)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GRACE)
    await runner.setup()
    try:
        yield await _listen(runner, host, port)
    finally:
        await runner.cleanup()


async def _metrics(_request: web.Request) -> web.Response:
    return web.Response(body=metrics.exposition(), headers={"Content-Type": metrics.CONTENT_TYPE})


async def _listen(runner: web.AppRunner, host: str, port: int) -> str:
    try:
        await web.TCPSite(runner, host, port).start()
    except (OSError, UnicodeError) as error:
        raise StartupError(_why_not(error, host, port)) from error
    chosen: int = runner.addresses[0][1]
    return f"http://{_in_url(host)}:{chosen}"


def _why_not(error: OSError | UnicodeError, host: str, port: int) -> str:
    # The codec of names refuses some before anybody is asked, such as "a..b".
    if isinstance(error, socket.gaierror | UnicodeError):
        return f"HTTP_HOST: {host} is not a name or address of this machine"
    free = _free_port(host, port)
    if error.errno == errno.EADDRINUSE:
        return f"HTTP_PORT: another program uses port {port}; set another one: HTTP_PORT={free}"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"HTTP_PORT: port {port} needs more rights; set another one: HTTP_PORT={free}"
    reason = os.strerror(error.errno) if error.errno else str(error)
    return f"HTTP_HOST, HTTP_PORT: cannot listen on {host} port {port}: {reason}"


def _free_port(host: str, port: int) -> int:
    """A port that can be had right now, near the wanted one."""
    near = range(max(port, 1024) + 1, min(port + _NEIGHBOURS, 65535) + 1)
    for candidate in (*near, 0):
        try:
            with socket.create_server((host, candidate), family=_family(host)) as server:
                return int(server.getsockname()[1])
        except OSError:
            continue
    return port


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host

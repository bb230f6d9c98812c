"""An internet on this machine: public names and addresses, played by servers on the loopback.

The fetcher under test resolves names here and opens its sockets here. A socket that connects to a
public address arrives at the loopback server that plays it; any other address is really connected
to, so a fetcher that let itself be led inside would be seen at the server that listens there.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.net.fetch import Fetcher

TLS = Path(__file__).parent / "tls"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Internet:
    """`names` says what each lookup of a name gives: one list of addresses after the other."""

    def __init__(self) -> None:
        self.names: dict[str, list[list[str]]] = {}
        self.lookups: list[str] = []
        self.connected: list[tuple[str, int]] = []
        self.requests: list[web.Request] = []
        self._served: dict[tuple[str, int], int] = {}
        self._closing: list[Callable[[], Awaitable[Any]]] = []

    async def serve(self, address: str, port: int, handler: Handler, *, tls: bool = False) -> int:
        """Let a web server play `address`; the real port is returned."""
        runner = web.ServerRunner(web.Server(self._noting(handler)), shutdown_timeout=0.1)
        await runner.setup()
        self._closing.append(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=_server_tls(tls)).start()
        return self._play(address, port, runner.addresses[0][1])

    async def serve_bytes(
        self,
        address: str,
        port: int,
        talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    ) -> int:
        """Let a server that writes what it likes play `address`."""

        async def talking(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await reader.readuntil(b"\r\n\r\n")
                await talk(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                pass  # the fetcher left, or the test is over
            finally:
                writer.close()

        server = await asyncio.start_server(talking, "127.0.0.1", 0)

        async def close() -> None:
            server.close()

        self._closing.append(close)
        return self._play(address, port, server.sockets[0].getsockname()[1])

    def _play(self, address: str, port: int, real: int) -> int:
        self._served[address, port] = real
        return real

    def fetcher(self, **more: Any) -> Fetcher:
        trust = ssl.create_default_context(cafile=TLS / "certificate.pem")
        return Fetcher(**{"resolve": self.resolve, "open_socket": self.open, "tls": trust, **more})

    async def resolve(self, host: str, port: int) -> list[str]:
        self.lookups.append(host)
        answers = self.names.get(host)
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def open(self, family: int, kind: int, protocol: int) -> socket.socket:
        made = _Cable(family, kind, protocol)
        made.internet = self
        return made

    def real(self, address: tuple[Any, ...]) -> tuple[Any, ...]:
        self.connected.append((address[0], address[1]))
        played = self._served.get((address[0], address[1]))
        return address if played is None else ("127.0.0.1", played)

    async def close(self) -> None:
        for close in self._closing:
            await close()

    def _noting(self, handler: Handler) -> Handler:
        async def noting(request: web.Request) -> web.StreamResponse:
            self.requests.append(request)
            return await handler(request)

        return noting


class _Cable(socket.socket):
    internet: Internet

    def connect(self, address: Any) -> None:
        super().connect(self.internet.real(address))


def _server_tls(wanted: bool) -> ssl.SSLContext | None:
    if not wanted:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
    return context

"""A server whose answers are written down byte by byte, for what no proper server would send."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Sequence
from typing import Any

Part = bytes | float
"""Bytes that are written at once, or a pause in seconds."""

Answer = bytes | Sequence[Part]


def head(status: str = "200 OK", **headers: str) -> bytes:
    """The head of an answer; the connection closes behind its body unless `headers` say more."""
    lines = [f"HTTP/1.1 {status}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def stream(*parts: Part, **headers: str) -> Sequence[Part]:
    """An event stream whose body is exactly these parts, until the connection closes."""
    return [head(Content_Type="text/event-stream", Connection="close", **headers), *parts]


def whole(body: str | bytes, status: str = "200 OK", **headers: str) -> bytes:
    """An answer with its length; the connection stays open."""
    found = body.encode() if isinstance(body, str) else body
    return head(status, Content_Length=str(len(found)), **headers) + found


def as_json(value: Any, status: str = "200 OK") -> bytes:
    """An answer of JSON."""
    return whole(json.dumps(value), status, Content_Type="application/json")


class RawStandIn:
    """`answers` says what is written for each path; one that is missing is a 404.

    None is no answer at all: the connection stays open in silence. With `closes`, each connection
    is closed so many seconds after its answer, without a word. `asked` are paths with bodies and
    `heads` what stood before those, in order; `open` is how many connections there are just now,
    `met` how many there were.
    """

    def __init__(
        self,
        answers: dict[str, Answer | None] | None = None,
        *,
        closes: float | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.answers = answers or {}
        self.closes = closes
        self.asked: list[tuple[str, bytes]] = []
        self.heads: list[bytes] = []
        self.open = self.met = 0
        self.url = ""
        self._host, self._port, self._tls = host, port, tls
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> RawStandIn:
        self._server = await asyncio.start_server(
            self._serve, self._host, self._port, ssl=self._tls
        )
        port = self._server.sockets[0].getsockname()[1]
        host = f"[{self._host}]" if ":" in self._host else self._host
        self.url = f"{'https' if self._tls else 'http'}://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def paths(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(asked == path for asked, _ in self.asked)

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._connection(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open, self.met = self.open + 1, self.met + 1
        gone = None
        try:
            while True:
                path = await self._request(reader)
                answer = self.answers.get(path, whole("", "404 Not Found"))
                # Whoever leaves in the middle is noticed: nothing more is to be read from them.
                gone = asyncio.ensure_future(reader.read(1)) if answer is None else None
                if gone is not None:
                    await gone
                    return
                for part in [answer] if isinstance(answer, bytes) else answer or ():
                    if isinstance(part, bytes):
                        writer.write(part)
                        await writer.drain()
                    else:
                        await asyncio.sleep(part)
                if not isinstance(answer, bytes):
                    return
                if self.closes is not None:
                    await asyncio.sleep(self.closes)
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open -= 1
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> str:
        self.heads.append(await reader.readuntil(b"\r\n\r\n"))
        lines = self.heads[-1].decode().split("\r\n")
        path = lines[0].split(" ")[1]
        sizes = [line.split(":")[1] for line in lines if line.lower().startswith("content-length:")]
        body = await reader.readexactly(int(sizes[0])) if sizes else b""
        self.asked.append((path, body))
        return path

"""A proxy in front of Redis that counts round trips: how often a client speaks after an answer."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self


class RoundTrips:
    """Forwards one TCP port; `count` is the number of round trips over all connections.

    A pipelined batch counts once, however many commands it holds and packets it takes.
    """

    def __init__(self, target: int) -> None:
        self.count = 0
        self._target = target
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"redis://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/0"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        upstream, downstream = await asyncio.open_connection("127.0.0.1", self._target)
        waiting = False

        async def ask() -> None:
            nonlocal waiting
            while data := await reader.read(65_536):
                if not waiting:
                    self.count += 1
                    waiting = True
                downstream.write(data)
            downstream.close()

        async def answer() -> None:
            nonlocal waiting
            while data := await upstream.read(65_536):
                waiting = False
                writer.write(data)
            writer.close()

        with suppress(ConnectionError):
            await asyncio.gather(ask(), answer())

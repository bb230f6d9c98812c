"""A line to the server that counts round trips and can be cut, and servers of a test's own."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import pytest_asyncio
import redis

from bot.store.embedded import EmbeddedValkey


class Line:
    """A relay to a Unix socket.

    `round_trips` counts how often the client spoke after it had listened. `lose_answers` and
    `lose_requests` break that many connections: after the server did its work, or before.
    """

    def __init__(self, target: str, path: str) -> None:
        self.url = f"unix://{path}"
        self.round_trips = 0
        self.lose_answers = 0
        self.lose_requests = 0
        self._target = target
        self._path = path
        self._tasks: set[asyncio.Task] = set()

    def lead_to(self, target: str) -> None:
        """Have new connections lead to another server."""
        self._target = target

    async def open(self) -> None:
        self._server = await asyncio.start_unix_server(self._relay, self._path)

    async def close(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.current_task())
        far_reader, far_writer = await asyncio.open_unix_connection(self._target)
        spoke = {"client": False}

        async def upstream() -> None:
            while data := await reader.read(1 << 20):
                if not spoke["client"]:
                    self.round_trips += 1
                spoke["client"] = True
                if self.lose_requests:
                    self.lose_requests -= 1
                    return
                far_writer.write(data)

        async def downstream() -> None:
            while data := await far_reader.read(1 << 20):
                spoke["client"] = False
                if self.lose_answers:
                    self.lose_answers -= 1
                    return
                writer.write(data)

        ways = [asyncio.create_task(upstream()), asyncio.create_task(downstream())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (writer, far_writer):
                end.close()
            with suppress(OSError):
                await writer.wait_closed()


@pytest.fixture(scope="session")
def short_tmp():
    """A directory whose path leaves room for a socket's name."""
    folder = Path(tempfile.mkdtemp(prefix="hv-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def socket_dir(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where embedded servers put their sockets in this test."""
    folder = Path(tempfile.mkdtemp(dir=short_tmp))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest_asyncio.fixture
async def line(valkey_url: str, short_tmp: Path):
    line = Line(unquote(urlsplit(valkey_url).path), tempfile.mktemp(dir=short_tmp))
    await line.open()
    yield line
    await line.close()


@pytest.fixture
def raw(valkey_url: str):
    """A plain client, to look at the data as an operator would."""
    with redis.Redis.from_url(valkey_url, decode_responses=True) as client:
        yield client


@pytest_asyncio.fixture
async def own_server(tmp_path: Path, socket_dir: Path):
    """An embedded server that the test may hurt."""
    async with EmbeddedValkey(tmp_path) as server:
        yield server

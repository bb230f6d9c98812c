"""The two ways to a server: a process that is started here, or streamable HTTP."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any, TextIO

from mcp import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

from bot.tools.mcp.config import ServerConfig

log = logging.getLogger(__name__)

# What a server of the bot's own machine is given beside its own `env`. The library adds USER,
# SHELL and TERM (on Windows what every program needs there); the bot's settings never.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL")

_LONGEST_LINE = 500
_LAST_LINES = 5


class LastWords:
    """The last lines that a server wrote to its standard error: why it did not start."""

    def __init__(self, config: ServerConfig) -> None:
        self._config = config
        self._lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._begun = ""

    def hear(self, data: bytes) -> None:
        """Take what was written; a line without end is cut."""
        *lines, begun = (self._begun + data.decode("utf-8", "replace")).split("\n")
        self._begun = begun[:_LONGEST_LINE]
        for line in filter(str.strip, lines):
            line = self._config.without_secrets(line.strip())[:_LONGEST_LINE]
            self._lines.append(line)
            log.debug("mcp server %s says: %s", self._config.name, line)

    @property
    def last(self) -> str:
        """The very last line; that of a Python traceback is the telling one."""
        return self._lines[-1] if self._lines else ""


def transport(
    config: ServerConfig, ended: Callable[[], None], words: LastWords
) -> AbstractAsyncContextManager[Any]:
    """The way to a server. `ended` is called when a local one has gone."""
    return _remote(config) if config.url else _local(config, ended, words)


@asynccontextmanager
async def _remote(config: ServerConfig) -> AsyncGenerator[Any, None]:
    # The library follows redirects within the address's own origin only.
    async with (
        create_mcp_http_client(headers=dict(config.headers)) as client,
        streamable_http_client(config.url, http_client=client) as streams,
    ):
        yield streams


@asynccontextmanager
async def _local(
    config: ServerConfig, ended: Callable[[], None], words: LastWords
) -> AsyncGenerator[Any, None]:
    parameters = StdioServerParameters(
        command=config.command,
        args=list(config.args),
        env={name: os.environ[name] for name in _INHERITED if name in os.environ} | {**config.env},
        cwd=config.cwd or None,
        encoding_error_handler="replace",
    )
    async with _standard_error(words) as errors, stdio_client(parameters, errors) as streams:
        # The server has it now. Ours is closed, so that the other end sees when it is gone.
        errors.close()
        yield _Watched(streams[0], ended), streams[1]


@asynccontextmanager
async def _standard_error(words: LastWords) -> AsyncGenerator[TextIO, None]:
    """A file whose lines are heard; Windows cannot wait for such a pipe."""
    if sys.platform == "win32":
        with open(os.devnull, "w") as nowhere:  # noqa: ASYNC230 (nothing waits there)
            yield nowhere
        return
    reading, writing = os.pipe()
    loop = asyncio.get_running_loop()
    with os.fdopen(writing, "w") as errors:
        reader, _ = await loop.connect_read_pipe(lambda: _Listener(words), os.fdopen(reading, "rb"))
        try:
            yield errors
        finally:
            reader.close()


class _Listener(asyncio.Protocol):
    def __init__(self, words: LastWords) -> None:
        self._words = words

    def data_received(self, data: bytes) -> None:
        self._words.hear(data)


class _Watched:
    """A stream of messages that tells when it has ended: the library tells only who asks."""

    def __init__(self, stream: Any, ended: Callable[[], None]) -> None:
        self._stream = stream
        self._ended = ended

    async def receive(self) -> Any:
        """The next message."""
        return await self._stream.receive()

    async def aclose(self) -> None:
        """Close the stream."""
        await self._stream.aclose()

    def __aiter__(self) -> _Watched:
        return self

    async def __anext__(self) -> Any:
        try:
            return await self._stream.__anext__()
        except StopAsyncIteration:
            self._ended()
            raise

    async def __aenter__(self) -> _Watched:
        await self._stream.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        return await self._stream.__aexit__(kind, error, traceback)

"""All servers together: connected side by side, their tools in one list."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Self

from bot.errors import StartupError
from bot.tools.context import ToolContext
from bot.tools.mcp import offer
from bot.tools.mcp.config import ServerConfig
from bot.tools.tool import Call, Tool

if TYPE_CHECKING:
    from mcp import types

    from bot.tools.mcp.connection import Server

log = logging.getLogger(__name__)

PATIENCE = 15.0
"""How long the bot's start waits for servers; the rest come when they come."""

# A local server gets 2 s to end by itself, 2 s after it was asked to, and is then killed.
_CLOSING_SECONDS = 8.0
_KILLING_SECONDS = 8.0

_MISSING = (
    "MCP_CONFIG names servers, but the Python package “mcp” is not installed: "
    "install it, or leave MCP_CONFIG out"
)


class McpServers:
    """The servers of the operator's file, for the time of an `async with`.

    `taken` are names that the bot's own tools have. `on_change` is called whenever `tools()` has
    become another list: servers come later, come back, and change what they offer.
    """

    def __init__(
        self,
        configs: Iterable[ServerConfig],
        *,
        taken: Collection[str] = (),
        patience: float = PATIENCE,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        self._configs = tuple(configs)
        self._taken = frozenset(taken)
        self._patience = patience
        self._servers: list[Server] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._tools: tuple[Tool, ...] = ()
        self._warned: set[str] = set()
        self.on_change = on_change

    async def __aenter__(self) -> Self:
        if not self._configs:
            return self
        if importlib.util.find_spec("mcp") is None:
            raise StartupError(_MISSING)
        # Only who has a server pays for the import: 60 MB and a second or two.
        from bot.tools.mcp.connection import Server

        self._servers = [Server(config, self._renew) for config in self._configs]
        # No task group: its way to end a task would cut a server's own shutdown short.
        self._tasks = [
            asyncio.create_task(server.run(), name=f"mcp server {server.config.name}")
            for server in self._servers
        ]
        try:
            async with asyncio.timeout(self._patience):
                for server in self._servers:
                    await server.settled.wait()
        except TimeoutError:
            log.info("some MCP servers take longer to start; their tools will follow")
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    def tools(self) -> tuple[Tool, ...]:
        """The tools of all servers that have been reached, sorted by name."""
        return self._tools

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=_CLOSING_SECONDS)
        if late:
            for server in self._servers:
                server.kill()
            await asyncio.wait(late, timeout=_KILLING_SECONDS)

    def _renew(self) -> None:
        found: dict[str, Tool] = {}
        for server in self._servers:
            self._check_names(server)
            for tool in _wanted(server.config, server.listed):
                made = self._made(server, tool, {*self._taken, *found})
                if made is not None:
                    found[made.name] = made
        self._tools = tuple(found[name] for name in sorted(found))
        if self.on_change is not None:
            self.on_change()

    def _made(self, server: Server, tool: types.Tool, taken: Collection[str]) -> Tool | None:
        config = server.config
        name = offer.name_of(config.name, tool.name, taken)
        try:
            schema = offer.schema_of(name, tool)
        except offer.NotUsable as reason:
            self._warn(f"mcp server {config.name}: its tool {tool.name!r} is left out: {reason}")
            return None
        return Tool(
            name=name,
            schema=schema,
            call=_call(server, tool.name),
            reaches_out=True,
            changes=offer.changes(config, tool),
            timeout=config.timeout,
        )

    def _check_names(self, server: Server) -> None:
        config, listed = server.config, {tool.name for tool in server.listed}
        for key, names in (("tools", config.tools or ()), ("readOnly", config.read_only)):
            for name in sorted(set(names) - listed if listed else ()):
                self._warn(f"mcp server {config.name}: “{key}” names {name!r}, which it has not")

    def _warn(self, text: str) -> None:
        """Say it once, however often the list is made anew."""
        if text not in self._warned:
            self._warned.add(text)
            log.warning("%s", text)


def _wanted(config: ServerConfig, listed: Sequence[types.Tool]) -> list[types.Tool]:
    """The tools that the operator wants, always in the same order."""
    wanted = [tool for tool in listed if config.tools is None or tool.name in config.tools]
    return sorted(wanted, key=lambda tool: tool.name)


def _call(server: Server, tool: str) -> Call:
    async def call(_: ToolContext, arguments: dict[str, Any]) -> object:
        return await server.call(tool, arguments)

    return call

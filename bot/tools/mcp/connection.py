"""One server and the connection to it, which lives in a task of its own.

The library's contexts have to be left in the task that entered them; so one task connects, keeps
and closes, and everybody else only asks.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import anyio
from mcp import Client, MCPError, types
from mcp.types.version import MODERN_PROTOCOL_VERSIONS

from bot.language import later
from bot.tools.mcp import results
from bot.tools.mcp.config import ServerConfig
from bot.tools.mcp.faults import Fault, in_words, is_forgotten, is_gone
from bot.tools.mcp.transport import LastWords, transport
from bot.tools.tool import ToolError

if TYPE_CHECKING:
    from mcp.client import IncomingMessage

log = logging.getLogger(__name__)
if not log.isEnabledFor(logging.DEBUG):
    # It logs what servers wrote, with tracebacks. Our own lines say what an operator needs.
    logging.getLogger("mcp").setLevel(logging.CRITICAL)

START_SECONDS = 60.0
"""How long a server may take until it has said what it offers; some are downloaded first."""

LONGEST_PAUSE = 300.0
"""A server that does not start is tried again at least so often."""

# A call may restart a server that has gone, but not one that dies again and again.
_RESTARTS_BY_CALLS = 3
_STEADY_SECONDS = 60.0
_LISTEN_AGAIN_SECONDS = 30.0
_RELIST_SECONDS = 2.0
_MOST_PAGES = 50
_MOST_TOOLS = 200


class Server:
    """Connects to one server and stays connected. `changed` is called when its tools did."""

    def __init__(self, config: ServerConfig, changed: Callable[[], None]) -> None:
        self.config = config
        self.listed: tuple[types.Tool, ...] = ()
        self.settled = asyncio.Event()  # the first attempt is over, well or not
        self._changed = changed
        self._client: Client | None = None
        self._failures = 0
        self._up_since: float | None = None
        self._closing = False
        self._scope = anyio.CancelScope()
        self._stop = asyncio.Event()  # the connection is to be left
        self._wake = asyncio.Event()  # a call waits for a connection
        self._turn = asyncio.Event()  # an attempt has ended, well or not
        self._stale = asyncio.Event()  # the list of tools is to be asked for again

    async def run(self) -> None:
        """Connect, and connect again when the connection has ended, until closed."""
        with self._scope:
            while not self._closing:
                self._wake.clear()
                await self._connection()
                self.settled.set()
                if not self._closing:
                    await self._pause()

    def close(self) -> None:
        """Leave politely: a remote session is ended, a process may finish."""
        self._closing = True
        connected = self._client is not None
        self._leave()
        self._wake.set()
        self._announce()
        if not connected:
            self._scope.cancel()

    def kill(self) -> None:
        """Leave at once; processes are still waited for and killed."""
        self._scope.cancel()

    async def call(self, tool: str, arguments: dict[str, Any]) -> object:
        """Have a tool called; connects again first if the server has gone."""
        try:
            return await self._call(await self._connected_client(), tool, arguments)
        except _Forgotten:
            # It was restarted and knows no such session, so the call was not even looked at.
            self._leave()
        try:
            return await self._call(await self._connected_client(), tool, arguments)
        except _Forgotten:
            raise self._away() from None

    async def _call(self, client: Client, tool: str, arguments: dict[str, Any]) -> object:
        try:
            return results.content_of(await client.call_tool(tool, arguments))
        except MCPError as error:
            if is_forgotten(error):
                raise _Forgotten from None
            if is_gone(error):
                raise self._broke_off() from None
            raise ToolError(
                later(
                    "“{name}” refused the call: {reason}",
                    name=self.config.name,
                    reason=error.message,
                )
            ) from None
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            raise self._broke_off() from None
        except (RuntimeError, ValueError) as error:
            # The library checks an answer against the schema that the tool declares for it.
            log.info("mcp server %s, tool %s: %s", self.config.name, tool, error)
            raise ToolError(
                later("“{name}” gave an answer that cannot be used.", name=self.config.name)
            ) from None

    def _broke_off(self) -> ToolError:
        return ToolError(
            later(
                "“{name}” broke off during the call. Whether it was done is unknown.",
                name=self.config.name,
            )
        )

    def _away(self) -> ToolError:
        return ToolError(
            later(
                "The tools of “{name}” cannot be reached right now. "
                "They will be tried again later.",
                name=self.config.name,
            )
        )

    async def _connected_client(self) -> Client:
        may_start = self._failures <= _RESTARTS_BY_CALLS and not self._closing
        if self._client is None and may_start:
            turn = self._turn
            self._wake.set()
            await turn.wait()
        if self._client is None:
            raise self._away()
        return self._client

    async def _connection(self) -> None:
        """One connection from its beginning to its end, whatever that is."""
        self._stop = asyncio.Event()
        words = LastWords(self.config)
        fault = ""
        try:
            await self._connect(words)
        except Exception as error:
            fault = in_words(error, self.config)
        came_up, self._up_since = self._up_since is not None, None
        self._leave()
        if self._closing:
            return
        self._failures += 1
        self._tell(fault, words)
        if not came_up:
            self._announce()

    async def _connect(self, words: LastWords) -> None:
        deadline = anyio.current_time() + START_SECONDS
        # Everything is left within this scope: only its deadline moves.
        with anyio.CancelScope(deadline=deadline) as attempt:
            way = transport(self.config, self._leave, words)
            async with Client(way, message_handler=self._heard, cache=None) as client:
                await self._list(client)
                attempt.deadline = math.inf
                await self._serve(client)
        if attempt.cancelled_caught:
            raise Fault(f"it did not answer within {START_SECONDS:g} seconds")

    async def _serve(self, client: Client) -> None:
        if self._stop.is_set():
            raise Fault("it ended at once")
        self._client = client
        self._up_since = anyio.current_time()
        log.info("mcp server %s: connected, %d tools", self.config.name, len(self.listed))
        self._announce()
        self.settled.set()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._keep_listed, client)
            if client.protocol_version in MODERN_PROTOCOL_VERSIONS:
                tasks.start_soon(self._listen, client)
            await self._stop.wait()
            tasks.cancel_scope.cancel()

    def _leave(self) -> None:
        """Give the connection up; what has long worked may be restarted at once."""
        lasted = anyio.current_time() - (self._up_since or math.inf)
        if self._client is not None and lasted > _STEADY_SECONDS:
            self._failures = 0
        self._client = None
        self._stop.set()

    def _announce(self) -> None:
        turn, self._turn = self._turn, asyncio.Event()
        turn.set()

    async def _heard(self, message: IncomingMessage) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            self._stale.set()

    async def _keep_listed(self, client: Client) -> None:
        while True:
            await self._stale.wait()
            self._stale.clear()
            await self._list(client)
            # A server may say with every list that it has changed; the bot has other work to do.
            await asyncio.sleep(_RELIST_SECONDS)

    async def _listen(self, client: Client) -> None:
        """Hear of changes from servers of the newer protocol, which tell only who subscribes."""
        capabilities = client.server_capabilities.tools
        while capabilities is not None and capabilities.list_changed:
            try:
                async with client.listen(tools_list_changed=True) as changes:
                    async for _ in changes:
                        self._stale.set()
            except (MCPError, RuntimeError, TimeoutError) as error:
                log.debug("mcp server %s: no news of its tools (%s)", self.config.name, error)
            await asyncio.sleep(_LISTEN_AGAIN_SECONDS)
            self._stale.set()

    async def _list(self, client: Client) -> None:
        found: list[types.Tool] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = await client.list_tools(cursor=cursor)
            found += page.tools
            cursor = page.next_cursor
            if cursor is None or len(found) >= _MOST_TOOLS:
                break
        listed = tuple(found[:_MOST_TOOLS])
        if listed != self.listed:
            self.listed = listed
            self._changed()

    async def _pause(self) -> None:
        if self._failures > _RESTARTS_BY_CALLS:
            # No call may cut this pause short.
            await asyncio.sleep(self._delay)
        else:
            with anyio.move_on_after(self._delay):
                await self._wake.wait()

    @property
    def _delay(self) -> float:
        return min(LONGEST_PAUSE, 2.0**self._failures)

    def _tell(self, fault: str, words: LastWords) -> None:
        said = f" It said: {words.last}" if words.last else ""
        log.warning(
            "mcp server %s (%s): %s; tried again in %g s.%s",
            self.config.name,
            self.config.place,
            fault or "it has ended",
            self._delay,
            said,
        )


class _Forgotten(Exception):
    """The server knows nothing of our session."""

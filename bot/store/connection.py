"""The line to Redis: one place that knows redis-py, its errors and its loose types.

Everything is sent as a batch and costs one round trip, or a part of one (see `batching.py`). A
batch whose connection broke, or could not be made in time, is sent again, since every batch of this
package may run twice without harm (see `scripts.py`); so is one that came to a replica, which was
the master before a failover. A batch without an answer is not: the server may still be at it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

from redis import asyncio as redis_asyncio
from redis import exceptions
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bot import metrics, tracing
from bot.errors import SettingsError, StartupError, StoreUnavailable
from bot.store import scripts, sentinel
from bot.store.batching import Batching, Command
from bot.store.script import Script

log = logging.getLogger(__name__)

_Pool = redis_asyncio.BlockingConnectionPool
Revive = Callable[[], Awaitable[None]]

_PAUSES = (0.0, 0.05, 0.2)  # seconds before a batch is sent again; enough for a server's restart
_SENT_AGAIN = (
    exceptions.ConnectionError,
    exceptions.TimeoutError,  # of connecting alone; also if it was this process that stood still
    exceptions.ReadOnlyError,
)
_SCHEMES = ("redis", "rediss", "unix")
_TAKES = (
    "takes redis://[[user]:password@]host[:port][/db], rediss://… (TLS), unix://path[?db=0] or "
    "redis+sentinel://host,host2/service"
)

# A password with one of these in it comes apart, and its rest is taken for a port or a database.
_IN_PASSWORDS = " (in a password write %23 for #, %2F for /, %3A for :, %3F for ?, %40 for @)"


def call(script: Script, keys: Sequence[str], *args: str | bytes | int | float) -> Command:
    """Name a script's run on `keys`, as a command for a batch."""
    return ("EVALSHA", script.sha, len(keys), *keys, *args)


class Connection:
    """A pool of connections to one Redis, or to the master that its Sentinels name.

    `timeout` bounds a whole call in seconds: reaching the server, its answer and repetitions;
    within that, `connect_timeout` bounds the reaching alone. At most `max_connections` trips
    are under way at once; more wait. `revive` is asked to bring the server back when it does not
    answer (the embedded one); it raises `StartupError` if it cannot.
    """

    def __init__(
        self,
        url: str,
        *,
        connect_timeout: float,
        timeout: float,
        max_connections: int,
        revive: Revive | None = None,
    ) -> None:
        self._master: sentinel.Master | None = None
        if sentinel.is_sentinel(url):
            address = sentinel.read(url)
            self._master = sentinel.Master(address)
            url = address.url(*address.sentinels[0])
        self._pool = _pool(url, connect_timeout, max_connections)
        if self._master:
            self._master.serve(self._pool)
        self._redis: Any = redis_asyncio.Redis.from_pool(self._pool)
        self._batching = Batching(self._send)
        self._timeout = timeout
        self._revive = revive

    async def run(self, *commands: Command) -> list[Any]:
        """Send a batch in one round trip and return the answers, in order.

        Other people's commands may come between two of it; what must not be parted is one script.
        Raises `StoreUnavailable` if the server cannot be reached in time or refuses any command.
        """
        began, outcome = time.perf_counter(), "failed"
        try:
            answers = await self._ask(commands)
            outcome = "ok"
            return answers
        finally:
            metrics.REDIS_CALLS.labels(outcome).inc()
            seconds = time.perf_counter() - began
            metrics.REDIS_SECONDS.observe(seconds)
            tracing.redis_call(outcome, len(commands), seconds)

    async def _ask(self, commands: Sequence[Command]) -> list[Any]:
        try:
            async with asyncio.timeout(self._timeout):
                return await self._persist(commands)
        except TimeoutError as error:
            raise StoreUnavailable(detail=f"no answer in {self._timeout:g} s") from error
        except (exceptions.RedisError, OSError) as error:
            raise StoreUnavailable(detail=f"{type(error).__name__}: {error}") from error
        except StartupError as error:
            raise StoreUnavailable(detail=str(error)) from error

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.disconnect()
        if self._master:
            await self._master.aclose()

    async def _persist(self, commands: Sequence[Command]) -> list[Any]:
        for pause in _PAUSES:
            try:
                return await self._with_scripts(commands)
            except exceptions.AuthenticationError:
                raise
            except _SENT_AGAIN as error:
                log.debug("the connection to Redis broke (%s); asking again", error)
            metrics.REDIS_RETRIES.inc()
            if self._revive is not None:
                await self._revive()
            await asyncio.sleep(pause)
        return await self._with_scripts(commands)

    async def _with_scripts(self, commands: Sequence[Command]) -> list[Any]:
        try:
            return await self._batching.run(commands)
        except exceptions.NoScriptError:
            # A server that restarted has forgotten the scripts; teach it in the same round trip.
            lessons = [("SCRIPT", "LOAD", script.text) for script in scripts.ALL]
            answers = await self._batching.run([*lessons, *commands])
            return answers[len(lessons) :]

    async def _send(self, commands: Sequence[Command]) -> list[Any]:
        async with (
            asyncio.timeout(self._timeout),
            self._redis.pipeline(transaction=False) as pipe,
        ):
            for command in commands:
                pipe.execute_command(*command)
            answers = cast(list[Any], await pipe.execute(raise_on_error=False))
        if any(isinstance(answer, exceptions.ReadOnlyError) for answer in answers):
            # It was the master when it was connected to; at its address there may be another now.
            await self._pool.disconnect(inuse_connections=False)
        return answers


def _pool(url: str, connect_timeout: float, max_connections: int) -> _Pool:
    _check(url)
    try:
        from_url = cast(Callable[..., _Pool], _Pool.from_url)  # pyright: ignore[reportUnknownMemberType]
        pool = from_url(
            url,
            max_connections=max_connections,
            # `run` alone bounds a call. redis-py's own timeouts are per answer, not per call, and
            # on Python 3.11 (asyncio.wait_for) they can swallow the cancellation by an outer one.
            timeout=None,
            socket_timeout=None,
            socket_connect_timeout=connect_timeout,
            retry=Retry(NoBackoff(), 0),  # `_persist` knows better what may be repeated
            protocol=2,  # no HELLO, no maintenance messages: any Redis since 5 will do
            client_name="hermes-discord",
            driver_info=None,
        )
        pool.make_connection()  # connects to nothing, but checks the URL's query arguments
    except (ValueError, TypeError, exceptions.RedisError):
        # What they say repeats parts of the address, or speaks of redis-py's insides.
        raise SettingsError(f"REDIS_URL: {_TAKES}; what stands behind a ? is not known") from None
    return pool


def _check(url: str) -> None:
    """Refuse what redis-py would silently read as another server or another database."""
    try:
        parts = urlsplit(url)
        named = bool(parts.path) if parts.scheme == "unix" else bool(parts.hostname)
        database = "" if parts.scheme == "unix" else parts.path.strip("/")
        is_port = parts.port != 0
    except ValueError:
        named, database, is_port = True, "", False
        parts = urlsplit("redis:")
    if not is_port:
        raise SettingsError(
            f"REDIS_URL: {_TAKES}; the port is no number up to 65535{_IN_PASSWORDS}"
        )
    if parts.scheme not in _SCHEMES or not named:
        raise SettingsError(f"REDIS_URL: {_TAKES}{_IN_PASSWORDS if '@' in url else ''}")
    if database and not (database.isascii() and database.isdigit()):
        raise SettingsError(f"REDIS_URL: {_TAKES}; the database is no number{_IN_PASSWORDS}")

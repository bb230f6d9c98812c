"""Redis Sentinel: of several servers one is the master, and Sentinels know which.

The address is `redis+sentinel://[[user]:password@]host[:port],host[:port]…/service[/db]`; with
`rediss+sentinel://` all of them speak TLS. User and password are the servers'; those of the
Sentinels, if they have some, stand behind it: `?sentinel_username=…&sentinel_password=…`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from redis import exceptions
from redis.asyncio.sentinel import (
    Sentinel,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)

from bot.errors import SettingsError, StartupError

SCHEMES = ("redis+sentinel", "rediss+sentinel")
TAKES = "redis+sentinel://[[user]:password@]host[:port],host2[:port]/service[/db]"

_PORT = 26379
_HIGHEST_PORT = 65535
_SECONDS = 1.0  # for a Sentinel to answer; the next one is asked then
_NODE = re.compile(r"(\[[0-9a-fA-F:.%]+\]|[^\s:,\[\]]+)(?::([1-9]\d{0,4}))?")


@dataclass(frozen=True, slots=True)
class Address:
    """Where the Sentinels are, and of which service they are asked for the master."""

    sentinels: tuple[tuple[str, int], ...]
    service: str
    tls: bool
    credentials: str = field(repr=False)
    database: int = 0
    login: dict[str, str] = field(default_factory=dict[str, str], repr=False)

    def url(self, host: str, port: int) -> str:
        """The Redis URL of a server of the service."""
        where = f"[{host}]" if ":" in host else host
        scheme = "rediss" if self.tls else "redis"
        return f"{scheme}://{self.credentials}{where}:{port}/{self.database}"


def is_sentinel(url: str) -> bool:
    """Whether an address names Sentinels and no server."""
    return url.partition("://")[0] in SCHEMES


def read(url: str) -> Address:
    """Read an address; one that is wrong is a `SettingsError` that repeats nothing of it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise SettingsError(f"REDIS_URL: takes {TAKES}") from None
    credentials, at, nodes = parts.netloc.rpartition("@")
    found = [_NODE.fullmatch(node) for node in nodes.split(",")]
    path = re.fullmatch(r"/([^/]+)(?:/(\d{1,4}))?/?", parts.path)
    login = dict(parse_qsl(parts.query))
    if (
        not all(node and int(node[2] or _PORT) <= _HIGHEST_PORT for node in found)
        or path is None
        or parts.fragment
        or not login.keys() <= {"sentinel_username", "sentinel_password"}
    ):
        raise SettingsError(f"REDIS_URL: takes {TAKES}")
    return Address(
        tuple((node[1].strip("[]"), int(node[2] or _PORT)) for node in found if node),
        unquote(path[1]),
        parts.scheme == SCHEMES[1],
        credentials + at,
        int(path[2] or 0),
        {name.removeprefix("sentinel_"): value for name, value in login.items()},
    )


class Master:
    """Where the master of a service is right now, as its Sentinels say.

    To redis-py's connections it is what their `SentinelConnectionPool` would be; that one never
    waits for a free connection.
    """

    is_master = True
    check_connection = False

    def __init__(self, address: Address) -> None:
        self._address = address
        self._sentinel: Any = Sentinel(
            address.sentinels,
            sentinel_kwargs={
                "socket_timeout": _SECONDS,
                "socket_connect_timeout": _SECONDS,
                "ssl": address.tls,
                "protocol": 2,
                **address.login,
            },
        )

    def serve(self, pool: Any) -> None:
        """Have each new connection of a pool lead to the master."""
        pool.connection_class = (
            SentinelManagedSSLConnection if self._address.tls else SentinelManagedConnection
        )
        pool.connection_kwargs["connection_pool"] = self

    async def get_master_address(self) -> tuple[str, int]:
        """Ask for its host and port; a `redis.exceptions.ConnectionError` if nobody knows any."""
        return await self._sentinel.discover_master(self._address.service)

    async def aclose(self) -> None:
        """Close the connections to the Sentinels."""
        await self._sentinel.aclose()


async def master_url(url: str) -> str:
    """The Redis URL of the server behind an address, that is itself unless it names Sentinels.

    Raises `StartupError` if no Sentinel knows a master.
    """
    if not is_sentinel(url):
        return url
    address = read(url)
    master = Master(address)
    try:
        return address.url(*await master.get_master_address())
    except exceptions.RedisError as error:
        raise StartupError(f"the Sentinels cannot be asked for the master: {error}") from None
    finally:
        await master.aclose()

"""Where a server's name leads: asked once, every answer looked at, only those connected to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.net.addresses import is_public
from bot.net.errors import AddressRefused, FetchError
from bot.net.target import Target, not_public

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
OpenSocket = Callable[[int, int, int], socket.socket]

# A name server that keeps its questioners waiting holds up other fetches, and nothing else.
_THREADS = 8


class SystemNames:
    """Resolves names as the system does, in threads of its own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="names")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """All addresses of `host`; OSError if there are none."""
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return [str(address[0]) for *_, address in found]

    def close(self) -> None:
        """Wait for nobody."""
        self._threads.shutdown(wait=False, cancel_futures=True)


async def addresses_of(target: Target, resolve: Resolve, *, trusted: bool) -> tuple[str, ...]:
    """The addresses to connect to; unless trusted, all of them have to be public."""
    found = (target.host,) if target.is_address else await _resolved(target, resolve)
    closed = [] if trusted else [address for address in found if not is_public(address)]
    if closed or not found:
        # One bad address among good ones is an attempt, not an accident.
        raise AddressRefused(not_public(target.host), detail=", ".join(closed) or "no address")
    return found


async def _resolved(target: Target, resolve: Resolve) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(await resolve(target.host, target.port)))
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise FetchError(
                f"{target.host} cannot be looked up right now.", detail=str(error), retry=True
            ) from None
        raise AddressRefused(not_public(target.host), detail=str(error)) from None
    except (OSError, UnicodeError) as error:
        raise AddressRefused(not_public(target.host), detail=str(error)) from None


def connector(
    addresses: tuple[str, ...], open_socket: OpenSocket, tls: Any
) -> aiohttp.TCPConnector:
    """Connections to these addresses and to no other, whatever a name leads to by then."""
    checked = {ip_address(address) for address in addresses}

    def guarded(info: Any) -> socket.socket:
        family, kind, protocol, _, address = info
        if ip_address(address[0]) not in checked:
            raise OSError("not the address that was checked")
        return open_socket(family, kind, protocol)

    return aiohttp.TCPConnector(
        resolver=_Pinned(addresses),
        use_dns_cache=False,
        force_close=True,
        socket_factory=guarded,
        ssl=True if tls is None else tls,
    )


class _Pinned(AbstractResolver):
    """Knows the answer already."""

    def __init__(self, addresses: tuple[str, ...]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Hold nothing."""

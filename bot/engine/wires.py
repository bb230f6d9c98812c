"""The connections to an engine: how they are made, and how soon a dead one is noticed."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import aiohttp

# An idle connection is kept for the next question so long, in seconds.
_KEEP = 30.0

# A machine that vanishes (a router forgets the connection, a container moves) says nothing. All in
# seconds: what it does not acknowledge for so long is lost; after so much silence it is asked for a
# sign of life, so often, as many times. An engine that is merely slow acknowledges at once.
_LOST_AFTER = 15
_ALIVE_AFTER, _ALIVE_EVERY, _ALIVE_TRIES = 15, 5, 3

_OPTIONS = {
    "TCP_USER_TIMEOUT": _LOST_AFTER * 1000,
    "TCP_KEEPIDLE": _ALIVE_AFTER,
    "TCP_KEEPINTVL": _ALIVE_EVERY,
    "TCP_KEEPCNT": _ALIVE_TRIES,
}


def connector(tls: ssl.SSLContext | bool = True) -> aiohttp.TCPConnector:
    """A pool without a bound.

    The conversation bounds how many streams are open, and an engine queues them better than a pool
    that cannot tell why it waits.
    """
    return aiohttp.TCPConnector(limit=0, ssl=tls, keepalive_timeout=_KEEP, socket_factory=_made)


def patience(connect: float) -> aiohttp.ClientTimeout:
    """`connect` seconds for a connection, with the look-up of its name; no bound on the rest."""
    return aiohttp.ClientTimeout(total=None, connect=connect, sock_connect=connect)


def _made(address: tuple[int, int, int, str, tuple[Any, ...]]) -> socket.socket:
    made = socket.socket(*address[:3])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _OPTIONS.items():
        # Not every system has all of them.
        if (option := getattr(socket, name, None)) is not None:
            made.setsockopt(socket.IPPROTO_TCP, option, value)
    return made

"""The one way by which the bot's tools get something from the internet.

Addresses come from models and strangers, who may want to reach what only this machine can: its
neighbours in a private network, or its cloud's secrets. So a name is resolved once, all that it
leads to has to be public, and the connection goes to exactly that; every redirect starts over.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Self

import aiohttp
from yarl import URL

from bot import __version__
from bot.net.body import PACKED, read_body
from bot.net.cache import Cache
from bot.net.errors import AddressRefused, FetchError, TooLarge, WrongType
from bot.net.names import OpenSocket, Resolve, SystemNames, addresses_of, connector
from bot.net.response import Response, known_charset
from bot.net.target import PORTS, Target, check_public, read

__all__ = ["JSON", "PAGES", "AddressRefused", "FetchError", "Fetcher", "Response"]
__all__ += ["TooLarge", "WrongType"]

JSON = ("application/json",)
PAGES = ("text/html", "application/xhtml+xml", "text/plain")
USER_AGENT = f"hermes-discord/{__version__} (self-hosted Discord bot)"

_MAX_BYTES = 2 * 2**20
_MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class _Ask:
    """What is wanted, the same for every hop but for the headers."""

    headers: Mapping[str, str]
    types: Sequence[str]
    max_bytes: int
    sent: object = None


class Fetcher:
    """Fetches from public servers, and from the origins in `allow`, which may be private.

    `allow` is what the operator configured: scheme, host and port, such as http://searxng:8080.
    `ports` are those that public servers are asked on. Use it in `async with`.
    """

    def __init__(
        self,
        *,
        allow: Collection[str] = (),
        ports: Collection[int] = PORTS,
        resolve: Resolve | None = None,
        open_socket: OpenSocket = socket.socket,
        tls: ssl.SSLContext | None = None,
        user_agent: str = USER_AGENT,
    ) -> None:
        self._allow = frozenset(str(URL(origin).origin()) for origin in allow)
        self._ports = frozenset(ports)
        self._names = SystemNames()
        self._resolve = resolve or self._names
        self._open_socket = open_socket
        self._tls = tls
        self._user_agent = user_agent
        self._cache = Cache()
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._names.close()

    async def get(
        self,
        url: str,
        *,
        params: Mapping[str, str | int | float] | None = None,
        headers: Mapping[str, str] | None = None,
        types: Sequence[str] = JSON,
        max_bytes: int = _MAX_BYTES,
        timeout: float = 10.0,
        cache: float = 0.0,
        public_only: bool = False,
    ) -> Response:
        """Fetch `url`; whatever goes wrong, a refusal by the server included, is a `FetchError`.

        `timeout` is for everything together, `cache` the seconds for which the answer may be used
        again. Say `public_only` whenever a model or a person chose the address: then `allow` does
        not count, and the operator's own services stay out of reach.
        """
        target = read(url, params)
        key = (str(target.url), public_only, tuple(types), tuple(sorted((headers or {}).items())))
        now = asyncio.get_running_loop().time()
        kept = self._cache.get(key, now) if cache else None
        if kept is not None and len(kept.body) <= max_bytes:
            return kept
        ask = _Ask(dict(headers or {}), types, max_bytes)
        trusted = not public_only and target.origin in self._allow
        response = await self._in_time(target, ask, trusted, timeout)
        if cache:
            self._cache.put(key, response, now + cache)
        return response

    async def post(
        self,
        url: str,
        sent: object,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = 10.0,
    ) -> Response:
        """Send JSON to one of the operator's own services; errors as in `get`.

        It goes to that address and nowhere else: a redirect is an error.
        """
        target = read(url, None)
        if target.origin not in self._allow:
            raise AddressRefused(detail=f"{target.origin} is not a service of the operator")
        ask = _Ask(dict(headers or {}), JSON, _MAX_BYTES, sent)
        return await self._in_time(target, ask, True, timeout)

    async def _in_time(self, target: Target, ask: _Ask, trusted: bool, timeout: float) -> Response:
        host = target.host
        try:
            async with asyncio.timeout(timeout), self._places:
                return await self._follow(target, ask, trusted)
        except TimeoutError:
            raise FetchError(f"{host} took too long to answer.", retry=True) from None
        except aiohttp.ClientSSLError as error:
            raise FetchError(
                f"{host} could not prove who it is (its certificate is not valid).",
                detail=str(error),
            ) from None
        except aiohttp.ClientConnectorError as error:
            raise FetchError(f"{host} does not answer.", detail=str(error), retry=True) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise FetchError(
                f"{host} gave an answer that cannot be read.",
                detail=f"{type(error).__name__}: {error}"[:200],
            ) from None

    async def _follow(self, first: Target, ask: _Ask, trusted: bool) -> Response:
        at, is_first = first, True
        try:
            for _ in range(_MAX_REDIRECTS + 1):
                answer = await self._hop(at, ask, trusted)
                if isinstance(answer, Response):
                    return answer
                if ask.sent is not None:
                    raise FetchError(f"{first.host} sends what it is given elsewhere.")
                is_first = False
                at, before = at.following(answer), at
                _check_step(before, at)
                if at.origin != before.origin:
                    # What one server may know, and where one may go, is not another's to use.
                    ask, trusted = replace(ask, headers={}), False
        except AddressRefused as error:
            if is_first:
                raise
            raise AddressRefused(
                f"{first.host} leads on to an address that this bot does not visit.",
                detail=str(error),
            ) from None
        raise FetchError(f"{first.host} sends its visitors on and on.", detail="redirects")

    async def _hop(self, target: Target, ask: _Ask, trusted: bool) -> Response | str:
        """One request: an answer, or where it is to be found instead."""
        if not trusted:
            check_public(target, self._ports)
        found = await addresses_of(target, self._resolve, trusted=trusted)
        async with (
            self._session(found) as session,
            session.request(
                "GET" if ask.sent is None else "POST",
                target.url,
                headers=self._headers(ask),
                json=ask.sent,
                allow_redirects=False,
            ) as answer,
        ):
            location = answer.headers.get("Location", "")
            if answer.status in _REDIRECTS and location:
                return location
            _check_answer(target, answer, ask.types)
            return Response(
                status=answer.status,
                url=str(target.url),
                content_type=answer.content_type,
                body=await read_body(answer, ask.max_bytes),
                charset=known_charset(answer.charset),
            )

    def _session(self, found: tuple[str, ...]) -> aiohttp.ClientSession:
        """A session for one request: nothing of it is left for the next."""
        return aiohttp.ClientSession(
            connector=connector(found, self._open_socket, self._tls),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            trust_env=False,
        )

    def _headers(self, ask: _Ask) -> dict[str, str]:
        ours = {
            "User-Agent": self._user_agent,
            "Accept": ", ".join(ask.types),
            "Accept-Encoding": PACKED,
        }
        return {**ours, **ask.headers}


def _check_step(before: Target, at: Target) -> None:
    if before.url.scheme == "https" and at.url.scheme != "https":
        raise AddressRefused(detail=f"from {before.origin} down to {at.origin}")


def _check_answer(target: Target, answer: aiohttp.ClientResponse, types: Sequence[str]) -> None:
    status = answer.status
    if not 200 <= status < 300:
        raise FetchError(
            f"{target.host} answered with an error ({_status(status)}).",
            status=status,
            retry=status >= 500 or status == HTTPStatus.TOO_MANY_REQUESTS,
        )
    kind = answer.content_type[:80] if "Content-Type" in answer.headers else "nothing"
    is_json = kind.endswith("+json") and "application/json" in types
    if kind not in types and not is_json:
        raise WrongType(
            f"{target.host} sent {kind}, which cannot be read here.", detail=", ".join(types)
        )


def _status(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)

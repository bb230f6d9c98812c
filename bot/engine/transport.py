"""httpx2's requests over aiohttp's connections.

The client of huggingface_hub wants an httpx2 client. What httpx2 brings along for the wire (h11 and
anyio) takes a third of the time that a streamed token costs; aiohttp, which speaks to Discord
already, reads the same bytes in C. Only the transport is exchanged: nobody above it notices.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from weakref import WeakSet

import aiohttp
import httpx2
from yarl import URL

from bot.engine.sse import blocks, gathered
from bot.engine.wires import connector, patience


class Response(httpx2.Response):
    """A response that gives lines in blocks (see `bot.engine.sse`)."""

    def aiter_lines(self) -> AsyncIterator[str]:
        """The lines of the body, together those that came together."""
        return blocks(self.aiter_raw())


class Transport(httpx2.AsyncBaseTransport):
    """Connections of one engine. `connect` is how many seconds making one may take."""

    def __init__(self, tls: ssl.SSLContext, connect: float) -> None:
        self._session = aiohttp.ClientSession(
            connector=connector(tls),
            timeout=patience(connect),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            trust_env=False,
        )
        self._bodies: WeakSet[_Body] = WeakSet()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request and give the response as soon as its headers are there."""
        with _as_httpx(request):
            answer = await self._session.request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=request.headers.multi_items(),
                data=await request.aread(),
                allow_redirects=False,
            )
        body = _Body(answer, request)
        self._bodies.add(body)
        # Nobody asked for a compressed body, but proxies send them: aiohttp has unpacked it if it
        # can, and httpx2 is not to do that once more.
        headers = [pair for pair in answer.raw_headers if not _is_unpacked(*pair)]
        return Response(answer.status, headers=headers, stream=body)

    async def aclose(self) -> None:
        """Close all connections; whoever reads from one is told at once."""
        for body in tuple(self._bodies):
            body.break_off()
        await self._session.close()


def _is_unpacked(name: bytes, value: bytes) -> bool:
    return name.lower() == b"content-encoding" and value.strip().lower() in (b"gzip", b"deflate")


class _Body(httpx2.AsyncByteStream):
    def __init__(self, answer: aiohttp.ClientResponse, request: httpx2.Request) -> None:
        self._answer = answer
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx(self._request):
            async for chunk in gathered(self._answer.content):
                yield chunk

    def break_off(self) -> None:
        """End the reading with an error."""
        self._answer.content.set_exception(aiohttp.ClientConnectionError("the engine was closed"))
        self._answer.close()

    async def aclose(self) -> None:
        # A body that was not read to its end takes its connection with it: the engine stops.
        self._answer.close()


@contextmanager
def _as_httpx(request: httpx2.Request) -> Generator[None]:
    """Turn aiohttp's errors into httpx2's, which the code above knows."""
    try:
        yield
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise httpx2.ConnectError(str(error), request=request) from error
    except (aiohttp.ServerTimeoutError, TimeoutError) as error:
        raise httpx2.ReadTimeout(str(error), request=request) from error
    except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError) as error:
        raise httpx2.RemoteProtocolError(str(error), request=request) from error
    except aiohttp.InvalidURL as error:
        raise httpx2.UnsupportedProtocol(str(error), request=request) from error
    except (aiohttp.ClientError, OSError) as error:
        raise httpx2.ReadError(str(error), request=request) from error

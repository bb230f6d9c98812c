"""Addresses that lead inside: refused, and nobody inside ever hears of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web

from bot.net.fetch import AddressRefused, Fetcher, FetchError

LINES = (Path(__file__).parent / "hostile_urls.txt").read_text("utf-8").splitlines()
URLS = [
    json.loads(line) if line.startswith('"') else line
    for line in LINES
    if not line.startswith("# ")
]
SHOP = "93.184.215.14"


class Neighbour:
    """A server inside, which must never be reached."""

    def __init__(self) -> None:
        self.visits = 0
        self.port = 0
        self._servers: list[asyncio.Server] = []

    async def start(self) -> None:
        first = await asyncio.start_server(self._visited, "127.0.0.1", 0)
        self.port = first.sockets[0].getsockname()[1]
        self._servers.append(first)
        with contextlib.suppress(OSError):  # a machine without IPv6
            self._servers.append(await asyncio.start_server(self._visited, "::1", self.port))

    async def _visited(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        body = b'"secret"'
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        writer.write(head.encode() + b"\r\n\r\n" + body)
        writer.close()

    async def settled_visits(self) -> int:
        """The visits, once everybody who is on the way has arrived."""
        await asyncio.sleep(0.05)
        return self.visits

    def stop(self) -> None:
        for server in self._servers:
            server.close()


@pytest_asyncio.fixture
async def neighbour():
    neighbour = Neighbour()
    await neighbour.start()
    yield neighbour
    neighbour.stop()


def everything_leads_to(*addresses: str):
    async def resolve(host: str, port: int) -> list[str]:
        return list(addresses)

    return resolve


def fetcher(neighbour: Neighbour, **more) -> Fetcher:
    """A fetcher that would be let in by the port, among people whose names all lead inside."""
    ports = {80, 443, 8080, 8443, neighbour.port}
    return Fetcher(**{"resolve": everything_leads_to("127.0.0.1", "::1"), "ports": ports, **more})


def at(url: str, neighbour: Neighbour) -> str:
    return url.replace("{port}", str(neighbour.port))


def test_there_are_enough_of_them():
    assert len(set(URLS)) > 200


@pytest.mark.parametrize("url", URLS)
async def test_each_is_refused_in_words(neighbour, url):
    async with fetcher(neighbour) as fetch:
        with pytest.raises(AddressRefused) as refusal:
            await fetch.get(at(url, neighbour))
    assert refusal.value.text.endswith(".")
    written = "127.0.0.1" in url or "7f00:1" in url  # as Python 3.14 writes the latter, too
    assert written or "127.0.0.1" not in refusal.value.text


async def test_none_of_them_arrives(neighbour):
    async with fetcher(neighbour) as fetch:
        for url in URLS:
            with pytest.raises(FetchError):
                await fetch.get(at(url, neighbour))
    assert await neighbour.settled_visits() == 0


async def test_none_of_them_arrives_with_the_systems_own_names(neighbour):
    # The system knows localhost, and reads odd spellings of addresses as C does.
    async with Fetcher(ports={80, 443, 8080, 8443, neighbour.port}) as fetch:
        for url in URLS:
            if "localhost" in url or ("example" not in url and "nip.io" not in url):
                with pytest.raises(FetchError):
                    await fetch.get(at(url, neighbour), timeout=5)
    assert await neighbour.settled_visits() == 0


async def test_none_of_them_is_led_to_by_a_redirect(neighbour, internet):
    where = ""

    async def lead_on(request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": where})

    await internet.serve(SHOP, 80, lead_on)

    async def resolve(host: str, port: int) -> list[str]:
        return [SHOP] if host == "shop.example" else ["127.0.0.1"]

    led = 0
    async with fetcher(neighbour, resolve=resolve, open_socket=internet.open) as fetch:
        for url in URLS:
            where = at(url, neighbour)
            # A header has no place for these, and a path without a server is one of the shop's.
            if any(ord(one) < 32 for one in where) or ":" not in where or where[0] in " \xa0":
                continue
            with pytest.raises(FetchError) as refusal:
                await fetch.get("http://shop.example/")
            assert "127.0.0.1" not in refusal.value.text, url
            led += 1
    assert led > 200
    assert {address for address, _ in internet.connected} == {SHOP}
    assert await neighbour.settled_visits() == 0


async def test_the_neighbour_would_have_answered(neighbour):
    # What the tests above stand on: the same fetcher arrives where the operator allows it.
    address = f"http://127.0.0.1:{neighbour.port}"
    async with fetcher(neighbour, allow=[address]) as fetch:
        assert (await fetch.get(address)).json() == "secret"
    assert await neighbour.settled_visits() == 1


async def test_what_the_operator_allowed_is_closed_to_addresses_from_people(neighbour):
    address = f"http://127.0.0.1:{neighbour.port}"
    async with fetcher(neighbour, allow=[address]) as fetch:
        with pytest.raises(AddressRefused):
            await fetch.get(address, public_only=True)
    assert await neighbour.settled_visits() == 0


@pytest.mark.parametrize(
    "other", ["https://127.0.0.1:{port}/", "http://localhost:{port}/", "http://127.0.0.2:{port}/"]
)
async def test_what_the_operator_allowed_is_one_origin_only(neighbour, other):
    async with fetcher(neighbour, allow=[f"http://127.0.0.1:{neighbour.port}"]) as fetch:
        with pytest.raises(AddressRefused):
            await fetch.get(at(other, neighbour))
    assert await neighbour.settled_visits() == 0


@pytest.mark.parametrize(
    "addresses", [("93.184.215.14", "10.0.0.1"), ("::1", "93.184.215.14"), ("fe80::1%eth0",), ()]
)
async def test_one_address_inside_among_public_ones_is_enough(neighbour, addresses):
    async with fetcher(neighbour, resolve=everything_leads_to(*addresses)) as fetch:
        with pytest.raises(AddressRefused) as refusal:
            await fetch.get("http://shop.example/")
    assert refusal.value.text == "shop.example is not a server on the public internet."


async def test_a_name_inside_and_no_name_sound_alike(internet, neighbour):
    async with fetcher(neighbour, resolve=internet.resolve) as fetch:
        internet.names["wiki.corp.example"] = [["10.1.2.3"]]
        texts = set()
        for name in ("wiki.corp.example", "none.corp.example"):
            with pytest.raises(AddressRefused) as refusal:
                await fetch.get(f"http://{name}/")
            texts.add(refusal.value.text.replace(name, ""))
    assert len(texts) == 1

"""What a fetch gives, and what servers that misbehave can and cannot do to it."""

from __future__ import annotations

import asyncio
import gzip
import os
import socket
import time
import zlib

import pytest
from aiohttp import web

from bot.net.fetch import PAGES, AddressRefused, Fetcher, FetchError, TooLarge, WrongType

SHOP, BANK = "93.184.215.14", "93.184.215.15"
URL = "http://shop.example/"


def answers(body: bytes = b'{"a": 1}', kind: str = "application/json", **headers: str):
    async def answer(request: web.Request) -> web.Response:
        sent = {"Content-Type": kind, **{k.replace("_", "-"): v for k, v in headers.items()}}
        return web.Response(body=body, headers=sent)

    return answer


def leads_to(*places: str, status: int = 302):
    """A redirect to each of `places` in turn, then an answer."""
    left = list(places)

    async def lead(request: web.Request) -> web.Response:
        if left:
            return web.Response(status=status, headers={"Location": left.pop(0)})
        return web.json_response("arrived")

    return lead


@pytest.fixture
def internet(internet):
    internet.names = {"shop.example": [[SHOP]], "bank.example": [[BANK]]}
    return internet


async def refusal(internet, url: str = URL, **more) -> FetchError:
    async with internet.fetcher() as fetch:
        with pytest.raises(FetchError) as error:
            await fetch.get(url, **more)
    assert error.value.text.endswith(".")
    return error.value


# What comes back


async def test_an_answer_has_everything(internet):
    await internet.serve(SHOP, 80, answers("é".encode("cp1252"), "text/html; charset=cp1252"))
    async with internet.fetcher() as fetch:
        page = await fetch.get("http://SHOP.example/a b".replace(" ", "%20") + "#c", types=PAGES)
    assert (page.status, page.content_type, page.text) == (200, "text/html", "é")
    assert page.url == "http://shop.example/a%20b"


async def test_parameters_are_quoted(internet):
    await internet.serve(SHOP, 80, answers())
    async with internet.fetcher() as fetch:
        await fetch.get(URL + "?x=1", params={"q": "a&b=c #é", "n": 2, "f": 1.5})
    assert dict(internet.requests[0].query) == {"x": "1", "q": "a&b=c #é", "n": "2", "f": "1.5"}


async def test_a_server_hears_its_name_and_ours_and_nothing_else(internet):
    await internet.serve(SHOP, 8080, answers(Set_Cookie="a=b"))
    async with internet.fetcher() as fetch:
        for _ in range(2):
            await fetch.get("http://shop.example:8080/")
    heard = dict(internet.requests[1].headers)
    assert heard.pop("User-Agent").startswith("hermes-discord/")
    assert heard.pop("Accept-Encoding") == "gzip"
    assert heard == {
        "Host": "shop.example:8080",
        "Accept": "application/json",
        "Connection": "close",
    }


async def test_proxies_of_the_environment_are_not_asked(internet, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    await internet.serve(SHOP, 80, answers())
    async with internet.fetcher() as fetch:
        assert (await fetch.get(URL)).json() == {"a": 1}


async def test_a_certificate_has_to_be_of_that_name(internet):
    internet.names["bank.example"] = [[SHOP]]
    await internet.serve(SHOP, 443, answers(), tls=True)
    async with internet.fetcher() as fetch:
        assert (await fetch.get("https://shop.example/")).json() == {"a": 1}
    assert "certificate" in (await refusal(internet, "https://bank.example/")).text
    assert internet.requests[0].headers["Host"] == "shop.example"
    assert len(internet.requests) == 1


async def test_a_certificate_has_to_be_of_an_authority_that_is_known(internet):
    await internet.serve(SHOP, 443, answers(), tls=True)
    async with internet.fetcher(tls=None) as fetch:
        with pytest.raises(FetchError, match="certificate"):
            await fetch.get("https://shop.example/")


@pytest.mark.parametrize("charset", ["idna", "punycode", "zlib", "nonsense", "utf-7", "\x00"])
async def test_a_charset_that_is_none_is_read_as_utf_8(internet, charset):
    await internet.serve_bytes(
        SHOP, 80, writes(200, "é".encode() * 1000, f"Content-Type: text/plain; charset={charset}")
    )
    async with internet.fetcher() as fetch:
        try:
            assert (await fetch.get(URL, types=PAGES)).text == "é" * 1000
        except FetchError:
            assert charset == "\x00"


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed(internet, status):
    await internet.serve(SHOP, 80, leads_to("/b?c=d", "//bank.example/e", status=status))
    await internet.serve(BANK, 80, answers())
    async with internet.fetcher() as fetch:
        assert (await fetch.get(URL)).url == "http://bank.example/e"
    assert [request.path_qs for request in internet.requests] == ["/", "/b?c=d", "/e"]


async def test_five_redirects_are_enough(internet):
    steps = [f"/{number}" for number in range(6)]
    await internet.serve(SHOP, 80, leads_to(*steps[:5]))
    async with internet.fetcher() as fetch:
        assert (await fetch.get(URL)).json() == "arrived"
    internet.requests.clear()
    await internet.serve(SHOP, 80, leads_to(*steps))
    assert "on and on" in (await refusal(internet)).text
    assert len(internet.requests) == 6


async def test_a_circle_ends(internet):
    await internet.serve(SHOP, 80, leads_to(*["/"] * 100))
    assert "on and on" in (await refusal(internet)).text


async def test_a_secured_page_does_not_lead_to_an_open_one(internet):
    await internet.serve(SHOP, 443, leads_to("http://bank.example/"), tls=True)
    await internet.serve(BANK, 80, answers())
    error = await refusal(internet, "https://shop.example/")
    assert isinstance(error, AddressRefused)
    assert [request.host for request in internet.requests] == ["shop.example"]


async def test_an_open_page_may_lead_to_a_secured_one(internet):
    await internet.serve(SHOP, 80, leads_to("https://shop.example/"))
    await internet.serve(SHOP, 443, answers(), tls=True)
    async with internet.fetcher() as fetch:
        assert (await fetch.get(URL)).url == "https://shop.example/"


async def test_what_is_told_to_one_server_is_not_told_to_the_next(internet):
    await internet.serve(SHOP, 80, leads_to("/again", "http://bank.example/"))
    await internet.serve(BANK, 80, answers())
    async with internet.fetcher() as fetch:
        await fetch.get(URL, headers={"Authorization": "Bearer key", "X-Key": "key"})
    first, again, bank = (request.headers for request in internet.requests)
    assert first["Authorization"] == again["Authorization"] == "Bearer key"
    assert "Authorization" not in bank
    assert "X-Key" not in bank
    assert "Referer" not in bank


async def test_a_private_origin_does_not_lead_to_another_one(internet):
    searxng = await internet.serve("10.0.0.1", 8080, leads_to("http://redis:6380/", "/b"))
    await internet.serve("10.0.0.2", 6380, answers())
    internet.names.update({"searxng": [["10.0.0.1"]], "redis": [["10.0.0.2"]]})
    allow = ["http://searxng:8080", "http://redis:6380"]
    async with internet.fetcher(allow=allow) as fetch:
        with pytest.raises(AddressRefused) as error:
            await fetch.get("http://searxng:8080/")
        assert "redis" not in error.value.text
        assert (await fetch.get("http://searxng:8080/")).url == "http://searxng:8080/b"
        assert (await fetch.get("http://redis:6380/")).json() == {"a": 1}
    assert searxng
    assert [request.host for request in internet.requests] == [
        *("searxng:8080", "searxng:8080", "searxng:8080", "redis:6380"),
    ]


async def test_the_way_back_to_a_private_origin_is_closed(internet):
    await internet.serve("10.0.0.1", 8080, leads_to(URL))
    await internet.serve(SHOP, 80, leads_to("http://searxng:8080/delete-everything"))
    internet.names["searxng"] = [["10.0.0.1"]]
    async with internet.fetcher(allow=["http://searxng:8080"]) as fetch:
        with pytest.raises(AddressRefused):
            await fetch.get("http://searxng:8080/")
    assert [request.path for request in internet.requests] == ["/", "/"]


async def test_a_private_origin_does_not_answer_for_a_public_page(internet):
    await internet.serve("10.0.0.1", 8080, answers())
    await internet.serve(SHOP, 80, leads_to("http://searxng:8080/"))
    internet.names["searxng"] = [["10.0.0.1"]]
    async with internet.fetcher(allow=["http://searxng:8080"]) as fetch:
        with pytest.raises(AddressRefused):
            await fetch.get(URL)
    assert ("10.0.0.1", 8080) not in internet.connected


# Names that change


async def test_a_name_is_asked_once_and_connected_to_as_it_was_checked(internet):
    await internet.serve(SHOP, 80, answers())
    internet.names["shop.example"] = [[SHOP], ["127.0.0.1"]]
    async with internet.fetcher() as fetch:
        assert (await fetch.get(URL)).json() == {"a": 1}
        assert internet.lookups == ["shop.example"]
        with pytest.raises(AddressRefused):
            await fetch.get(URL)
    assert internet.connected == [(SHOP, 80)]


async def test_a_redirect_to_the_same_name_is_checked_anew(internet):
    await internet.serve(SHOP, 80, leads_to("/inside"))
    internet.names["shop.example"] = [[SHOP], ["169.254.169.254"]]
    assert isinstance(await refusal(internet), AddressRefused)
    assert internet.connected == [(SHOP, 80)]


async def test_the_next_address_is_tried_when_one_is_dead(internet):
    await internet.serve(BANK, 80, answers())
    internet.names["shop.example"] = [[SHOP, BANK]]
    await internet.serve_bytes(SHOP, 81, writes(200, b""))  # nothing on port 80
    original = internet.real

    def dead(address):
        if address[0] == SHOP:
            raise ConnectionRefusedError
        return original(address)

    internet.real = dead
    async with internet.fetcher() as fetch:
        assert (await fetch.get(URL)).json() == {"a": 1}


async def test_a_failing_name_server_is_worth_another_try(internet):
    async def fail(host, port):
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    async with internet.fetcher(resolve=fail) as fetch:
        with pytest.raises(FetchError, match="looked up") as error:
            await fetch.get(URL)
    assert error.value.retry


# Answers that are too much


def writes(status: int, body: bytes, *headers: str):
    async def write(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (f"HTTP/1.1 {status} Fine", *headers, "Connection: close")
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await writer.drain()

    return write


START = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def for_ever(piece: bytes, *headers: str, pause: float = 0.0, start: str = START + "\r\n"):
    async def write(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        added = "".join(f"{header}\r\n" for header in headers)
        writer.write((start.removesuffix("\r\n") + added + "\r\n" if added else start).encode())
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return write


def peak_memory() -> int:
    """What this process has in memory, in MiB."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") // 2**20


def bomb(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = bytes(2**20)
    return b"".join(packer.compress(piece) for _ in range(megabytes)) + packer.flush()


async def test_a_packed_answer_is_unpacked(internet):
    body = gzip.compress(b'{"a":') + gzip.compress(b" 1}")
    await internet.serve(SHOP, 80, answers(body, Content_Encoding="gzip"))
    async with internet.fetcher() as fetch:
        assert (await fetch.get(URL)).json() == {"a": 1}


async def test_a_bomb_does_not_go_off(internet):
    await internet.serve(SHOP, 80, answers(bomb(256), Content_Encoding="gzip"))
    before, started = peak_memory(), time.monotonic()
    assert isinstance(await refusal(internet, max_bytes=2 * 2**20), TooLarge)
    assert time.monotonic() - started < 10
    assert peak_memory() - before < 50


async def test_a_bomb_in_a_bomb_stays_packed(internet):
    body = gzip.compress(bomb(100))
    for packing in ("gzip, gzip", "br", "zstd", "deflate"):
        await internet.serve(SHOP, 80, answers(body, Content_Encoding=packing))
        assert "packed in an unknown way" in (await refusal(internet)).text


async def test_thousands_of_empty_parcels_are_not_opened(internet):
    body = gzip.compress(b"") * 80_000
    await internet.serve(SHOP, 80, answers(body, Content_Encoding="gzip"))
    started = time.monotonic()
    assert "damaged" in (await refusal(internet)).text
    assert time.monotonic() - started < 10


# Without the time of packing: each worker of a run has to find the same tests.
@pytest.mark.parametrize("body", [gzip.compress(b'"x"' * 99, mtime=0)[:-9], b"plain", b""])
async def test_a_broken_parcel_is_told(internet, body):
    await internet.serve(SHOP, 80, answers(body, Content_Encoding="gzip"))
    assert "damaged" in (await refusal(internet)).text


@pytest.mark.parametrize("size", [1000, 1001])
@pytest.mark.parametrize("packing", ["gzip", "identity"])
async def test_the_limit_is_exact_and_holds_after_unpacking(internet, size, packing):
    body = b'"' + b"x" * (size - 2) + b'"'
    sent = gzip.compress(body) if packing == "gzip" else body
    await internet.serve(SHOP, 80, answers(sent, Content_Encoding=packing))
    async with internet.fetcher() as fetch:
        if size > 1000:
            with pytest.raises(TooLarge):
                await fetch.get(URL, max_bytes=1000)
        else:
            assert len((await fetch.get(URL, max_bytes=1000)).body) == 1000


async def test_an_announced_size_is_believed(internet):
    await internet.serve_bytes(SHOP, 80, for_ever(b"x", "Content-Length: 99999999999", pause=5))
    started = time.monotonic()
    assert isinstance(await refusal(internet), TooLarge)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("headers", [(), ("Transfer-Encoding: chunked",)])
async def test_an_endless_body_ends(internet, headers):
    piece = b"10000\r\n" + b"x" * 65536 + b"\r\n" if headers else b"x" * 65536
    await internet.serve_bytes(SHOP, 80, for_ever(piece, *headers))
    before = peak_memory()
    assert isinstance(await refusal(internet, timeout=30), TooLarge)
    assert peak_memory() - before < 50


@pytest.mark.parametrize(
    "talk",
    [
        for_ever(b" ", pause=0.01),
        for_ever(b"X", pause=0.01, start=START),
        for_ever(b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.01, start=""),
    ],
    ids=["body", "header", "continue"],
)
async def test_a_slow_drip_ends_in_time(internet, talk):
    await internet.serve_bytes(SHOP, 80, talk)
    started = time.monotonic()
    error = await refusal(internet, timeout=0.4)
    assert "took too long" in error.text
    assert error.retry
    assert time.monotonic() - started < 10


async def test_a_server_that_says_nothing_ends_in_time(internet):
    async def silent(reader, writer):
        await asyncio.sleep(30)

    await internet.serve_bytes(SHOP, 80, silent)
    assert "took too long" in (await refusal(internet, timeout=0.2)).text


async def test_a_name_server_that_says_nothing_ends_in_time(internet):
    async def silent(host, port):
        await asyncio.sleep(30)

    async with internet.fetcher(resolve=silent) as fetch:
        with pytest.raises(FetchError, match="took too long"):
            await fetch.get(URL, timeout=0.2)


async def test_the_time_limit_is_for_all_redirects_together(internet):
    async def slow(request):
        await asyncio.sleep(0.3)
        return web.Response(status=302, headers={"Location": "/"})

    await internet.serve(SHOP, 80, slow)
    started = time.monotonic()
    assert "took too long" in (await refusal(internet, timeout=0.5)).text
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    "headers",
    [
        for_ever(b"X-Long: " + b"x" * 100_000 + b"\r\n", start=START),
        for_ever(b"X: y\r\n" * 1000, start=START),
        for_ever(b"x" * 65536, start=START),
    ],
    ids=["long", "many", "endless"],
)
async def test_huge_headers_are_not_read(internet, headers):
    await internet.serve_bytes(SHOP, 80, headers)
    before, started = peak_memory(), time.monotonic()
    assert "cannot be read" in (await refusal(internet)).text
    assert time.monotonic() - started < 10
    assert peak_memory() - before < 50


# Answers that are none


@pytest.mark.parametrize("kind", ["video/mp4", "application/octet-stream", "text/html", "x"])
async def test_another_kind_of_answer_is_not_read(internet, kind):
    await internet.serve_bytes(
        SHOP, 80, for_ever(b"x", start=START.replace("application/json", kind) + "\r\n")
    )
    assert isinstance(await refusal(internet), WrongType)


async def test_an_answer_without_a_kind_is_not_read(internet):
    await internet.serve_bytes(SHOP, 80, writes(200, b"{}"))
    assert isinstance(await refusal(internet), WrongType)


async def test_a_dialect_of_json_is_json(internet):
    await internet.serve(SHOP, 80, answers(kind="application/ld+json; charset=utf-8"))
    async with internet.fetcher() as fetch:
        assert (await fetch.get(URL)).json() == {"a": 1}


@pytest.mark.parametrize("body", [b"<html>", b"", b'{"a":', b"[" * 100_000, b"\xff\xfe"])
async def test_what_is_not_json_is_told(internet, body):
    await internet.serve(SHOP, 80, answers(body))
    async with internet.fetcher() as fetch:
        response = await fetch.get(URL)
        with pytest.raises(FetchError, match="not JSON"):
            response.json()


@pytest.mark.parametrize(
    ("status", "retry"), [(400, False), (404, False), (429, True), (500, True), (304, False)]
)
async def test_a_refusal_has_its_status(internet, status, retry):
    await internet.serve(SHOP, 80, lambda request: asyncio.sleep(0, web.Response(status=status)))
    error = await refusal(internet)
    assert (error.status, error.retry) == (status, retry)
    assert str(status) in error.text


@pytest.mark.parametrize("said", [b"SSH-2.0-OpenSSH_9.6\r\n", b"", b"HTTP/1.1 999999 x\r\n\r\n"])
async def test_a_server_that_speaks_something_else_is_told(internet, said):
    async def talk(reader, writer):
        writer.write(said)

    await internet.serve_bytes(SHOP, 80, talk)
    assert "shop.example" in (await refusal(internet)).text


async def test_a_body_that_breaks_off_is_told(internet):
    body = writes(200, b'{"a":', "Content-Type: application/json", "Content-Length: 100")
    await internet.serve_bytes(SHOP, 80, body)
    assert "cannot be read" in (await refusal(internet)).text


async def test_a_server_that_is_down_is_told(internet):
    internet.names["shop.example"] = [["127.0.0.1"]]
    async with internet.fetcher(allow=["http://shop.example:9"]) as fetch:
        with pytest.raises(FetchError, match="does not answer") as error:
            await fetch.get("http://shop.example:9/")
    assert "127.0.0.1" not in error.value.text
    assert error.value.retry


# Answers kept


async def test_an_answer_is_kept_for_a_while_if_asked_to(internet):
    await internet.serve(SHOP, 80, answers())
    async with internet.fetcher() as fetch:
        for _ in range(3):
            assert (await fetch.get(URL, cache=2.0)).json() == {"a": 1}
        assert len(internet.requests) == 1
        await fetch.get(URL)
        await fetch.get(URL, params={"b": 1}, cache=2.0)
        await fetch.get(URL, headers={"X-Key": "1"}, cache=2.0)
        assert len(internet.requests) == 4
        await asyncio.sleep(2.1)
        await fetch.get(URL, cache=2.0)
        assert len(internet.requests) == 5


async def test_what_was_kept_from_a_private_origin_is_not_given_to_strangers(internet):
    await internet.serve("10.0.0.1", 8080, answers())
    internet.names["searxng"] = [["10.0.0.1"]]
    async with internet.fetcher(allow=["http://searxng:8080"]) as fetch:
        await fetch.get("http://searxng:8080/", cache=60)
        with pytest.raises(AddressRefused):
            await fetch.get("http://searxng:8080/", cache=60, public_only=True)


async def test_kept_answers_are_bounded(internet):
    async def large(request):
        return web.Response(body=b"x" * 2**20, content_type="text/plain")

    await internet.serve(SHOP, 80, large)
    async with internet.fetcher() as fetch:
        before = peak_memory()
        for number in range(60):
            await fetch.get(f"{URL}{number}", types=PAGES, cache=60)
        assert peak_memory() - before < 40
        await fetch.get(f"{URL}59", types=PAGES, cache=60)
        assert len(internet.requests) == 60
        await fetch.get(f"{URL}0", types=PAGES, cache=60)
        assert len(internet.requests) == 61


# The system's own names


async def test_the_systems_names_and_sockets_do(internet):
    port = await internet.serve(SHOP, 80, answers())
    allow = [f"http://localhost:{port}/some/path"]
    async with Fetcher(allow=allow) as fetch:
        assert (await fetch.get(f"http://localhost:{port}/")).json() == {"a": 1}
        with pytest.raises(AddressRefused):
            await fetch.get("http://none.such.invalid/")


async def test_many_at_once_wait_for_each_other(internet):
    most = now = 0

    async def busy(request):
        nonlocal most, now
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.02)
        now -= 1
        return web.json_response(1)

    await internet.serve(SHOP, 80, busy)
    async with internet.fetcher() as fetch:
        await asyncio.gather(*(fetch.get(URL) for _ in range(60)))
    assert len(internet.requests) == 60
    assert most <= 16

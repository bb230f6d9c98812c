from __future__ import annotations

import contextlib
import sys
import time

import pytest
import pytest_asyncio
from aiohttp import web

from bot.errors import UserError
from bot.net.fetch import AddressRefused
from bot.net.reading import PageReader
from bot.net.response import Response
from bot.tools.services import Services
from bot.tools.tool import ToolError
from cogs.tools.search import Search
from tests.net.internet import Internet
from tests.tools.canonical import schemas, trained

RESULTS = [
    {
        **{"url": f"https://site{number}.example/", "title": f"Title {number}"},
        **{"content": "Snippet. " * 100, "engine": "duckduckgo", "score": 1.0 / (number + 1)},
        **{"category": "general", "parsed_url": ["https", "a", "/", "", "", ""]},
    }
    for number in range(20)
]
ARTICLE = """<!doctype html><html><head><title>Bears &amp; honey</title>
<script>var secret = 1;</script></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/shop">Shop</a></li></ul></nav>
<article><h1>Bears and honey</h1>{text}</article>
<footer>Imprint and cookies</footer></body></html>"""
PARAGRAPH = "<p>Bears like honey more than anything else, as every child in the village knows.</p>"


def page(text: str = PARAGRAPH * 3, kind: str = "text/html", charset: str = "utf-8"):
    body = ARTICLE.replace("{text}", text).encode(charset)

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=body, headers={"Content-Type": f"{kind}; charset={charset}"})

    return answer


@pytest_asyncio.fixture
async def search(outside):
    outside.answers = {
        "/searxng/search": lambda request: {
            "query": request.query["q"],
            "number_of_results": 20,
            "results": [] if request.query["q"] == "nothing" else RESULTS,
            "answers": [],
        }
    }
    return Search(outside.kit())


@pytest_asyncio.fixture
async def shop(outside):
    """Reads pages of an internet in which there is shop.example."""
    internet = Internet()
    internet.names["shop.example"] = [["93.184.215.14"]]
    async with internet.fetcher(allow=outside.services.overridden()) as fetch:
        internet.cog = Search(outside.kit(fetch=fetch))
        yield internet
    await internet.close()


async def test_the_first_results_are_told(outside, search):
    told = await outside.call(search, "web_search", query=" bears & honey ")
    assert outside.requests[0].query == {"q": "bears & honey", "format": "json"}
    assert len(told["results"]) == 5
    first = told["results"][0]
    assert (first["title"], first["url"]) == ("Title 0", "https://site0.example/")
    assert len(first["snippet"]) == 400


@pytest.mark.parametrize("query", ["nothing", "", "  "])
async def test_a_search_for_nothing_is_told(outside, search, query):
    with pytest.raises(ToolError, match="nothing"):
        await outside.call(search, "web_search", query=query)


async def test_without_a_search_engine_the_operator_is_told_what_to_do(outside):
    cog = Search(outside.kit(Services()))
    with pytest.raises(ToolError, match="SearXNG"):
        await outside.call(cog, "web_search", query="bears")


async def test_a_search_engine_without_json_is_told(outside, search):
    outside.answers["/searxng/search"] = web.Response(status=403)
    with pytest.raises(ToolError, match=r"search\.formats"):
        await outside.call(search, "web_search", query="bears")


async def test_a_page_is_read_without_its_menus(outside, shop):
    await shop.serve("93.184.215.14", 80, page())
    told = await outside.call(shop.cog, "read_page", url="<http://shop.example/bears>")
    assert told["url"] == "http://shop.example/bears"
    assert "Bears like honey" in told["text"]
    for unwanted in ("Home", "Shop", "secret", "Imprint"):
        assert unwanted not in told["text"]
    assert "Bears" in told["title"]
    assert "notice" not in told


async def test_an_address_may_come_without_https(outside, shop):
    await shop.serve("93.184.215.14", 443, page(), tls=True)
    assert (await outside.call(shop.cog, "read_page", url="shop.example"))["text"]


async def test_a_long_page_is_cut_with_a_notice(outside, shop):
    await shop.serve(
        "93.184.215.14",
        80,
        page("".join(f"<p>Bear {n} likes honey more than bear {n + 1}.</p>" for n in range(500))),
    )
    told = await outside.call(shop.cog, "read_page", url="http://shop.example/")
    assert len(told["text"]) == 5000
    assert told["notice"].startswith("These are the first 5000 of ")


async def test_a_plain_text_is_read_as_it_is(outside, shop):
    await shop.serve("93.184.215.14", 80, page("é", "text/plain", "cp1252"))
    told = await outside.call(shop.cog, "read_page", url="http://shop.example/")
    assert told["text"] == ARTICLE.replace("{text}", "é")


async def test_a_page_without_text_is_told(outside, shop):
    await shop.serve("93.184.215.14", 80, page(""))

    async def empty(request):
        return web.Response(text="<html><body></body></html>", content_type="text/html")

    await shop.serve("93.184.215.14", 80, empty)
    with pytest.raises(UserError, match="no text"):
        await outside.call(shop.cog, "read_page", url="http://shop.example/")


@pytest.mark.parametrize(
    "url", ["{services}/searxng/search?q=x&format=json", "file:///etc/passwd", "localhost", "", "a"]
)
async def test_the_operators_own_services_are_no_pages(outside, shop, url):
    with pytest.raises(AddressRefused):
        await outside.call(shop.cog, "read_page", url=url.replace("{services}", outside.url))
    assert outside.requests == []


@pytest.mark.parametrize(
    "body", [b"<p>a</p>" * 250_000, b"<div>" * 200_000 + b"x", b"<p " + b"a=b " * 250_000 + b">x"]
)
async def test_a_page_made_to_hang_the_reader_does_not(body):
    started = time.monotonic()
    with contextlib.suppress(UserError):
        await PageReader().read(Response(200, "", "text/html", body), timeout=2.0)
    assert time.monotonic() - started < 12


async def test_without_the_library_the_operator_is_told_what_to_do(outside, shop, monkeypatch):
    await shop.serve("93.184.215.14", 80, page())
    # Another Python, in which nothing is installed.
    monkeypatch.setattr(sys, "executable", getattr(sys, "_base_executable", sys.executable))
    with pytest.raises(ToolError, match=r"docs/tools\.md"):
        await outside.call(shop.cog, "read_page", url="http://shop.example/")


def test_the_model_sees_what_it_was_trained_on():
    assert schemas(Search(None))["web_search"] == trained("web_search")


def test_services_of_the_operator_are_allowed_and_public_ones_need_not_be():
    assert Services().overridden() == ()
    services = Services(searxng="http://searxng:8080/x", wikipedia="http://wiki:80/{language}")
    assert services.overridden() == ("http://searxng:8080", "http://wiki:80")

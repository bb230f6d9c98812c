from __future__ import annotations

import pytest
import pytest_asyncio

from bot.errors import UserError
from bot.net.fetch import Fetcher
from bot.tools.services import Services
from cogs.tools.wikipedia import Wikipedia

PAGES = [
    {
        **{"pageid": 2, "ns": 0, "title": "Hermes (disambiguation)", "index": 1},
        **{"extract": "Hermes may be:", "pageprops": {"disambiguation": ""}},
        "fullurl": "https://en.wikipedia.org/wiki/Hermes_(disambiguation)",
    },
    {
        **{"pageid": 3, "ns": 0, "title": "Hermes (bird)", "index": 3, "extract": "A bird."},
        "fullurl": "https://en.wikipedia.org/wiki/Hermes_(bird)",
    },
    {
        **{"pageid": 1, "ns": 0, "title": "Hermes", "index": 2, "extract": "A Greek god. " * 500},
        "fullurl": "https://en.wikipedia.org/wiki/Hermes",
    },
]


def answer(request):
    if request.query["gsrsearch"] == "nothing":
        return {"batchcomplete": True}
    return {"batchcomplete": True, "query": {"pages": PAGES}}


@pytest_asyncio.fixture
async def wikipedia(outside):
    outside.answers = {f"/wikipedia/{code}/w/api.php": answer for code in ("en", "zh-yue")}
    return Wikipedia(outside.kit())


async def test_the_best_article_is_told_with_its_address(outside, wikipedia):
    told = await outside.call(wikipedia, "search_wikipedia", query="Hermes")
    assert told["title"] == "Hermes"
    assert told["url"] == "https://en.wikipedia.org/wiki/Hermes"
    assert told["summary"].startswith("A Greek god.")
    assert told["see_also"] == ["Hermes (disambiguation)", "Hermes (bird)"]


async def test_a_long_summary_is_cut(outside, wikipedia):
    told = await outside.call(wikipedia, "search_wikipedia", query="Hermes")
    assert 1500 < len(told["summary"]) <= 2002
    assert told["summary"].endswith(" …")


async def test_other_languages_are_asked(outside, wikipedia):
    await outside.call(wikipedia, "search_wikipedia", query="Hermes", language=" ZH-yue")
    assert outside.requests[-1].path == "/wikipedia/zh-yue/w/api.php"


@pytest.mark.parametrize(
    ("query", "language"),
    [
        *(("nothing", "en"), ("", "en"), ("Hermes", "xx"), ("Hermes", "")),
        *(("Hermes", "en.evil.example/"), ("Hermes", "en@evil"), ("Hermes", "../en")),
    ],
)
async def test_what_there_is_not_is_told(outside, wikipedia, query, language):
    with pytest.raises(UserError) as error:
        await outside.call(wikipedia, "search_wikipedia", query=query, language=language)
    assert error.value.text.endswith(".")


async def test_a_language_without_a_wikipedia_is_told(outside):
    async def nobody(host, port):
        assert host == "qq.wikipedia.org"
        return []

    async with Fetcher(resolve=nobody) as fetch:
        cog = Wikipedia(outside.kit(Services(), fetch))
        with pytest.raises(UserError, match="no Wikipedia in the language qq"):
            await outside.call(cog, "search_wikipedia", query="Hermes", language="qq")

"""The web: searched by the operator's SearXNG, and read page by page."""

from __future__ import annotations

from pydantic import BaseModel

from bot.language import later
from bot.net.fetch import PAGES, FetchError
from bot.net.reading import PageReader, ReaderMissing
from bot.tools.kit import Kit
from bot.tools.tool import ToolError, tool
from cogs.tools import ToolCog

_KEPT = 300
_MOST = 5
_SNIPPET = 400
_LONGEST = 5000


class _Result(BaseModel):
    url: str
    title: str = ""
    content: str | None = None


class _Found(BaseModel):
    results: list[_Result] = []


class Search(ToolCog):
    """Tools that look around on the web."""

    def __init__(self, kit: Kit) -> None:
        super().__init__(kit)
        self._reader = PageReader()

    @tool(reaches_out=True, shows=later("searching the web: {query}"))
    async def web_search(self, query: str) -> object:
        """Search the web.

        Args:
            query: What to search for.
        """
        results = await self._results(query.strip()[:400])
        if not results:
            raise ToolError(f"The search found nothing about {query[:100]}.")
        shown = [
            {
                "title": result.title[:200],
                "url": result.url,
                "snippet": (result.content or "")[:_SNIPPET],
            }
            for result in results[:_MOST]
        ]
        return {"query": query, "results": shown}

    @tool(reaches_out=True, shows=later("reading {url}"), timeout=30.0)
    async def read_page(self, url: str) -> object:
        """Read the main text of a web page.

        Args:
            url: The page's address, such as https://example.com/news.
        """
        address = url.strip().strip("<>")
        if "://" not in address:
            address = f"https://{address}"
        response = await self.kit.fetch.get(
            address, types=PAGES, timeout=12.0, cache=_KEPT, public_only=True
        )
        try:
            page = await self._reader.read(response, timeout=15.0)
        except ReaderMissing:
            raise ToolError(
                "Web pages cannot be read here. The bot's operator can install what that takes "
                "(docs/tools.md says how)."
            ) from None
        text = page.text.strip()
        found = {"url": response.url, "title": page.title[:200], "text": text[:_LONGEST]}
        if len(text) > _LONGEST:
            found["notice"] = f"These are the first {_LONGEST} of {len(text)} characters."
        return found

    async def _results(self, query: str) -> list[_Result]:
        base = self.kit.services.searxng.rstrip("/")
        if not base:
            raise ToolError(
                "There is no search engine here. The bot's operator has to run SearXNG and name "
                "its address in the settings."
            )
        if not query:
            raise ToolError("There is nothing to search for.")
        params = {"q": query, "format": "json"}
        try:
            answer = await self.kit.fetch.get(f"{base}/search", params=params, cache=_KEPT)
        except FetchError as error:
            if error.status != 403:
                raise
            raise ToolError(
                "The search engine refuses to answer programs. The bot's operator has to add json "
                "to search.formats in SearXNG's settings.yml."
            ) from None
        return answer.read_as(_Found).results

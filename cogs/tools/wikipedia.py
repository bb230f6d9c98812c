"""Wikipedia: what it says about something, in a few sentences."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel

from bot.language import later
from bot.net.fetch import AddressRefused
from bot.tools.tool import ToolError, tool
from cogs.tools import ToolCog

_KEPT = 3600
_LONGEST = 2000
_LANGUAGE = re.compile(r"[a-z]{2,12}(-[a-z]{2,12}){0,2}")


class _Page(BaseModel):
    title: str
    fullurl: str = ""
    extract: str = ""
    index: int = 0
    pageprops: dict[str, Any] = {}


class _Pages(BaseModel):
    pages: list[_Page] = []


class _Found(BaseModel):
    query: _Pages = _Pages()


class Wikipedia(ToolCog):
    """A tool that looks things up in the encyclopedia."""

    @tool(reaches_out=True, shows=later("Wikipedia: {query}"))
    async def search_wikipedia(self, query: str, language: str = "en") -> object:
        """Find the best Wikipedia article and read its summary.

        Args:
            query: What to look up.
            language: The code of the Wikipedia's language, such as en or de.
        """
        pages = await self._pages(query, language.strip().lower())
        if not pages:
            raise ToolError(f"Wikipedia has nothing about {query[:100]}.")
        # A list of meanings answers nothing while there is an article.
        best = min(pages, key=lambda page: ("disambiguation" in page.pageprops, page.index))
        found = {"title": best.title, "summary": _cut(best.extract), "url": best.fullurl}
        others = [page.title for page in sorted(pages, key=_place) if page is not best]
        return {**found, "see_also": others} if others else found

    async def _pages(self, query: str, language: str) -> list[_Page]:
        if not _LANGUAGE.fullmatch(language):
            raise ToolError("A language is a code such as en, de or pt.")
        if not query.strip():
            raise ToolError("There is nothing to look up.")
        base = self.kit.services.wikipedia.format(language=language)
        try:
            answer = await self.kit.fetch.get(
                f"{base}/w/api.php", params=_asking(query.strip()[:300]), cache=_KEPT
            )
        except AddressRefused:
            raise ToolError(f"There is no Wikipedia in the language {language}.") from None
        return answer.read_as(_Found).query.pages


def _asking(query: str) -> dict[str, str | int]:
    return {
        "action": "query",
        "format": "json",
        "formatversion": 2,
        "generator": "search",
        "gsrsearch": query,
        "gsrlimit": 4,
        "prop": "extracts|info|pageprops",
        "exintro": 1,
        "explaintext": 1,
        "exlimit": 4,
        "inprop": "url",
        "ppprop": "disambiguation",
        "redirects": 1,
    }


def _place(page: _Page) -> int:
    return page.index


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST].rpartition(" ")[0] + " …"

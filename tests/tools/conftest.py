"""What tools that reach out are tested with: public services, played on the loopback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest_asyncio
from aiohttp import web

from bot.net.fetch import Fetcher
from bot.settings import load
from bot.tools.context import ToolContext
from bot.tools.kit import Kit
from bot.tools.services import Services
from bot.tools.tool import tools_of

Answer = Callable[[web.Request], Any]


class Outside:
    """`answers` maps a path to JSON, or to a function of the request; `requests` came in."""

    def __init__(self) -> None:
        self.answers: dict[str, Any | Answer] = {}
        self.requests: list[web.Request] = []
        self.url = ""

    async def start(self) -> None:
        self._runner = web.ServerRunner(web.Server(self._answer), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.services = Services(
            geocoding=f"{self.url}/geocoding/v1/search",
            forecast=f"{self.url}/forecast/v1/forecast",
            wikipedia=f"{self.url}/wikipedia/{{language}}",
            searxng=f"{self.url}/searxng",
        )
        self.fetch = Fetcher(allow=self.services.overridden())

    async def stop(self) -> None:
        async with self.fetch:
            await self._runner.cleanup()

    def kit(self, services: Services | None = None, fetch: Fetcher | None = None) -> Kit:
        return Kit(
            load({}, dotenv=None),
            fetch=fetch or self.fetch,
            store=None,
            services=services or self.services,
        )

    async def call(self, cog: object, name: str, **arguments: Any) -> Any:
        (tool,) = (tool for tool in tools_of(cog) if tool.name == name)
        return await tool.call(ToolContext("test"), arguments)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(request)
        answer = self.answers.get(request.path)
        if answer is None:
            return web.Response(status=404)
        if callable(answer):
            answer = answer(request)
        return answer if isinstance(answer, web.Response) else web.json_response(answer)


@pytest_asyncio.fixture
async def outside():
    outside = Outside()
    await outside.start()
    yield outside
    await outside.stop()

"""The playground, served on a real port over a real store; the engine is scripted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser

from bot.conversation.model import Model
from bot.conversation.ports import Engine
from bot.conversation.service import Conversations
from bot.conversation.tool_rules import ToolRules
from bot.conversation.toolbox import Toolbox
from bot.net.fetch import Fetcher
from bot.settings import load
from bot.store.history import RedisStore
from bot.tools import discovery
from bot.tools.kit import Kit
from bot.web.playground import Playground
from bot.web.server import serve
from tests.web.browser import Visitor, chromium
from tests.web.scripted import ScriptedEngine

ENGINE_WORDS = "scripted engine"
STORE_WORDS = "private Valkey"


def own_tools(store: RedisStore) -> Toolbox:
    """The bot's own tools, as the playground has them."""
    cogs = discovery.build(Kit(load({}, dotenv=None), Fetcher(), store))
    return Toolbox(discovery.tools_in(cogs), store, ToolRules(store), in_discord=False)


@asynccontextmanager
async def serve_playground(
    engine: Engine, store: RedisStore, port: int = 0, *, tools: bool = False
) -> AsyncIterator[str]:
    """Serve it; with `tools` the bot's own ones that need nobody else."""
    model = Model(engine, None, 512)
    conversations = Conversations(engine, store, model, (), own_tools(store) if tools else None)
    playground = Playground(conversations, model, engine=ENGINE_WORDS, store=STORE_WORDS)
    checks = {"store": store.ping, "engine": engine.describe}
    async with serve("127.0.0.1", port, checks=checks, playground=playground) as address:
        yield address


class Page:
    """What a page does, without a browser: it follows the events and sends requests."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session
        self.seen: list[tuple[str, dict[str, Any]]] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Page]:
        async with self.session.get("/api/events") as response:
            assert response.status == 200
            other = Page(self.session)
            other._response = response
            yield other

    async def next(self) -> tuple[str, dict[str, Any]]:
        name = ""
        async with asyncio.timeout(30):
            while True:
                line = (await self._response.content.readline()).decode()
                if not line:
                    raise EOFError
                if line.startswith("event: "):
                    name = line[7:].strip()
                if line.startswith("data: "):
                    self.seen.append((name, json.loads(line[6:])))
                    return self.seen[-1]

    async def until(self, *names: str) -> dict[str, Any]:
        """Read on to the next event of one of these names."""
        while True:
            name, data = await self.next()
            if name in names:
                return data

    async def send(self, method: str, path: str, body: object = None, **more: Any) -> Any:
        async with self.session.request(method, path, json=body, **more) as response:
            assert response.status < 300, await response.text()
            return await response.json()

    async def say(self, text: str) -> dict[str, Any]:
        """Write something and wait for the answer."""
        await self.send("POST", "/api/messages", {"text": text})
        return await self.until("done")

    async def state(self) -> dict[str, Any]:
        return await self.send("GET", "/api/state")

    async def idle(self) -> None:
        """Wait, without listening, until nothing is being written."""
        async with asyncio.timeout(30):
            while (state := await self.state())["busy"] or not state["messages"]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def texts(self) -> list[str]:
        return [message["text"] for message in (await self.state())["messages"]]


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest_asyncio.fixture
async def address(engine: ScriptedEngine, store: RedisStore) -> AsyncGenerator[str, None]:
    async with serve_playground(engine, store) as address:
        yield address


@asynccontextmanager
async def open_page(address: str) -> AsyncIterator[Page]:
    """A page that has been told the first state."""
    async with aiohttp.ClientSession(address) as session, Page(session).open() as page:
        await page.until("state")
        yield page


@pytest_asyncio.fixture
async def page(address: str) -> AsyncGenerator[Page, None]:
    async with open_page(address) as page:
        yield page


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncGenerator[Browser, None]:
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(
    browser: Browser, valkey_url: str, engine: ScriptedEngine
) -> AsyncGenerator[Visitor, None]:
    """Somebody who has just opened the page, and sees no complaint in the browser's console."""
    async with (
        aclosing(RedisStore(valkey_url)) as store,
        serve_playground(engine, store) as address,
    ):
        visitor = await Visitor.come(browser, address)
        yield visitor
        await visitor.leave()

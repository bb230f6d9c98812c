"""The main job in the page: a browser, the page, the store, llama.cpp and the bundled model."""

from __future__ import annotations

import re
from contextlib import aclosing
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bot.engine.embedded import EmbeddedEngine
from bot.store.history import RedisStore
from tests.web.browser import Visitor
from tests.web.conftest import serve_playground

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
]


async def test_a_conversation_with_the_bundled_model(
    browser: Browser, valkey_url: str, tmp_path: Path
):
    async with (
        aclosing(await EmbeddedEngine.start(None, tmp_path)) as engine,
        aclosing(RedisStore(valkey_url)) as store,
        serve_playground(engine, store) as address,
    ):
        visitor = await Visitor.come(browser, address)
        await expect(visitor.page.locator("#note")).to_contain_text("tiny")
        for words in ("Hello!", "My name is Marisol.", "What is my name?"):
            await visitor.write(words)
            await expect(visitor.questions.last).to_have_text(words)
            await visitor.is_idle()
        await expect(visitor.answers).to_have_count(3)
        await expect(visitor.answers.last).to_contain_text("Marisol")
        # The second and third prompts begin as the ones before did: llama.cpp had read that part.
        legend = visitor.page.locator("#legend")
        await expect(legend).to_contain_text(re.compile(r"from the engine's cache [1-9]\d+"))

        await visitor.page.reload()
        await expect(visitor.answers.last).to_contain_text("Marisol")
        await visitor.leave()

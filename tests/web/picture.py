"""Take the playground's picture for the README anew, with the bundled model.

python -m tests.web.picture [docs/images/playground.png]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from contextlib import aclosing
from pathlib import Path

from playwright.async_api import expect

from bot.conversation.model import Model
from bot.conversation.service import Conversations
from bot.engine.embedded import EmbeddedEngine
from bot.store.embedded import EmbeddedValkey
from bot.store.history import RedisStore
from bot.web.playground import Playground
from bot.web.server import serve
from tests.web.browser import Visitor, chromium
from tests.web.conftest import own_tools

TALK = ("Hello!", "Roll 3d6+2", "My name is Marisol.", "What is my name?")
LOOK = {"viewport": {"width": 1180, "height": 820}, "device_scale_factor": 1.5}


async def take(path: Path, data: Path) -> None:
    async with (
        EmbeddedValkey(data) as valkey,
        aclosing(RedisStore(valkey.url)) as store,
        aclosing(await EmbeddedEngine.start(None, data)) as engine,
        chromium() as browser,
    ):
        model = Model(engine, None, 512)
        conversations = Conversations(engine, store, model, (), own_tools(store))
        words = "llama.cpp on this machine with the bundled tiny model"
        page = Playground(conversations, model, engine=words, store="a private Valkey in data")
        async with serve("127.0.0.1", 0, checks={}, playground=page) as address:
            visitor = await Visitor.come(browser, address, **LOOK)
            for text in TALK:
                await visitor.write(text)
                await expect(visitor.questions.last).to_have_text(text)
                await visitor.is_idle()
            await expect(visitor.page.locator("#prompt")).to_contain_text(TALK[-1])
            await visitor.page.screenshot(path=path)
            print("\n".join(await visitor.answers.all_inner_texts()))


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images/playground.png")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(take(target, Path(folder)))

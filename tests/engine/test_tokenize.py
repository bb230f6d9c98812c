"""How an engine reads a prompt: with BOS, asked on the same way as an answer is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.conversation.model import Model
from bot.conversation.ports import Tokenizer
from bot.engine.connect import ProbedEngine
from bot.engine.embedded import EmbeddedEngine
from bot.engine.openai import OpenAIEngine
from bot.engine.tgi import TgiEngine
from tests.engine.reading import QUICK
from tests.stand_ins.tgi import TgiStandIn


async def test_tgi_shows_the_bos_that_it_adds():
    async with (
        TgiStandIn() as tgi,
        aclosing(TgiEngine(tgi.url, limits=QUICK)) as engine,
        aclosing(ProbedEngine(tgi.url, limits=QUICK)) as probed,
    ):
        ids = await engine.tokenize("<|begin_of_text|>Hi")
        assert ids is not None
        assert len(ids) == 2  # BOS text is never sent
        assert ids[0] == 128000
        assert await probed.tokenize("Hi") == ids
        assert isinstance(engine, Tokenizer)
        assert isinstance(probed, Tokenizer)


async def test_tgi_without_the_route_cannot_tell():
    async with (
        TgiStandIn(tokenize_route=False) as tgi,
        aclosing(TgiEngine(tgi.url, limits=QUICK)) as engine,
    ):
        assert await engine.tokenize("Hi") is None


@asynccontextmanager
async def server(owner: str, answer: Any) -> AsyncIterator[tuple[str, list[Any]]]:
    """A server of a kind whose /tokenize gives `answer`; None: it has no such route."""
    asked: list[Any] = []

    async def models(_: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "m", "owned_by": owner}]})

    async def tokenize(request: web.Request) -> web.Response:
        asked.append(await request.json())
        return web.json_response(answer)

    app = web.Application()
    app.router.add_get("/v1/models", models)
    if answer is not None:
        app.router.add_post("/tokenize", tokenize)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1", asked
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("owner", "answer", "ids"),
    [
        ("llamacpp", {"tokens": [1, 5]}, [1, 5]),
        ("llamacpp", {"tokens": [{"id": 1, "piece": "<s>"}]}, [1]),
        ("vllm", {"count": 2, "max_model_len": 9, "tokens": [128000, 5]}, [128000, 5]),
        ("tgi", [{"id": 1, "text": "", "start": 0, "stop": 0}], [1]),
        ("lmstudio", {"error": "Unexpected endpoint"}, None),
        ("lmstudio", None, None),
    ],
)
async def test_every_servers_answer_is_understood(owner: str, answer: Any, ids: list[int] | None):
    async with (
        server(owner, answer) as (url, asked),
        aclosing(OpenAIEngine(url, limits=QUICK)) as engine,
    ):
        assert await engine.tokenize("Hi") == ids
        # With what the server puts in front, or there would be no BOS to see.
        for body in asked:
            assert body.get("add_special", body.get("add_special_tokens")) is True


async def test_the_bundled_model_reads_one_bos_and_nothing_is_wrong(tmp_path: Path):
    async with aclosing(await EmbeddedEngine.start(None, tmp_path, limits=QUICK)) as engine:
        plain = await engine.tokenize("Hi")
        assert plain is not None
        assert await engine.tokenize("<|begin_of_text|>Hi") == plain
        count = await engine.count_tokens("Hi")
        assert count is not None
        assert len(plain) == count + 1
        assert await Model(engine, None, 512).check() == []

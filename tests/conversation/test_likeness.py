"""Facts in other words than the question: with a real embedding server on the loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from bot.conversation import likeness
from bot.conversation.likeness import Likeness
from bot.conversation.model import Model
from bot.conversation.service import Conversations
from bot.engine.embedding import EmbeddingServer
from bot.engine.limits import Limits
from bot.engine.tgi import TgiEngine
from bot.errors import EngineError
from tests.conversation.test_memory import ANNS, People, sent, tell, told

MEANINGS = {"dog": 0, "puppy": 0, "rex": 0, "tea": 1, "drink": 1}


def meaning(text: str) -> list[float]:
    """What a text is about: the first part is common to all, as with real models."""
    words = text.lower().replace("?", "").split()
    vector = [float(len(words)), 0.0, 0.0, 0.0, 0.0]
    for word in words:
        vector[1 + MEANINGS.get(word, 2 + len(word) % 2)] += 1.0
    return vector


class Meanings:
    """Both kinds of servers; `texts` is what was asked, `fault` what goes wrong."""

    def __init__(self) -> None:
        self.texts: list[list[str]] = []
        self.fault = ""
        self.length = 5

    async def start(self) -> None:
        self._runner = web.ServerRunner(web.Server(self._answer), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body: dict[str, Any] = await request.json()
        plain = request.path == "/embed"
        texts: Sequence[str] = body["inputs" if plain else "input"]
        self.texts.append(list(texts))
        match self.fault:
            case "status":
                return web.Response(status=500)
            case "nonsense":
                return web.json_response({"data": [{}]})
            case "few":
                return web.json_response([[1.0]])
            case "hang":
                await asyncio.sleep(30)
        vectors = [meaning(text)[: self.length] for text in texts]
        if plain:
            return web.json_response(vectors)
        assert request.path == "/v1/embeddings"
        assert body["model"] == "m"
        data = [{"index": n, "embedding": vector} for n, vector in enumerate(vectors)]
        return web.json_response({"data": data[::-1]})


@pytest_asyncio.fixture
async def meanings():
    server = Meanings()
    await server.start()
    yield server
    await server.stop()


@pytest.mark.parametrize("path", ["/embed", "/v1", "/v1/embeddings"])
async def test_a_fact_in_other_words_is_found(path, meanings, tgi, store) -> None:
    engine = TgiEngine(tgi.url, limits=Limits(first_token=2, silence=2, attempts=1))
    embedder = EmbeddingServer(meanings.url + path, "m")
    await tell(store, ANNS, "my dog is Rex")
    await tell(store, ANNS, "I like tea")
    async with aclosing(engine), aclosing(embedder):
        people = People(Conversations(engine, store, Model(engine, None, 1024), embedder=embedder))
        await people.say("puppy puppy?")
        await people.say("puppy dog?")
    first, second = map(told, sent(tgi))
    assert first == [
        "[Remembered: my dog is Rex (Ann said so on 2023-11-14; similar to the question)]"
    ]
    assert second == ['[Remembered: my dog is Rex (Ann said so on 2023-11-14; matched "dog")]']
    assert meanings.texts[1:] == [["puppy dog?"]], "facts are embedded once"


@pytest.mark.parametrize("fault", ["status", "nonsense", "few", "hang", "gone"])
async def test_while_it_fails_words_decide_and_one_line_says_so(
    fault, meanings, caplog, monkeypatch
) -> None:
    monkeypatch.setattr("bot.engine.embedding._SECONDS", 1.0)
    meanings.fault = fault
    if fault == "gone":
        await meanings.stop()
    async with aclosing(EmbeddingServer(meanings.url + "/embed")) as server:
        alike = Likeness(server)
        for _ in range(3):
            assert await alike.of("puppy", ["my dog", "I like tea"]) == [0.0, 0.0]
        assert caplog.text.count("by their words alone") == 1
        assert len(meanings.texts) <= 1, "it is left alone for a while"
        if fault != "gone":
            meanings.fault = ""
            monkeypatch.setattr(alike, "_rests_until", 0.0)
            dog, tea = await alike.of("puppy", ["my dog", "I like tea"])
            assert dog > 0 >= tea


async def test_another_model_needs_no_restart(meanings) -> None:
    async with aclosing(EmbeddingServer(meanings.url + "/embed")) as server:
        alike = Likeness(server)
        assert (await alike.of("puppy", ["my dog"]))[0] > 0
        meanings.length = 4
        assert await alike.of("dog dog", ["my dog"]) == [0.0]
        alike._rests_until = 0.0
        assert (await alike.of("dog dog", ["my dog"]))[0] > 0


async def test_what_is_kept_is_bounded(meanings, monkeypatch) -> None:
    monkeypatch.setattr(likeness, "_KEPT", 20)
    monkeypatch.setattr(likeness, "_MOST", 50)
    async with aclosing(EmbeddingServer(meanings.url + "/embed")) as server:
        alike = Likeness(server)
        texts = [f"dog {n}" for n in range(80)]
        near = await alike.of("puppy", texts)
    assert len(near) == 80
    assert near[0] > 0
    assert near[50:] == [0.0] * 30
    assert max(map(len, meanings.texts)) <= 32
    assert len(alike._vectors) == 20


async def test_without_a_server_nothing_is_asked() -> None:
    assert await Likeness().of("puppy", ["my dog"]) == [0.0]


async def test_a_password_in_its_address_is_not_told() -> None:
    async with aclosing(EmbeddingServer("http://me:hunter2@127.0.0.1:9/embed")) as server:
        with pytest.raises(EngineError) as caught:
            await server.embed(["x"])
    assert "127.0.0.1:9/embed" in caught.value.detail
    assert "hunter2" not in caught.value.detail

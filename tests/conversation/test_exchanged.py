"""Another model behind the same address: whatever is written goes on, in the new one's format."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from bot.conversation.fair_order import Asker
from bot.conversation.model import Model
from bot.conversation.service import Conversations
from bot.conversation.structured import JsonMode
from bot.engine.limits import Limits
from bot.engine.openai import OpenAIEngine
from bot.errors import EngineChanged
from bot.schemas import reading
from bot.store.history import RedisStore
from tests.conversation.conftest import PLACE, Talk
from tests.stand_ins.openai import DONE, OpenAIStandIn, event

OLD, NEW = "hermes-3-llama-3.1-8b", "NousResearch/Hermes-4-70B"
ENDS = {OLD: "<|im_start|>assistant\n", NEW: "<|start_header_id|>assistant<|end_header_id|>\n\n"}
ANN = Asker("ann", "1")


def models(name: str) -> list[dict[str, object]]:
    return [{"id": name, "owned_by": "vllm", "max_model_len": 2048}]


@pytest.fixture
async def server() -> AsyncIterator[OpenAIStandIn]:
    async with OpenAIStandIn([event("word " * 20, "stop"), DONE], models(OLD), strict=True) as one:
        yield one


@pytest.fixture
async def talk(server: OpenAIStandIn, store: RedisStore) -> AsyncIterator[Talk]:
    limits = Limits(first_token=20, silence=20, attempts=1)
    async with aclosing(OpenAIEngine(server.url, limits=limits)) as engine:
        yield Talk(Conversations(engine, store, Model(engine, None, 64), summaries=True))


def asked(server: OpenAIStandIn, count: int) -> list[tuple[str, str]]:
    """The models of the newest requests, and how their prompts end."""
    return [
        (sent["model"], next((end for end in ENDS.values() if sent["prompt"].endswith(end)), ""))
        for sent in server.completions[-count:]
    ]


async def test_json(server: OpenAIStandIn, talk: Talk):
    await talk.say("Hello")
    server.models, server.lines = models(NEW), [event('{"city": "Paris"}', "stop"), DONE]
    served = talk.conversations.models.named("")
    schema = reading.read("city: text")
    found = await JsonMode(served.engine, served.model).ask(schema, "Where is the tower?")
    assert found.value == {"city": "Paris"}
    assert found.tries == 1
    assert asked(server, 2) == [(OLD, ENDS[OLD]), (NEW, ENDS[NEW])]


async def test_a_recap(server: OpenAIStandIn, talk: Talk):
    await talk.say("Hello")
    server.models = models(NEW)
    assert (await talk.conversations.recount(PLACE, ANN)).startswith("word word")
    assert asked(server, 2) == [(OLD, ENDS[OLD]), (NEW, ENDS[NEW])]
    assert not talk.conversations.models.named("").line.is_full


async def test_a_summary(server: OpenAIStandIn, talk: Talk, store: RedisStore):
    summaries = talk.conversations.summaries
    summaries.wanted = False
    while not (await store.load(PLACE)).state.cut:
        assert talk.count < 60
        await talk.say(f"Message {talk.count} is about a dog named Rex, who barks. " * 5)
    server.models = models(NEW)
    summaries.wanted = True
    snapshot = await store.load(PLACE)
    served = talk.conversations.models.named("")
    summaries.catch_up(PLACE, served, ANN, snapshot.state, snapshot.summary)
    await summaries.finished()
    summary = (await store.load(PLACE)).summary
    assert summary is not None
    assert summary.text.startswith("word word")
    assert asked(server, 2) == [(OLD, ENDS[OLD]), (NEW, ENDS[NEW])]


async def test_one_that_changes_again_and_again_is_told(talk: Talk):
    times = 0

    async def write(_: object) -> None:
        nonlocal times
        times += 1
        raise EngineChanged(detail="yet another one")

    with pytest.raises(EngineChanged):
        await talk.conversations.models.named("").model.written(write)
    assert times == 2

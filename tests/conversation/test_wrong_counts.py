"""Counts of tokens that cannot be true: no prompt is cut for them, and nobody pays for them."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from bot.conversation.model import Model
from bot.conversation.service import Conversations
from bot.engine.limits import Limits
from bot.engine.openai import OpenAIEngine
from bot.store.history import RedisStore
from tests.conversation.conftest import Talk
from tests.engine.reading import ask, read
from tests.stand_ins.openai import DONE, OpenAIStandIn, event, usage

LIMITS = Limits(first_token=20, silence=20, attempts=1)
MODELS = [{"id": "hermes-3-llama-3.1-8b", "owned_by": "vllm", "max_model_len": 4096}]


@pytest.mark.parametrize("told", [1, 100_000, 2**31 - 1])
async def test_no_later_prompt_is_cut_for_them(store: RedisStore, told: int):
    lines = [event("Well.", "stop"), usage(told, 1), DONE]
    async with (
        OpenAIStandIn(lines, MODELS) as server,
        aclosing(OpenAIEngine(server.url, limits=LIMITS)) as engine,
    ):
        talk = Talk(Conversations(engine, store, Model(engine, None, 64)))
        for number in range(4):
            reply = await talk.say(f"Question {number} is about a dog named Rex. " * 10)
            assert reply.error is None
        sent = server.completions[-1]["prompt"]
        assert all(f"Question {number} is" in sent for number in range(4))


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ((40, 3, 30), (40, 3, 30)),
        ((200, 3, None), (200, 3, None)),
        ((0, 3, 0), (None, 3, None)),
        ((1, 3, 1), (None, 3, None)),
        ((10_000, 3, 9_000), (None, 3, None)),
        ((40, 90_000, 41), (40, 50, None)),
        ((40, 0, 0), (40, 0, 0)),
    ],
)
async def test_what_can_be_true_is_told(told: tuple, kept: tuple):
    lines = [event("Well."), event("", "stop"), usage(*told), DONE]
    async with (
        OpenAIStandIn(lines, MODELS) as server,
        aclosing(OpenAIEngine(server.url, limits=LIMITS)) as engine,
    ):
        _, end = await read(engine, ask("Hello there! " * 60, max_tokens=50))
        assert (end.prompt_tokens, end.generated_tokens, end.cached_tokens) == kept


async def test_a_short_prompt_with_a_template_around_it():
    # Ollama writes its own around every prompt, and counts it.
    lines = [event("Well.", "stop"), usage(45, 1), DONE]
    async with (
        OpenAIStandIn(lines, MODELS) as server,
        aclosing(OpenAIEngine(server.url, limits=LIMITS)) as engine,
    ):
        assert (await read(engine, ask("Hi")))[1].prompt_tokens == 45

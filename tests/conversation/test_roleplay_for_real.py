"""Characters with real inference: llama.cpp and the bundled model, which is small but real."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import pytest

from bot.conversation.model import Model
from bot.conversation.service import Conversations
from bot.engine.embedded import EmbeddedEngine
from bot.store.history import RedisStore
from tests.conversation.conftest import PLACE
from tests.conversation.test_roleplay import ARIA, BRAM, Players, on_stage


@pytest.fixture
async def alive(tmp_path: Path, store: RedisStore):
    async with aclosing(await EmbeddedEngine.start(None, tmp_path)) as engine:
        yield Conversations(engine, store, Model(engine, None, 96))


async def test_characters_play_and_the_engine_reads_only_what_is_new(
    alive: Conversations, store: RedisStore
) -> None:
    await on_stage(store, alive, ARIA, BRAM)
    players = Players(alive)
    cached: list[tuple[int, int]] = []
    for text in ("Hello Aria!", "And you, Bram?", "Aria, sing for us.", "Bram, do you like it?"):
        reply = await players.say(text)
        assert reply.part is not None
        assert reply.part.name in text
        assert not reply.text.startswith(("Aria:", "Bram:", "Ann:"))
        assert "\nAnn:" not in reply.text
        usage = (await store.load(PLACE)).state.usage
        cached.append((usage.cached or 0, usage.prompt))
    # Whoever speaks, all but the newest lines was read before.
    assert all(known > prompt * 0.6 for known, prompt in cached[1:]), cached

"""Erasing somebody while something of theirs is under way."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from bot.conversation.ask import Ask
from bot.conversation.model import Model
from bot.conversation.service import Conversations
from bot.store.history import RedisStore
from tests.engine.reading import until
from tests.stand_ins.engine import ScriptedEngine
from tests.store.test_people import everything

PLACE, ADA, BOB = "discord:600000000000000222", "104729000000000042", "299210000000000077"
SECRET = "the marmalade is in the submarine"


class SlowStore(RedisStore):
    """A store that takes its time to write a question down."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()

    async def journal(self, *parts) -> bool:
        self.reached.set()
        await self.go_on.wait()
        return await super().journal(*parts)


def ask(number: int, author: str, text: str) -> Ask:
    return Ask(PLACE, str(number), author, text, author[:3], {"channel": "1", "asker": author})


def talks(store: RedisStore, *answers, engine: ScriptedEngine | None = None) -> Conversations:
    engine = engine or ScriptedEngine(*answers)
    return Conversations(engine, store, Model(engine, None, 1024))


async def answer(conversations: Conversations, one: Ask) -> str | None:
    async with conversations.turn(one) as reply:
        if reply is None:
            return None
        await reply.finished()
        await reply.commit()
        return reply.text


async def test_a_question_that_is_just_being_written_down(valkey_url: str):
    async with aclosing(SlowStore(valkey_url)) as store:
        engine = ScriptedEngine()
        conversations = talks(store, engine=engine)
        asking = asyncio.create_task(answer(conversations, ask(1, ADA, SECRET)))
        await store.reached.wait()
        erasing = asyncio.create_task(conversations.erase(ADA))
        await asyncio.sleep(0.2)  # the first pass is over before the question is written
        store.go_on.set()
        await asyncio.gather(asking, erasing)
        assert engine.requests == [], "the model is not even asked"
        found = everything(valkey_url)
        assert SECRET not in found
        assert ADA not in found
        assert await answer(conversations, ask(3, ADA, "I am back, good evening")) == "All right."
        assert len((await store.load(PLACE)).turns) == 2, "what comes later is nobody's business"


async def test_somebody_else_s_reply_goes_on(store: RedisStore, valkey_url: str):
    engine = ScriptedEngine("Noted.", [1.0, "Yes, ", 1.0, SECRET])
    conversations = talks(store, engine=engine)
    await answer(conversations, ask(1, ADA, SECRET))
    asking = asyncio.create_task(answer(conversations, ask(3, BOB, "granite telescope")))
    await until(lambda: len(engine.requests) == 2)
    held = await conversations.erase(ADA)
    assert (held.turns, held.replies) == (1, 1)
    assert await asking == f"Yes, {SECRET}"
    found = everything(valkey_url)
    assert SECRET not in found
    assert ADA not in found
    assert "granite telescope" in found
    assert await store.owed() == []


@pytest.mark.parametrize("asked_before", [1, 3])
async def test_what_waits_behind_another_reply(store: RedisStore, asked_before: int):
    engine = ScriptedEngine([1.5, "First."])
    conversations = talks(store, engine=engine)
    first = asyncio.create_task(answer(conversations, ask(1, BOB, "granite telescope")))
    await until(lambda: engine.requests)
    waiting = [
        asyncio.create_task(answer(conversations, ask(10 + n, ADA, f"{SECRET} {n}")))
        for n in range(asked_before)
    ]
    await asyncio.sleep(0.05)
    await conversations.erase(ADA)
    assert await first == "First."
    assert await asyncio.gather(*waiting) == [None] * asked_before
    assert [turn.author for turn in (await store.load(PLACE)).turns] == [BOB, ""]

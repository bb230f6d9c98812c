"""A conversation over a real store and a TGI stand-in on a real socket."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing

import pytest
import pytest_asyncio

from bot.conversation.ask import Ask
from bot.conversation.model import Model
from bot.conversation.reply import Reply
from bot.conversation.service import Conversations
from bot.engine.limits import Limits
from bot.engine.tgi import TgiEngine
from bot.store.history import RedisStore
from tests.stand_ins.tgi import TgiStandIn

PLACE = "discord:1"


@pytest_asyncio.fixture
async def tgi():
    async with TgiStandIn("Hello there!") as server:
        yield server


@pytest.fixture
def make(tgi: TgiStandIn, store: RedisStore):
    """Build the core anew, as a restarted process would."""

    def build(max_reply_tokens: int = 1024) -> tuple[Conversations, TgiEngine]:
        engine = TgiEngine(tgi.url, limits=Limits(first_token=20, silence=20, attempts=1))
        model = Model(engine, None, max_reply_tokens)
        return Conversations(engine, store, model), engine

    return build


@pytest_asyncio.fixture
async def conversations(make: Callable[..., tuple[Conversations, TgiEngine]]):
    conversations, engine = make()
    async with aclosing(engine):
        yield conversations


class Talk:
    """Someone who writes and waits for the answers."""

    def __init__(
        self, conversations: Conversations, place: str = PLACE, *, server: str = ""
    ) -> None:
        self.conversations, self.place, self.count = conversations, place, 0
        self.origin = {"channel": "1", **({"guild": server} if server else {})}

    def ask(self, text: str, speaker: str = "Ann", author: str = "7", key: str = "") -> Ask:
        self.count += 1
        name = key or f"{self.count:018d}"
        return Ask(self.place, name, author, text, speaker, dict(self.origin))

    async def say(self, text: str, **who: str) -> Reply:
        async with self.conversations.turn(self.ask(text, **who)) as reply:
            assert reply is not None
            await reply.finished()
            await reply.commit((f"m{reply.id}",))
            return reply


@pytest.fixture
def talk(conversations: Conversations):
    return Talk(conversations)

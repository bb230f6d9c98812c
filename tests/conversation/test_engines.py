"""Several engines at once: who is asked, and whose counts hold."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace

import pytest_asyncio

from bot.conversation.choices import Choice, EngineChoices
from bot.conversation.model import Model
from bot.conversation.models import Served
from bot.conversation.service import Conversations
from bot.engine.limits import Limits
from bot.engine.tgi import TgiEngine
from bot.errors import StoreUnavailable
from bot.store.history import RedisStore
from tests.conversation.conftest import PLACE, Talk
from tests.stand_ins.tgi import Fault, TgiStandIn
from tests.store.settling import settle

THREE = "NousResearch/Hermes-3-Llama-3.1-8B"


@pytest_asyncio.fixture
async def big():
    """A second engine with another model."""
    async with TgiStandIn("I am big.", model_id=THREE) as server:
        yield server


@pytest_asyncio.fixture
async def make_two(tgi: TgiStandIn, big: TgiStandIn, store: RedisStore):
    """Build the core anew over both engines, as a restarted process would."""
    async with AsyncExitStack() as stack:

        async def engine(url: str) -> TgiEngine:
            made = TgiEngine(url, limits=Limits(first_token=20, silence=20, attempts=1))
            return await stack.enter_async_context(aclosing(made))

        async def build() -> Conversations:
            first, second = await engine(tgi.url), await engine(big.url)
            other = Served("big", second, Model(second, None, 1024))
            return Conversations(first, store, Model(first, None, 1024), [other])

        yield build


class Speaker(Talk):
    """Someone whose place has an engine of its own."""

    def __init__(self, conversations: Conversations, engine: str, place: str = PLACE) -> None:
        super().__init__(conversations, place)
        self.engine = engine

    def ask(self, text: str, **who: str):
        return replace(super().ask(text, **who), engine=self.engine)


def asked(server: TgiStandIn) -> list[str]:
    return [seen.body["inputs"] for seen in server.generations]


async def test_each_place_is_answered_by_its_own_engine(
    make_two: Callable, tgi: TgiStandIn, big: TgiStandIn
):
    conversations = await make_two()
    one, two = Speaker(conversations, ""), Speaker(conversations, "big", "discord:2")
    assert (await one.say("for the default")).text == "Hello there!"
    assert (await two.say("for the big one")).text == "I am big."
    # A change in one place changes nothing in the other.
    one.engine = "big"
    assert (await one.say("now you")).text == "I am big."
    one.engine = ""
    assert (await two.say("still you")).text == "I am big."
    assert (await one.say("and back")).text == "Hello there!"
    assert [("for the default" in prompt, "big one" in prompt) for prompt in asked(tgi)] == [
        (True, False)
    ] * 2
    # What was said stays known to the next model.
    assert "for the default" in asked(big)[1]
    names = [(await conversations.model(name)).profile.name for name in ("", "big", "gone")]
    assert names == ["Hermes-2-Pro-Llama-3-8B", "Hermes-3-Llama-3.1-8B", "Hermes-2-Pro-Llama-3-8B"]
    assert (await conversations.report(PLACE, "big")).model == "Hermes-3-Llama-3.1-8B"


async def test_a_retry_stays_with_its_engine(make_two: Callable, tgi: TgiStandIn, big: TgiStandIn):
    conversations = await make_two()
    talk = Speaker(conversations, "big")
    big.reply = "one two three four five six"
    big.fault = Fault("rst", after=2)
    assert (await talk.say("hello")).error
    big.fault = None
    async with conversations.again(PLACE, {"channel": "1"}) as reply:
        assert reply is not None
        await reply.finished()
        await reply.commit(())
    assert len(asked(big)) == 2
    assert not asked(tgi)


async def test_a_retry_of_what_was_never_committed_stays_with_its_engine(
    make_two: Callable, tgi: TgiStandIn, big: TgiStandIn
):
    conversations = await make_two()
    await Speaker(conversations, "").say("first")
    async with conversations.turn(replace(Talk(conversations).ask("x", key="9"), engine="big")):
        pass
    async with conversations.again(PLACE, {}) as reply:
        assert reply is not None
        await reply.finished()
        await reply.commit(())
    assert len(asked(tgi)) == 1
    assert reply.text == "I am big."


async def test_a_resumed_reply_stays_with_its_engine(
    make_two: Callable, tgi: TgiStandIn, big: TgiStandIn
):
    big.tokens_per_second = 20
    conversations = await make_two()
    async with conversations.turn(Speaker(conversations, "big").ask("hello")) as reply:
        assert reply is not None
        await reply.changed()
    big.tokens_per_second = 0
    after = await make_two()
    ((place, owed),) = await after.owed()
    assert owed.origin == {"channel": "1", "engine": "big"}
    async with after.resume(place, owed) as again:
        assert again is not None
        await again.finished()
        await again.commit(())
        assert again.text == "I am big."
    assert not asked(tgi)


async def test_counts_after_a_switch_never_exceed_the_new_context(
    make_two: Callable, tgi: TgiStandIn, big: TgiStandIn, store: RedisStore
):
    big.max_total_tokens, big.max_input_tokens = 700, 600
    conversations = await make_two()
    talk = Speaker(conversations, "")
    tgi.reply = "word " * 20
    for number in range(20):
        await talk.say(f"message {number} of a talk that is far too long for the other engine")
    stored = await store.load(PLACE)
    # Counts that would let everything through, if they were believed.
    cheap = [replace(turn, tokens=1) for turn in stored.turns]
    await settle(store, PLACE, "none", cheap, replace(stored.state, base_tokens=1))
    talk.engine = "big"
    for number in range(5):
        assert not (await talk.say(f"and now {number}")).error
    assert len(asked(big)) == 5  # none was sent twice
    assert max(seen.prompt_tokens for seen in big.generations) <= 600
    after = await store.load(PLACE)
    assert after.state.engine == "big"
    assert {turn.counted_by for turn in after.turns} == {"big"}


async def test_an_attempt_that_brings_nothing_leaves_no_counts_of_another_engine(
    make_two: Callable, big: TgiStandIn, store: RedisStore
):
    conversations = await make_two()
    talk = Speaker(conversations, "")
    await talk.say("one")
    await talk.say("two")
    talk.engine = "big"
    big.fault = Fault("rst", after=0)
    assert (await talk.say("three")).error
    snapshot = await store.load(PLACE)
    counted = {turn.counted_by for turn in snapshot.turns if turn.tokens}
    assert (counted, snapshot.state.engine, snapshot.state.base_tokens) == ({""}, "big", 0)


async def test_choices_are_kept_and_read_once(store: RedisStore):
    choices = EngineChoices(store)
    assert await choices.at("discord:1", "server:7") == Choice()
    await choices.choose("server:7", "big")
    await choices.choose("discord:1", "fast")
    assert await choices.at("discord:1", "server:7") == Choice("fast", "discord:1")
    await choices.choose("discord:1", None)
    assert await store.engines() == {"server:7": "big"}
    # The next process reads them; this one does not ask again.
    assert await EngineChoices(store).at("discord:1", "server:7") == Choice("big", "server:7")
    await store.set_engine("discord:1", "elsewhere")
    assert await choices.at("discord:1", "server:7") == Choice("big", "server:7")


async def test_the_default_answers_while_the_store_is_away():
    class Away:
        asked = 0

        async def engines(self) -> dict[str, str]:
            self.asked += 1
            raise StoreUnavailable

    store = Away()
    choices = EngineChoices(store)  # pyright: ignore[reportArgumentType]
    assert await choices.at("discord:1") == Choice()
    assert await choices.at("discord:1") == Choice()
    assert store.asked == 1

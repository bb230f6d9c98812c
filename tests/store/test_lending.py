"""What a channel lends to the talks in its threads, in a real Valkey."""

from __future__ import annotations

from bot.characters.stage import Member, Stage
from bot.conversation.lending import Loan
from bot.conversation.turns import Pending, State, Turn
from bot.store.history import RedisStore
from bot.store.keys import ConversationKeys
from tests.store.settling import settle

HERE, THREAD = "discord:1", "discord:2"
DAY = 86_400
STAGE = Stage(cast=(Member("discord:server:1", "5f0c", "9c1b", "Mira"),), title="The inn")
LOAN = Loan("You are a bard.", STAGE)


async def test_what_is_set_up_can_be_lent(store: RedisStore) -> None:
    assert not await store.loan(HERE)
    await store.save_state(HERE, State(system="You are a bard."))
    await store.save_stage(HERE, STAGE)
    assert await store.loan(HERE) == LOAN
    await store.save_state(HERE, State(system=None))
    await store.save_stage(HERE, None)
    assert not await store.loan(HERE)


async def test_a_thread_has_it_as_if_it_were_its_own(store: RedisStore) -> None:
    await store.lend(LOAN, THREAD)
    found = await store.load(THREAD)
    assert (found.state.system, found.stage) == ("You are a bard.", STAGE)
    assert await store.systems([THREAD]) == {THREAD: "You are a bard."}


async def test_it_is_forgotten_with_what_is_said(store: RedisStore, raw) -> None:
    state = ConversationKeys.of(THREAD).state
    await store.lend(LOAN, THREAD)
    assert 0 < raw.ttl(state) <= 30 * DAY
    asked = Turn("2", 1, "user", "Hail!")
    await store.journal(THREAD, [asked], Pending("r2", 2, ("2",), 5.0))
    await settle(store, THREAD, "r2", [Turn("r2", 2, "assistant", "Hail.")], State(system="x"))
    assert 0 < raw.ttl(state) <= 30 * DAY, "no answer makes it last for ever"


async def test_what_somebody_has_set_up_there_themselves_stays(store: RedisStore, raw) -> None:
    state = ConversationKeys.of(THREAD).state
    await store.lend(LOAN, THREAD)
    await store.save_stage(THREAD, STAGE)
    assert raw.ttl(state) == -1
    await store.save_stage(THREAD, None)
    await store.save_state(THREAD, State(system=None))
    await store.lend(LOAN, THREAD)
    found = await store.load(THREAD)
    assert (found.state.system, found.stage) == (None, None), "nor does it come back"


async def test_nothing_is_lent_where_there_is_something(store: RedisStore, raw) -> None:
    await store.save_state(THREAD, State(system="Mine."))
    await store.lend(LOAN, THREAD)
    found = await store.load(THREAD)
    assert (found.state.system, found.stage) == ("Mine.", None)
    assert raw.ttl(ConversationKeys.of(THREAD).state) == -1


async def test_forgetting_what_was_said_leaves_it(store: RedisStore) -> None:
    await store.lend(LOAN, THREAD)
    await store.clear(THREAD)
    assert (await store.load(THREAD)).state.system == "You are a bard."

"""What lasts and what goes by itself, where something is set up for a conversation."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from bot.characters.stage import Member, Stage
from bot.conversation.lending import Loan
from bot.conversation.turns import Pending, State, Summary, Turn
from bot.store import keys
from bot.store.history import RedisStore
from bot.store.keys import ConversationKeys

SERVER, HERE, ELSEWHERE = "111", "discord:222", "discord:333"
DAY, MONTH = 86_400, 30 * 86_400
STAGE = Stage(cast=(Member("discord:server:111", "5f0c", "9c1b", "Mira"),), title="The inn")
SUMMARY = Summary("Ada told of her submarine.", 1)


def question(n: int) -> Turn:
    return Turn(str(n), n, "user", "Hail!", speaker="Ada", author="42")


def owed(n: int) -> Pending:
    return Pending(f"r{n}", n + 1, (str(n),), 5.0, {"guild": SERVER})


async def answered(store: RedisStore, place: str, n: int, dropped: tuple[str, ...] = ()) -> None:
    assert await store.journal(place, [question(n)], owed(n))
    state = replace((await store.load(place)).state, start=n + 1, cut=len(dropped))
    reply = Turn(f"r{n}", n + 1, "assistant", "Hail.")
    assert await store.commit(place, f"r{n}", reply, state, dropped=dropped)


async def summed_up(store: RedisStore) -> None:
    """A talk in a channel with a system prompt of its own, of which the oldest turn was cut."""
    await store.save_state(HERE, State(system="You are a bard."))
    await answered(store, HERE, 1, dropped=("1",))
    assert await store.summarise(HERE, SUMMARY, (await store.load(HERE)).changes)
    assert (await store.load(HERE)).summary == SUMMARY


def pass_by(raw, seconds: int) -> None:
    """As if nobody had written in a place for so long."""
    key = ConversationKeys.of(HERE)
    for name in key.every:
        if raw.ttl(name) > seconds:
            raw.expire(name, raw.ttl(name) - seconds)
        elif raw.ttl(name) > 0:
            raw.delete(name)
    raw.zadd(keys.ACTIVE, {keys.encode(HERE): time.time() - seconds})


async def test_a_summary_is_told_no_more_when_its_talk_has_expired(store: RedisStore, raw):
    await summed_up(store)
    pass_by(raw, MONTH + 10)
    found = await store.load(HERE)
    assert (found.turns, found.state.system) == ((), "You are a bard.")
    assert found.summary is None


async def test_nothing_of_it_is_kept(store: RedisStore, raw):
    await summed_up(store)
    state = ConversationKeys.of(HERE).state
    await answered(store, ELSEWHERE, 5)
    assert raw.hexists(state, "summary"), "it is not old enough"
    pass_by(raw, MONTH + 10)
    await answered(store, ELSEWHERE, 7)
    assert not raw.hexists(state, "summary")
    assert raw.hget(state, "system") == '"You are a bard."'
    assert raw.zrange(keys.ACTIVE, 0, -1) == [keys.encode(ELSEWHERE)]


async def test_it_stays_where_the_talk_does(store: RedisStore, raw):
    await summed_up(store)
    raw.zadd(keys.ACTIVE, {keys.encode(HERE): time.time() - MONTH - 10})
    await answered(store, ELSEWHERE, 5)
    assert (await store.load(HERE)).summary == SUMMARY, "something was said without a question"


@pytest.mark.parametrize("quiet", [0, 8 * DAY])
async def test_a_shorter_retention_leaves_what_is_set_up(store: RedisStore, raw, quiet: int):
    key = ConversationKeys.of(HERE)
    await store.save_stage(HERE, STAGE)
    await answered(store, HERE, 1, dropped=("1",))
    assert await store.summarise(HERE, SUMMARY, (await store.load(HERE)).changes)
    pass_by(raw, quiet)
    await store.set_retention(SERVER, 7)
    assert raw.ttl(key.state) == -1
    found = await store.load(HERE)
    assert found.stage == STAGE
    assert raw.hexists(key.state, "summary") == bool(found.turns) == (not quiet)


async def test_a_shorter_retention_does_not_keep_what_is_only_lent(store: RedisStore, raw):
    await store.lend(Loan("You are a bard.", STAGE), HERE)
    await answered(store, HERE, 1)
    await store.set_retention(SERVER, 7)
    assert 0 < raw.ttl(ConversationKeys.of(HERE).state) <= 7 * DAY


async def test_of_a_place_that_is_gone_nothing_stays_for_ever(store: RedisStore, raw):
    await store.save_state(HERE, State(system="You are a bard."))
    await store.save_stage(HERE, STAGE)
    await answered(store, HERE, 1)
    assert await store.clear(HERE) == 2
    assert raw.ttl(ConversationKeys.of(HERE).state) == -1
    await store.clear(HERE, heard="1", settings=True)
    found = await store.load(HERE)
    assert (found.state.system, found.stage) == (None, None)
    left = [name for name in ConversationKeys.of(HERE).every if raw.exists(name)]
    assert all(0 < raw.ttl(name) <= MONTH for name in left)

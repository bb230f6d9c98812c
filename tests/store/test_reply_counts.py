"""Counting replies: in the round trip that journals them, each once, for an hour."""

from __future__ import annotations

from contextlib import aclosing

from bot.conversation.ports import Tally
from bot.conversation.turns import Pending
from bot.store.history import RedisStore

PLACE = "discord:1"


def owed(number: int) -> Pending:
    return Pending(f"r{number}", number, (str(number),), 1.0)


async def counted(store: RedisStore, number: int, *owners: str, hour: int = 5) -> tuple[int, ...]:
    tally = Tally(owners, hour)
    await store.journal(PLACE, (), owed(number), tally)
    return tally.counts


async def test_each_owner_has_a_count_of_its_own(store: RedisStore):
    assert await counted(store, 1, "user:7", "server:1") == (1, 1)
    assert await counted(store, 2, "user:8", "server:1") == (1, 2)
    assert await counted(store, 3, "user:7") == (2,)
    assert await counted(store, 4, "user:7", hour=6) == (1,)


async def test_a_reply_that_is_journalled_twice_counts_once(store: RedisStore, line):
    async with aclosing(RedisStore(line.url)) as unlucky:
        await counted(unlucky, 1, "user:7")
        line.lose_answers = 1
        assert await counted(unlucky, 2, "user:7") == (2,)
    assert await counted(store, 2, "user:7") == (2,)


async def test_counting_costs_no_round_trip(line):
    async with aclosing(RedisStore(line.url)) as store:
        await counted(store, 1, "user:7")
        before = line.round_trips
        await counted(store, 2, "user:7", "server:1")
        assert line.round_trips - before == 1


async def test_the_counts_expire_and_are_named_after_their_owner(store: RedisStore, raw):
    await counted(store, 1, "user:7", "server:1", hour=490_123)
    found = {key for key in raw.keys("hermes:1:*") if ":replies:" in key}
    assert found == {
        "hermes:1:{user:7}:replies:490123",
        "hermes:1:{server:1}:replies:490123",
    }
    assert all(0 < raw.ttl(key) <= 3_600 for key in found)


async def test_without_a_limit_nothing_is_counted(store: RedisStore, raw):
    assert await store.journal(PLACE, (), owed(1))
    assert not [key for key in raw.keys("hermes:1:*") if ":replies:" in key]

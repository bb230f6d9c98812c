"""Counting replies, tokens and calls: in round trips that there are anyway, for an hour."""

from __future__ import annotations

from contextlib import aclosing

from bot.conversation.ports import Counts, LoggedCall, Spending, Tally
from bot.conversation.turns import Pending, State
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


async def settled(store: RedisStore, number: int, tokens: int, *owners: str, hour: int = 5) -> None:
    spent = Spending(owners, hour, tokens)
    await store.commit(PLACE, f"r{number}", None, State(), spent=spent)


async def found(store: RedisStore, *wanted: tuple, hour: int = 5) -> list[int]:
    counts = Counts(wanted, hour)
    await store.count(counts)
    return [counts.found[name] for name in wanted]


async def test_tokens_add_up_and_a_commit_that_is_repeated_counts_once(store: RedisStore, line):
    ann, home = ("tokens", "user:7"), ("tokens", "server:1")
    assert await found(store, ann, home) == [0, 0]
    async with aclosing(RedisStore(line.url)) as unlucky:
        await settled(unlucky, 1, 100, "user:7", "server:1")
        line.lose_answers = 1
        await settled(unlucky, 2, 40, "user:7")
    assert await found(store, ann, home) == [140, 100]
    await settled(store, 2, 60, "user:7")
    assert await found(store, ann) == [160], "what is written anew comes in place of the first"
    assert await found(store, ann, hour=6) == [0]


async def test_what_was_used_comes_with_the_conversation(line):
    async with aclosing(RedisStore(line.url)) as store:
        await counted(store, 1, "user:7", "server:1")
        await settled(store, 1, 100, "server:1")
        wanted = (("replies", "user:7"), ("tokens", "server:1"), ("tokens", "user:7"))
        counts = Counts(wanted, 5)
        before = line.round_trips
        snapshot = await store.load(PLACE, ["discord:1"], counts)
        await settled(store, 2, 1, "server:1")
        assert line.round_trips - before == 2
        assert list(counts.found.values()) == [1, 100, 0]
        assert snapshot.facts == {"discord:1": []} or not any(snapshot.facts.values())


async def test_calls_of_tools_are_counted_with_their_log(line):
    async with aclosing(RedisStore(line.url)) as store:
        call = LoggedCall(5 * 3_600.0, "7", "3", "dice", {})
        assert list(await store.log_calls("1", [call, call], ["user:7", "server:1"])) == [2, 2]
        before = line.round_trips
        assert list(await store.log_calls("1", [call], ["user:8", "server:1"])) == [1, 3]
        assert line.round_trips - before == 1
        assert await found(store, ("calls", "server:1"), ("calls", "user:8")) == [3, 1]


async def test_who_is_erased_begins_anew(store: RedisStore):
    person = "707070707070"
    owners = (f"user:{person}", f"server:1:user:{person}")
    await counted(store, 1, *owners)
    await settled(store, 1, 100, *owners)
    call = LoggedCall(5 * 3_600.0, "7", "3", "dice", {})
    await store.log_calls("1", [call], owners)
    await store.erase(person, ())
    kinds = ("replies", "tokens", "calls")
    assert not any(await found(store, *((kind, one) for kind in kinds for one in owners)))

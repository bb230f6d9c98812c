"""Reminders in a real Valkey: numbered, bounded, claimed once."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from dataclasses import replace

import pytest

from bot.conversation.reminding import MAX_REMINDERS, Reminder
from bot.store import keys
from bot.store.history import RedisStore

ADA, BOB = "42", "43"


def reminder(id: str, due: float, asker: str = ADA) -> Reminder:
    return Reminder(id, asker, f"text of {id} “\ud800”", due, at=0.5, channel="222")


async def claimed(store: RedisStore, now: float) -> list[tuple[str, float | None]]:
    claims = await store.claim_reminders(now, now + 120)
    return [(one.id, before) for one, before in claims.reminders]


async def test_a_person_sees_their_own_the_next_one_first(store: RedisStore, raw) -> None:
    later, sooner, bobs = reminder("a", 200.0), reminder("b", 100.5), reminder("c", 1.0, BOB)
    assert [await store.save_reminder(one) for one in (later, sooner, bobs)] == [1, 2, 1]
    assert await store.reminders(ADA) == [replace(sooner, number=2), replace(later, number=1)]
    assert await store.reminders(BOB) == [replace(bobs, number=1)]
    assert await store.reminders("44") == []
    lives = {name: raw.ttl(name) for name in raw.scan_iter()}
    assert all(left > 390 * 86_400 for left in lives.values()), "longer than any reminder waits"
    assert all(name.startswith("hermes:1:{reminders}:") for name in lives)


async def test_cancelling_takes_ones_own_and_numbers_are_never_given_twice(
    store: RedisStore, raw
) -> None:
    first = reminder("a", 100.0)
    await store.save_reminder(first)
    assert await store.cancel_reminder(BOB, 1) is None
    assert await store.cancel_reminder(ADA, 2) is None
    assert await store.cancel_reminder(ADA, 1) == replace(first, number=1)
    assert await store.cancel_reminder(ADA, 1) is None
    assert await claimed(store, 1_000.0) == []
    assert await store.save_reminder(reminder("b", 100.0)) == 2
    assert await store.cancel_reminder(ADA, 1) is None, "the number belonged to another"
    await store.cancel_reminder(ADA, 2)
    assert {*raw.scan_iter()} == {keys.reminders_of(ADA)}
    assert raw.hgetall(keys.reminders_of(ADA)) == {"last": "2"}


async def test_a_person_has_room_for_so_many(store: RedisStore) -> None:
    for n in range(MAX_REMINDERS):
        assert await store.save_reminder(reminder(f"r{n}", 100.0 + n)) == n + 1
    assert await store.save_reminder(reminder("more", 1.0)) == 0
    assert await claimed(store, 99.0) == [], "what was refused is nowhere"
    assert await store.save_reminder(reminder("bobs", 1_000.0, BOB)) == 1
    await store.cancel_reminder(ADA, 7)
    assert await store.save_reminder(reminder("more", 1_000.0)) == MAX_REMINDERS + 1


async def test_what_is_due_is_claimed_once_until_the_claim_ends(store: RedisStore) -> None:
    due, later = reminder("due", 100.0), reminder("later", 500.5)
    for one in (due, later):
        await store.save_reminder(one)
    before = await store.claim_reminders(99.9, 200.0)
    assert before.reminders == ()
    assert before.next_due == 100.0
    claims = await store.claim_reminders(100.25, 220.0)
    assert claims.reminders == ((due, None),)
    assert claims.next_due == 220.0, "the claim may have to be taken over then"
    assert await claimed(store, 219.0) == []
    assert await claimed(store, 221.0) == [("due", 100.25)], "with the time of the first attempt"
    await store.settle_reminder(due)
    assert [one.id for one in await store.reminders(ADA)] == ["later"]
    assert (await store.claim_reminders(400.0, 520.0)).next_due == 500.5
    await store.settle_reminder(later)
    assert (await store.claim_reminders(9_999.0, 10_000.0)).next_due is None


async def test_where_and_that_it_was_asked_for_in_private_is_kept(store: RedisStore, raw) -> None:
    private = replace(reminder("mine", 1.0), private=True, server="111")
    public = replace(reminder("ours", 2.0), text="as former releases wrote it")
    for one in (private, public):
        await store.save_reminder(one)
    assert {"private", "server"}.isdisjoint(json.loads(raw.hget(keys.REMINDERS_SAVED, "ours")))
    assert (await store.claim_reminders(10.0, 20.0)).reminders == ((private, None), (public, None))


async def test_many_processes_share_what_is_due(store: RedisStore, valkey_url: str) -> None:
    for n in range(70):
        await store.save_reminder(reminder(f"r{n}", float(n), asker=str(n)))
    async with aclosing(RedisStore(valkey_url)) as other:
        rounds = await asyncio.gather(
            *(claimed(one, 100.0) for _ in range(4) for one in (store, other))
        )
    told = [id for found in rounds for id, _ in found]
    assert sorted(told) == sorted(f"r{n}" for n in range(70)), "each of them exactly once"
    assert sum(bool(found) for found in rounds) > 1


async def test_what_is_damaged_does_not_stop_the_others(store: RedisStore, raw, caplog) -> None:
    await store.save_reminder(reminder("bad", 1.0))
    await store.save_reminder(reminder("good", 2.0))
    raw.hset(keys.REMINDERS_SAVED, "bad", "{")
    raw.zadd(keys.REMINDERS_DUE, {"lost": 0.5})
    assert await claimed(store, 10.0) == [("good", None)]
    assert [one.id for one in await store.reminders(ADA)] == ["good"]
    assert "damaged" in caplog.text
    assert raw.zscore(keys.REMINDERS_DUE, "lost") is None


async def test_each_is_one_round_trip_and_may_be_repeated(line) -> None:
    async with aclosing(RedisStore(line.url)) as counted:
        await counted.save_reminder(reminder("warm", 1e9))
        one = reminder("a", 100.0)
        for call in (
            counted.save_reminder(one),
            counted.reminders(ADA),
            counted.claim_reminders(1.0, 2.0),
            counted.settle_reminder(one),
            counted.cancel_reminder(ADA, 99),
        ):
            before = line.round_trips
            await call
            assert line.round_trips - before == 1
        line.lose_answers = 1
        assert await counted.save_reminder(reminder("b", 200.0)) == 3
        assert [found.id for found in await counted.reminders(ADA)] == ["b", "warm"]


@pytest.mark.parametrize("asker", ["", "a b", "{x}", "last", "due"])
async def test_any_name_of_a_person_will_do(store: RedisStore, asker: str) -> None:
    assert await store.save_reminder(reminder("last-one", 1.0, asker)) == 1
    assert [one.asker for one in await store.reminders(asker)] == [asker]
    assert await claimed(store, 2.0) == [("last-one", None)]

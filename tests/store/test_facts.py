"""What people asked the bot to remember, in a real Valkey."""

from __future__ import annotations

from contextlib import aclosing

from bot.conversation.ports import MAX_FACTS, Fact
from bot.store import keys
from bot.store.history import RedisStore

HERE, THERE = "discord:server:1", "discord:server:2"


def fact(text: str, at: float = 1.0) -> Fact:
    return Fact(text, "42", "Ada", at)


async def test_facts_come_back_newest_first_as_they_were_told(store: RedisStore, raw) -> None:
    assert await store.facts(HERE) == []
    odd = Fact("half: \ud800 “ä”", "42", "A{d}a", 2.5)
    await store.remember(HERE, odd)
    await store.remember(HERE, fact("the newest", 3.0))
    await store.remember(HERE, fact("the oldest", 1.0))
    assert await store.facts(HERE) == [fact("the newest", 3.0), odd, fact("the oldest", 1.0)]
    [key] = raw.scan_iter()
    assert key == "hermes:1:{discord:server:1}:facts"
    assert raw.ttl(key) > 390 * 86_400


async def test_nothing_of_one_place_is_seen_in_another(store: RedisStore) -> None:
    await store.remember(HERE, fact("a secret"))
    for other in (THERE, "", "discord:server:11", "discord:server:1}", "1"):
        assert await store.facts(other) == []


async def test_a_place_keeps_the_newest(store: RedisStore) -> None:
    for at in range(MAX_FACTS + 3):
        await store.remember(HERE, fact(f"fact {at}", float(at)))
    await store.remember(THERE, fact("other"))
    kept = await store.facts(HERE)
    assert len(kept) == MAX_FACTS
    assert (kept[0].text, kept[-1].text) == ("fact 202", "fact 3")


async def test_a_fact_that_is_still_asked_for_stays(store: RedisStore, raw) -> None:
    await store.remember(HERE, fact("x"))
    raw.expire(keys.facts(HERE), 60)
    await store.facts(HERE)
    assert raw.ttl(keys.facts(HERE)) > 390 * 86_400


async def test_a_damaged_fact_is_left_out(store: RedisStore, raw, caplog) -> None:
    raw.zadd(keys.facts(HERE), {"{": 1, '{"text": "x"}': 2, "[]": 3})
    newer = '{"text":"x","asker":"42","name":"Ada","at":1.0,"later":true}'
    raw.zadd(keys.facts(HERE), {newer: 4})
    assert await store.facts(HERE) == [fact("x")]
    assert caplog.text.count("damaged") == 3


async def test_each_is_one_round_trip_and_may_be_repeated(line) -> None:
    async with aclosing(RedisStore(line.url)) as counted:
        await counted.facts("warm")
        for call in (lambda: counted.remember(HERE, fact("x")), lambda: counted.facts(HERE)):
            before = line.round_trips
            await call()
            assert line.round_trips - before == 1
        line.lose_answers = 1
        await counted.remember(HERE, fact("y", 2.0))
        assert [one.text for one in await counted.facts(HERE)] == ["y", "x"]

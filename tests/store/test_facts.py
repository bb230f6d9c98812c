"""What people asked the bot to remember, in a real Valkey."""

from __future__ import annotations

import json
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from bot.conversation.facts import MAX_FACTS, Fact
from bot.store import keys
from bot.store.history import RedisStore

HERE, THERE = "discord:server:1", "discord:server:2"


def fact(text: str, at: float = 1.0, **other: Any) -> Fact:
    return replace(Fact(text, "42", "Ada", at, f"id of {text}"), **other)


async def test_facts_come_back_newest_first_as_they_were_told(store: RedisStore, raw) -> None:
    assert await store.facts(HERE) == []
    odd = Fact("half: \ud800 “ä”", "42", "A{d}a", 2.5, "7", "Bob", 3.5)
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
    newer = '{"text":"x","asker":"42","name":"Ada","at":1.0,"id":"7","later":true}'
    raw.zadd(keys.facts(HERE), {newer: 4})
    assert await store.facts(HERE) == [fact("x", id="7")]
    assert caplog.text.count("damaged") == 3


async def test_each_is_one_round_trip_and_may_be_repeated(line) -> None:
    async with aclosing(RedisStore(line.url)) as counted:
        await counted.facts("warm")
        for call in (
            lambda: counted.remember(HERE, fact("x")),
            lambda: counted.facts(HERE),
            lambda: counted.facts_of([HERE, THERE, "discord:3"]),
            lambda: counted.load("discord:3", [HERE, THERE]),
            lambda: counted.change_fact(HERE, fact("x", pinned="Ada")),
            lambda: counted.forget_fact(HERE, "id of x"),
        ):
            before = line.round_trips
            await call()
            assert line.round_trips - before == 1
        line.lose_answers = 1
        await counted.remember(HERE, fact("y", 2.0))
        assert [one.text for one in await counted.facts(HERE)] == ["y"]
        line.lose_answers = 1
        assert await counted.change_fact(HERE, fact("y", 2.0, pinned="Ada"))
        assert await counted.facts(HERE) == [fact("y", 2.0, pinned="Ada")]


async def test_facts_are_changed_and_forgotten_in_their_place_only(store: RedisStore) -> None:
    for owner in (HERE, THERE):
        for n in range(3):
            await store.remember(owner, fact(f"fact {n}", float(n)))
    changed = replace(fact("fact 1", 1.0), text="another", name="Bob", updated=9.0)
    assert await store.change_fact(HERE, changed)
    assert await store.forget_fact(HERE, "id of fact 2")
    assert not await store.forget_fact(HERE, "id of fact 2")
    assert not await store.change_fact(HERE, fact("fact 2"))
    assert await store.facts(HERE) == [changed, fact("fact 0", 0.0)]
    assert len(await store.facts(THERE)) == 3


async def test_the_same_words_of_the_same_person_stay_once(store: RedisStore) -> None:
    await store.remember(HERE, fact("x", 1.0, id="1"))
    await store.remember(HERE, fact("x", 2.0, id="2"))
    bobs = fact("x", 3.0, id="3", asker="43")
    await store.remember(HERE, bobs)
    assert await store.facts(HERE) == [bobs, fact("x", 2.0, id="2")]
    await store.change_fact(HERE, replace(bobs, pinned="Bob"))
    await store.remember(HERE, fact("x", 4.0, id="4", asker="43"))
    assert [one.id for one in await store.facts(HERE)] == ["3", "2"], "what is pinned stays"


async def test_what_is_pinned_makes_no_room(store: RedisStore) -> None:
    await store.remember(HERE, fact("the oldest", 0.0, pinned="Ada"))
    for at in range(1, MAX_FACTS + 3):
        await store.remember(HERE, fact(f"fact {at}", float(at)))
    kept = await store.facts(HERE)
    assert len(kept) == MAX_FACTS
    assert (kept[-1].text, kept[-2].text) == ("the oldest", "fact 4")


async def test_facts_of_the_first_release_can_be_changed_and_forgotten(
    store: RedisStore, raw
) -> None:
    for at, text in enumerate(("ä", "b")):
        old = json.dumps({"text": text, "asker": "42", "name": "Ada", "at": float(at)})
        raw.zadd(keys.facts(HERE), {old: at})
    newer, older = await store.facts(HERE)
    assert older == replace(Fact("ä", "42", "Ada", 0.0), id=older.id)
    assert len({newer.id, older.id, ""}) == 3
    pinned = replace(older, pinned="Ada")
    assert await store.change_fact(HERE, pinned)
    assert await store.forget_fact(HERE, newer.id)
    assert await store.facts(HERE) == [pinned]


async def test_a_conversation_comes_with_the_facts_that_apply(store: RedisStore) -> None:
    await store.remember(HERE, fact("here"))
    await store.remember(THERE, fact("there"))
    assert (await store.load("discord:3")).facts == {}
    loaded = await store.load("discord:3", [HERE, "discord:3"])
    assert loaded.facts == {HERE: [fact("here")], "discord:3": []}

"""Counting what a server uses: in the round trip that settles a reply, each reply once."""

from __future__ import annotations

from contextlib import aclosing

from bot.conversation.people import Held
from bot.conversation.statistics import Figures, Statistics, Use
from bot.conversation.turns import Pending, State
from bot.store.history import RedisStore

PLACE = "discord:1"
HOUR = 490_123
ADA = "104729000000000042"


async def used(
    store: RedisStore, number: int, *people: str, hour: int = HOUR, server: str = "7", **counts: int
) -> None:
    await store.journal(PLACE, (), Pending(f"r{number}", number, (str(number),), 1.0))
    await again(store, number, *people, hour=hour, server=server, **counts)


async def again(store: RedisStore, number: int, *people: str, **more: object) -> None:
    hour, server = more.pop("hour", HOUR), more.pop("server", "7")
    use = Use(server, hour, people, {"replies": 1, **more})
    await store.commit(PLACE, f"r{number}", None, State(), use=use)


async def test_figures_add_up_by_the_hour(store: RedisStore):
    await used(store, 1, "ada", prompt=100, generated=20, done=1, milliseconds=2_500, first0=1)
    await used(store, 2, "bob", prompt=150, generated=30, done=1, milliseconds=1_500, first2=1)
    await used(store, 3, "ada", failed=1, hour=HOUR + 2)
    await used(store, 4, "eve", server="8")
    found = await store.statistics("7", HOUR - 1, 4)
    both = Figures(2, 2, 0, 250, 50, 4_000, (1, 0, 1, 0, 0, 0, 0, 0, 0))
    assert found == Statistics(
        HOUR - 1, (Figures(), both, Figures(), Figures(replies=1, failed=1)), people=2
    )
    assert found.total.replies == 3
    assert found.total.seconds == 2.0
    assert await store.statistics("9", HOUR, 1) == Statistics(HOUR, (Figures(),), 0)


async def test_a_commit_that_is_repeated_counts_once(store: RedisStore, line):
    async with aclosing(RedisStore(line.url)) as unlucky:
        await used(unlucky, 1, "ada")
        line.lose_answers = 1
        await again(unlucky, 2, "ada")
        await again(unlucky, 2, "ada")
    assert (await store.statistics("7", HOUR, 1)).total.replies == 2


async def test_counting_costs_no_round_trip_and_reading_one(line):
    async with aclosing(RedisStore(line.url)) as store:
        await used(store, 1, "ada")
        before = line.round_trips
        await again(store, 2, "ada")
        assert line.round_trips - before == 1
        await store.statistics("7", HOUR - 167, 168)
        assert line.round_trips - before == 2


async def test_it_expires_and_holds_nobodys_id(store: RedisStore, raw):
    await used(store, 1, ADA, prompt=5)
    found = [key for key in raw.keys("hermes:1:*") if ":use" in key]
    assert sorted(found) == [
        f"hermes:1:{{server:7}}:use-people:{HOUR}",
        f"hermes:1:{{server:7}}:use-seen:{HOUR}",
        f"hermes:1:{{server:7}}:use:{HOUR}",
    ]
    assert all(0 < raw.ttl(key) <= 8 * 86_400 for key in found)
    assert all(ADA.encode() not in raw.dump(key) for key in found)


async def test_an_export_and_an_erasure_pass_it_by(store: RedisStore):
    await used(store, 1, ADA, prompt=5)
    before = await store.statistics("7", HOUR, 1)
    assert await store.about(ADA) == Held()
    assert await store.erase(ADA) == Held()
    assert await store.statistics("7", HOUR, 1) == before

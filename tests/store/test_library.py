"""Libraries in a real Valkey: characters, lorebooks, personas, and the files of them."""

from __future__ import annotations

import hashlib
import json
from contextlib import aclosing
from dataclasses import replace

import pytest

from bot.characters.stage import Member, Stage
from bot.conversation import library as limits
from bot.conversation.library import MAX_CHARACTERS, MAX_WORLDS, Character, Persona, World
from bot.errors import StoreUnavailable
from bot.store import library
from bot.store.history import RedisStore
from bot.store.keys import ConversationKeys, LibraryKeys

HERE, THERE = "discord:server:1", "discord:server:2"
ADA, BOB = "104729000000000042", "299210000000000077"
OWN = f"discord:user:{ADA}"
CARD, PICTURE, BOOK = b'{"name":"Mira"}', b"\x89PNG mira", b'{"entries":[]}'
DAY = 86_400


def digest(blob: bytes) -> str:
    return hashlib.sha256(blob).hexdigest()


def mira(**changes) -> Character:
    known = Character(
        "m1",
        HERE,
        "Mira",
        BOB,
        digest(CARD),
        digest(PICTURE),
        adult=True,
        talkativeness=0.75,
        tags=("inn", "half: \ud800"),
        created=1_763_719_200.5,
        updated=1_763_719_201.0,
    )
    return replace(known, **changes)


def book(**changes) -> World:
    return replace(World("w1", HERE, "The Marches", BOB, digest(BOOK), 7), **changes)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch):
    """A clock that only the test moves."""

    class Clock:
        now = 1_800_000_000.0

        def time(self) -> float:
            return self.now

    clock = Clock()
    monkeypatch.setattr(library, "time", clock)
    return clock


def kept(raw, place: str = HERE) -> set[str]:
    return set(raw.hkeys(LibraryKeys.of(place).blobs))


async def test_characters_come_back_as_they_were_saved(store: RedisStore, raw):
    assert await store.characters(HERE) == []
    assert await store.character(HERE, "m1") is None
    assert await store.save_character(mira(), CARD, PICTURE)
    assert await store.save_character(mira(id="a", name="anselm", picture=""))
    assert await store.character(HERE, "m1") == mira()
    assert [one.name for one in await store.characters(HERE)] == ["anselm", "Mira"]
    assert await store.characters_of([HERE, THERE]) == {
        HERE: await store.characters(HERE),
        THERE: [],
    }
    assert await store.blob(HERE, digest(CARD)) == CARD
    assert await store.blob(HERE, digest(PICTURE)) == PICTURE
    assert await store.blob(THERE, digest(CARD)) is None, "libraries share nothing"
    names = sorted(raw.scan_iter())
    assert names == [f"hermes:1:{{{HERE}}}:{part}" for part in ("blobs", "characters")]
    assert all(raw.ttl(name) == -1 for name in names), "a library stays"


async def test_worlds_and_personas_come_back_as_they_were_saved(store: RedisStore, raw):
    assert await store.worlds(HERE) == []
    assert await store.save_world(book(), BOOK)
    assert await store.worlds(HERE) == [book()]
    assert await store.blob(HERE, digest(BOOK)) == BOOK
    assert await store.delete_world(HERE, "w1")
    assert not await store.delete_world(HERE, "w1")
    assert await store.personas(HERE, []) == await store.personas(HERE, [ADA]) == {}
    ada = Persona("Ada of the Fen", "She limps.\nhalf: \ud800")
    await store.set_persona(HERE, ADA, ada)
    await store.set_persona(THERE, ADA, Persona("Other"))
    assert await store.personas(HERE, [BOB, ADA]) == {ADA: ada}
    await store.set_persona(HERE, ADA, None)
    assert await store.personas(HERE, [ADA]) == {}
    assert raw.keys("*personas") == [LibraryKeys.of(THERE).personas]


async def test_a_library_has_room_for_so_many(store: RedisStore, raw):
    for n in range(MAX_CHARACTERS):
        assert await store.save_character(mira(id=f"c{n}"), CARD)
    assert not await store.save_character(mira(id="more", card=digest(b"more")), b"more")
    assert digest(b"more") not in kept(raw), "nothing is changed"
    assert await store.save_character(mira(id="c7", name="Another"), CARD), "in place of another"
    assert await store.save_character(mira(library=THERE), CARD)
    for n in range(MAX_WORLDS):
        assert await store.save_world(book(id=f"w{n}"), BOOK)
    assert not await store.save_world(book(id="more"), BOOK)
    assert raw.hlen(LibraryKeys.of(HERE).characters) == MAX_CHARACTERS


async def test_a_card_outlives_its_character_while_a_story_uses_it(store: RedisStore, raw, clock):
    await store.save_character(mira(), CARD, PICTURE)
    await store.save_character(mira(card=digest(b"new")), b"new")
    assert await store.blob(HERE, digest(CARD)) == CARD, "a story may be told with it"
    assert await store.delete_character(HERE, "m1")
    assert not await store.delete_character(HERE, "m1")
    assert await store.characters(HERE) == []
    clock.now += 60 * DAY
    assert await store.blob(HERE, digest(PICTURE)) == PICTURE
    clock.now += 60 * DAY
    await store.save_character(mira(id="x", card=digest(b"x"), picture=""), b"x")
    assert kept(raw) == {digest(PICTURE), digest(b"x")}, "used 60 days ago; others not for 120"
    await store.save_character(mira(id="y", card=digest(b"x")), b"x", PICTURE)
    assert not raw.exists(LibraryKeys.of(HERE).unused), "a character has it again"


async def test_what_two_have_in_common_stays_for_the_other(store: RedisStore, raw, clock):
    await store.save_character(mira(), CARD, PICTURE)
    await store.save_character(mira(id="m2"), CARD, PICTURE)
    await store.delete_character(HERE, "m1")
    clock.now += 1_000 * DAY
    await store.save_world(book(), BOOK)
    assert kept(raw) == {digest(CARD), digest(PICTURE), digest(BOOK)}


async def test_bytes_are_limited_and_the_unused_give_way(
    store: RedisStore, raw, clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(library, "MAX_BYTES", 300)
    blobs = [bytes([n]) * 100 for n in range(5)]
    for n in range(3):
        clock.now += 1
        await store.save_character(mira(id=f"c{n}", card=digest(blobs[n]), picture=""), blobs[n])
    four = mira(id="c4", card=digest(blobs[4]), picture="")
    assert not await store.save_character(four, blobs[4])
    assert await store.save_character(mira(id="c0", name="Renamed", card=digest(blobs[0])))
    for n in (1, 0):
        clock.now += 1
        await store.delete_character(HERE, f"c{n}")
    assert await store.save_character(four, blobs[4])
    assert kept(raw) == {digest(blobs[n]) for n in (0, 2, 4)}, "the longest unused went"
    assert limits.MAX_BYTES > 10**8


async def test_damaged_records_are_left_out(store: RedisStore, raw, caplog):
    await store.save_character(mira(), CARD)
    key = LibraryKeys.of(HERE)
    raw.hset(key.characters, mapping={"a": "{", "b": "[]", "c": '{"name":"x"}', "d": '"x"'})
    raw.hset(key.worlds, mapping={"a": "{", "b": '{"name":1,"owner":"","book":"","entries":"x"}'})
    raw.hset(key.personas, ADA, "[1]")
    assert [one.id for one in await store.characters(HERE)] == ["m1"]
    assert await store.character(HERE, "a") is None
    assert await store.worlds(HERE) == []
    assert await store.personas(HERE, [ADA]) == {}
    assert "damaged" in caplog.text
    later = json.dumps({"name": "L", "owner": BOB, "card": "", "later": 1, "tags": 7})
    raw.hset(key.characters, "later", later)
    assert (await store.character(HERE, "later")).tags == ()
    assert await store.save_world(book(), BOOK), "a damaged neighbour stops nothing"


async def test_each_is_one_round_trip_and_may_be_repeated(line):
    async with aclosing(RedisStore(line.url)) as counted:
        await counted.save_character(mira(id="warm"), CARD)
        for one in (
            counted.save_character(mira(), CARD, PICTURE),
            counted.characters(HERE),
            counted.characters_of([HERE, THERE, OWN]),
            counted.character(HERE, "m1"),
            counted.blob(HERE, digest(CARD)),
            counted.save_world(book(), BOOK),
            counted.worlds(HERE),
            counted.delete_world(HERE, "w1"),
            counted.set_persona(HERE, ADA, Persona("A")),
            counted.personas(HERE, [ADA, BOB]),
            counted.delete_character(HERE, "m1"),
        ):
            before = line.round_trips
            await one
            assert line.round_trips - before == 1
        line.lose_answers = 1
        assert await counted.save_character(mira(), CARD, PICTURE)
        assert [one.id for one in await counted.characters(HERE)] == ["m1", "warm"]


async def test_a_server_that_is_down_is_told(unused_tcp_port: int):
    async with aclosing(RedisStore(f"redis://127.0.0.1:{unused_tcp_port}")) as store:
        with pytest.raises(StoreUnavailable):
            await store.save_character(mira(), CARD)


# ------------------------------------------------------------------ people


@pytest.fixture
async def brought(store: RedisStore) -> RedisStore:
    """Ada has characters of her own and shared ones, Bob one that has the same picture."""
    hers = {"owner": ADA, "card": digest(b'{"name":"Ada\'s"}')}
    await store.save_character(mira(id="b"), CARD, PICTURE)
    await store.save_character(mira(id="a", name="Hers", **hers), b'{"name":"Ada\'s"}', PICTURE)
    own = mira(library=OWN, **hers, picture=digest(b"picture"))
    await store.save_character(own, b'{"name":"Ada\'s"}', b"picture")
    await store.save_character(mira(id="old", owner=ADA, card=digest(b"old"), picture=""), b"old")
    await store.delete_character(HERE, "old")
    await store.save_world(book(owner=ADA), BOOK)
    await store.set_persona(HERE, ADA, Persona("Ada of the Fen", "She limps since the war."))
    await store.set_persona(HERE, BOB, Persona("Bob"))
    return store


async def test_all_that_somebody_brought_is_told(brought: RedisStore):
    counted = await brought.about(ADA)
    assert [one["card"] for one in counted.characters] == [digest(b'{"name":"Ada\'s"}')] * 2
    assert counted.pictures == {}
    held = await brought.about(ADA, files=True)
    assert set(held.pictures.values()) == {PICTURE, b"picture"}
    assert sorted((one["place"], one["name"]) for one in held.characters) == [
        (HERE, "Hers"),
        (OWN, "Mira"),
    ]
    assert [one["card"] for one in held.characters] == [{"name": "Ada's"}] * 2
    assert [(one["name"], one["book"]) for one in held.lorebooks] == [
        ("The Marches", {"entries": []})
    ]
    assert [one["text"] for one in held.personas] == ["She limps since the war."]
    assert held.other == []


async def test_erasing_takes_it_all_and_leaves_others_theirs(brought: RedisStore, raw):
    await brought.erase(ADA)
    assert [one.id for one in await brought.characters(HERE)] == ["b"]
    assert await brought.worlds(HERE) == []
    assert await brought.personas(HERE, [ADA, BOB]) == {BOB: Persona("Bob")}
    assert kept(raw) == {digest(CARD), digest(PICTURE)}, "Bob's character has that picture too"
    assert raw.keys(f"*{ADA}*") == []
    assert not raw.exists(LibraryKeys.of(HERE).unused)
    assert await brought.blob(HERE, digest(CARD)) == CARD


async def test_stories_lose_what_was_erased_and_nothing_else(brought: RedisStore):
    hers, own = Member(HERE, "a", "c", "Hers"), Member(OWN, "m1", "c", "Mine")
    cast = [hers, Member(HERE, "b", "c", "Mira"), own]
    stage = Stage(cast=tuple(cast), title="The inn", lore=((HERE, "w1"), (HERE, "w2")), host=BOB)
    await brought.save_stage("discord:9", stage)
    await brought.erase(ADA)
    left = (await brought.load("discord:9")).stage
    assert left == replace(stage, cast=(cast[1],), lore=((HERE, "w2"),))


async def test_stories_lose_what_was_deleted_before_it_was_erased(brought: RedisStore):
    (hers,) = [one for one in await brought.characters(HERE) if one.owner == ADA]
    his = Member(HERE, "b", digest(CARD), "Mira")
    cast = (Member(HERE, hers.id, hers.card, "Hers"), his)
    await brought.save_stage("discord:9", Stage(cast=cast))
    assert await brought.delete_character(HERE, hers.id)
    assert await brought.blob(HERE, hers.card), "the story goes on"
    await brought.erase(ADA)
    assert await brought.blob(HERE, hers.card) is None
    assert (await brought.load("discord:9")).stage == Stage(cast=(his,))


async def test_a_servers_retention_is_about_talks_only(brought: RedisStore, raw):
    # A guest's own talk has the same name as their library.
    raw.hset(ConversationKeys.of(OWN).state, "server", "1")
    await brought.set_retention("1", 1, [HERE])
    assert raw.ttl(LibraryKeys.of(OWN).blobs) == -1
    assert len(await brought.characters(HERE)) == 2
    assert len(await brought.characters(OWN)) == 1

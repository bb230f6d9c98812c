"""The store on a real server: what is written comes back, once, in three round trips."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import zlib
from contextlib import aclosing
from dataclasses import replace

import pytest
from redis.crc import key_slot

from bot.conversation.departures import Departure
from bot.conversation.ports import MAX_THOUGHTS
from bot.conversation.turns import Pending, Snapshot, State, Turn, Usage
from bot.errors import SettingsError
from bot.store import keys
from bot.store.history import RedisStore
from bot.store.keys import ConversationKeys
from tests.store.settling import settle

PLACE = "discord:111:222"
MONTH = 30 * 86_400

ASK = Turn("1001", 4, "user", "Hail!", "Ada", "42", 9, ("1001",), "")
REPLY = Turn("r1", 5, "assistant", "Well met.", "", "", 4, ("1002", "1003"), "stopped")
OWED = Pending("r1", 5, ("1001",), 1_700_000_000.25, {"channel": "222", "message": "1001"})
STATE = State(4, None, 31, 4, Usage(120, None, 7, 8192, 4))

HOSTILE = [
    "",
    "%",
    "{",
    "}",
    "}{",
    "{a}{b}",
    "a}:turns",
    " spaces and\r\nnewlines\0",
    "*?[a-z]",
    "ünï ☃ 😀",
    "half \ud83d emoji",
    "x" * 5_000,
    "owed",
    "0",
]


def turns(*numbers: int) -> list[Turn]:
    return [Turn(f"t{n}", n, "user", f"text {n}") for n in numbers]


def of(place: str = PLACE) -> ConversationKeys:
    return ConversationKeys.of(place)


async def test_everything_comes_back_as_it_was(store: RedisStore):
    assert await store.load(PLACE) == Snapshot()
    assert await store.journal(PLACE, [ASK], OWED)
    assert await store.load(PLACE) == Snapshot((ASK,), State(), (OWED,))
    await settle(store, PLACE, "r1", [REPLY], STATE, prompt="<|im_start|>…")
    assert await store.load(PLACE) == Snapshot((ASK, REPLY), STATE, ())
    assert await store.last_prompt(PLACE) == "<|im_start|>…"
    assert await store.load("elsewhere") == Snapshot()
    assert await store.last_prompt("elsewhere") is None


async def test_a_reply_costs_three_round_trips(line, store: RedisStore):
    async with aclosing(RedisStore(line.url)) as counted:
        await counted.journal("warm", [], OWED)  # connects, and teaches the scripts
        before = line.round_trips
        await counted.load(PLACE)
        await counted.journal(PLACE, turns(1, 2), OWED)
        await counted.commit(
            PLACE, "r1", REPLY, STATE, dropped=["t1"], prompt="p" * 200_000, thoughts="hm" * 9_000
        )
        assert line.round_trips - before == 3
        for one in (
            counted.save_state(PLACE, STATE),
            counted.last_prompt(PLACE),
            counted.thoughts(PLACE),
            counted.clear("elsewhere"),
            counted.set_always_on(PLACE, True),
            counted.always_on(),
            counted.set_engine(PLACE, "big"),
            counted.engines(),
            counted.active(0),
            counted.say_heard(1),
            counted.last_heard(),
            counted.ping(),
            counted.edit(PLACE, "t2", "another text"),
            counted.remove(PLACE, ["1002"]),
            counted.amend(PLACE, REPLY, REPLY),
            counted.undo(PLACE, ["t2"]),
            counted.undone(PLACE),
            counted.redo(PLACE),
            counted.archive(PLACE),
            counted.heard(PLACE, ["t2", "404"]),
            counted.summarise(PLACE, None, 0),
            counted.restore(PLACE),
        ):
            before = line.round_trips
            await one
            assert line.round_trips - before == 1


async def test_turns_come_in_order(store: RedisStore):
    await settle(store, PLACE, "r", turns(10, 9, 200, 3), State())
    assert [turn.n for turn in (await store.load(PLACE)).turns] == [3, 9, 10, 200]


async def test_a_message_that_comes_twice_is_journalled_once(store: RedisStore, raw):
    assert await store.journal(PLACE, [ASK], OWED)
    before = await store.load(PLACE)
    assert not await store.journal(PLACE, [ASK], OWED)
    assert not await store.journal(PLACE, turns(7), replace(OWED, since=1.0)), "owed already"
    assert not await store.journal(PLACE, [*turns(7), ASK], replace(OWED, reply="r2")), "ask known"
    assert await store.load(PLACE) == before
    await settle(store, PLACE, "r1", [REPLY], State())
    assert not await store.journal(PLACE, turns(7), OWED), "answered already"
    assert await store.load(PLACE) == Snapshot((ASK, REPLY), State(), ())


async def test_another_reply_to_the_same_message_is_allowed(store: RedisStore):
    await store.journal(PLACE, [ASK], OWED)
    await settle(store, PLACE, "r1", [REPLY], State())
    again = replace(OWED, reply="r2", n=6)
    assert await store.journal(PLACE, [], again)
    assert (await store.load(PLACE)).pending == (again,)


async def test_of_two_processes_one_wins(valkey_url: str, store: RedisStore):
    async with aclosing(RedisStore(valkey_url)) as other:
        for n in range(40):
            ask, owed = Turn(f"a{n}", n, "user", "?"), replace(OWED, reply=f"r{n}")
            wins = await asyncio.gather(
                *(one.journal(PLACE, [ask], owed) for one in (store, other) * 2)
            )
            assert sorted(wins) == [False, False, False, True]
    found = await store.load(PLACE)
    assert (len(found.turns), len(found.pending)) == (40, 40)


async def test_cut_turns_move_to_the_archive(store: RedisStore, raw):
    await settle(store, PLACE, "r1", turns(*range(6)), State())
    counted = replace(turns(1)[0], tokens=77)
    for _ in range(2):  # the second time changes nothing
        await settle(
            store, PLACE, "r2", [counted], State(start=3), dropped=["t0", "t1", "t2", "never"]
        )
        assert [turn.n for turn in (await store.load(PLACE)).turns] == [3, 4, 5]
        archived = [json.loads(entry) for entry in raw.zrange(of().archive, 0, -1)]
        assert [entry["n"] for entry in archived] == [0, 1, 2]
        assert archived[1]["tokens"] == 77, "counted and cut by the same reply"


async def test_the_archive_is_bounded(valkey_url: str, raw):
    async with aclosing(RedisStore(valkey_url, archive_turns=3)) as store:
        for n in range(8, 13):
            await settle(store, PLACE, "r", turns(n), State(), dropped=[f"t{n}"])
    kept = [json.loads(entry)["n"] for entry in raw.zrange(of().archive, 0, -1)]
    assert kept == [10, 11, 12]


async def test_clear_forgets_the_turns_and_keeps_the_settings(store: RedisStore, raw):
    await store.set_always_on(PLACE, True)
    state = replace(STATE, system="You are a bard.", engine="big")
    await settle(store, PLACE, "r0", turns(0, 1, 2), state, dropped=["t0"], prompt="secret")
    await store.journal(PLACE, [ASK], OWED)
    await store.journal(PLACE, [], replace(OWED, reply="half \ud83d"))
    raw.hset(of().state, "mood", '"a newer release knows this"')
    assert await store.clear(PLACE) == 4, "three live turns and one archived"
    assert await store.load(PLACE) == Snapshot((), State(system="You are a bard."), ())
    assert await store.last_prompt(PLACE) is None
    assert await store.owed() == []
    assert raw.zcard(keys.OWED) == 0
    assert await store.always_on() == {PLACE}
    assert raw.keys("*{*") == [of().state]
    assert sorted(raw.hkeys(of().state)) == ["changes", "erased", "mood", "system"]
    assert await store.clear(PLACE) == 0
    assert await store.clear("never seen") == 0


async def test_engines_are_chosen_by_place(store: RedisStore):
    for place in HOSTILE:
        await store.set_engine(place, "fast")
        await store.set_engine(place, "big")
    assert await store.engines() == dict.fromkeys(HOSTILE, "big")
    for place in HOSTILE:
        await store.set_engine(place, None)
    assert await store.engines() == {}


async def test_whose_counts_they_are_is_kept(store: RedisStore):
    marked = replace(ASK, tokens=3, counted_by="big")
    await settle(store, PLACE, "r", [marked], replace(STATE, engine="big"))
    assert await store.load(PLACE) == Snapshot((marked,), replace(STATE, engine="big"), ())


async def test_owed_replies_are_found_oldest_first(store: RedisStore, raw):
    for n, place in enumerate(HOSTILE):
        await store.journal(place, [], replace(OWED, reply=f"r {n} \ud83d", since=1000.0 - n))
    await settle(store, HOSTILE[3], "r 3 \ud83d", [], State())
    found = await store.owed()
    assert [place for place, _ in found] == [p for n, p in enumerate(HOSTILE) if n != 3][::-1]
    assert found[0][1].reply == f"r {len(HOSTILE) - 1} \ud83d"


async def test_the_index_of_owed_replies_mends_itself(store: RedisStore, raw):
    await store.journal(PLACE, [], replace(OWED, reply="expired"))
    raw.delete(of().pending)
    raw.zadd(keys.OWED, {"no member of ours": 1.0})
    raw.zadd(keys.OWED, {keys.owed_member(PLACE, "being written"): time.time()})
    assert await store.owed() == []
    assert raw.zrange(keys.OWED, 0, -1) == [keys.owed_member(PLACE, "being written")]


async def test_lists_over_all_conversations(valkey_url: str, store: RedisStore, raw):
    for place in HOSTILE:
        await store.set_always_on(place, True)
        await settle(store, place, "r", [], State())
    assert await store.always_on() == set(HOSTILE)
    assert await store.active(0) == HOSTILE[::-1]
    await store.set_always_on(HOSTILE[0], False)
    assert await store.always_on() == set(HOSTILE[1:])
    raw.zadd(keys.ACTIVE, {"old": time.time() - MONTH - 60, "recent": time.time() - MONTH + 60})
    assert await store.active(time.time() - 60) == HOSTILE[::-1]
    await settle(store, PLACE, "r", [], State())
    assert raw.zscore(keys.ACTIVE, "old") is None, "forgotten with its conversation"
    assert raw.zscore(keys.ACTIVE, "recent")


async def test_signs_of_life(store: RedisStore, raw):
    assert await store.last_heard() is None
    await store.say_heard(1_763_700_000.5)
    assert await store.last_heard() == 1_763_700_000.5
    raw.set(keys.HEARD, "soon")
    assert await store.last_heard() is None


@pytest.mark.parametrize("text", HOSTILE[1:])
async def test_thoughts_come_back_by_reply(text: str, store: RedisStore):
    await settle(store, PLACE, text, [], STATE, thoughts=text)
    await settle(store, PLACE, "r2", [], STATE)
    assert await store.thoughts(PLACE) == {text: text}
    assert await store.thoughts("discord:other") == {}


async def test_thoughts_are_few_and_forgotten_after_a_day_of_talk(store: RedisStore, raw):
    raw.zadd(of().thoughts, {zlib.compress(b'["r-old","long ago"]'): time.time() - 86_401})
    assert await store.thoughts(PLACE) == {}
    for n in range(MAX_THOUGHTS + 3):
        await settle(store, PLACE, f"r{n}", [], STATE, thoughts=f"thought {n}")
    kept = await store.thoughts(PLACE)
    assert list(kept) == [f"r{n}" for n in range(3, MAX_THOUGHTS + 3)]
    assert raw.zcard(of().thoughts) == MAX_THOUGHTS


async def test_thoughts_are_committed_once_and_cleared(store: RedisStore, raw):
    for _ in range(2):
        await settle(store, PLACE, "r1", [REPLY], STATE, thoughts="hm")
    assert raw.zcard(of().thoughts) == 1
    await store.clear(PLACE)
    assert await store.thoughts(PLACE) == {}
    assert not raw.exists(of().thoughts)


async def test_an_own_system_prompt_outlives_the_talk(store: RedisStore, raw):
    await store.journal(PLACE, [ASK], OWED)
    await store.save_state(PLACE, replace(STATE, system="Be a pirate."))
    await settle(store, PLACE, "r1", turns(1), replace(STATE, system="Be a pirate."))
    assert raw.ttl(of().state) == -1
    assert raw.ttl(of().turns) > 0
    await store.save_state(PLACE, replace(STATE, system=None))
    assert raw.ttl(of().state) > 0


async def test_every_key_expires(store: RedisStore, raw):
    await store.set_always_on(PLACE, True)
    await store.set_engine(PLACE, "big")
    await store.set_tool_rules(PLACE, "{}")
    await store.set_opted_out("mark", True)
    await store.set_retention("111", 9)
    await store.set_policy("111", "{}")
    await store.set_config("server:111", "{}")
    await store.note_departure("111", Departure(1.0))
    await store.say_heard(1.0)
    await store.journal(PLACE, [*turns(1), ASK], OWED)
    await settle(store, PLACE, "r0", turns(2), STATE, dropped=["t1"], prompt="p", thoughts="hm")
    expiries = {name: raw.ttl(name) for name in raw.scan_iter()}
    assert expiries.pop(of().sent) == pytest.approx(86_400, abs=2)
    assert expiries.pop(of().thoughts) == pytest.approx(86_400, abs=2)
    for ours in (keys.ALIVE, keys.CHANGES):
        assert expiries.pop(ours) == pytest.approx(86_400, abs=2)
    assert {name for name, left in expiries.items() if left == -1} == set(keys.LASTING)
    mortal = [left for left in expiries.values() if left != -1]
    assert len(mortal) == 4
    assert mortal == pytest.approx([MONTH] * 4, abs=2)


@pytest.mark.parametrize("write", ["journal", "commit", "save_state"])
async def test_every_write_renews_the_expiry_of_all(write: str, store: RedisStore, raw):
    await store.journal(PLACE, [*turns(1), ASK], OWED)
    await settle(store, PLACE, "r0", [], STATE, dropped=["t1"])
    for name in of().kept:
        assert raw.expire(name, 100)
    match write:
        case "journal":
            await store.journal(PLACE, [], replace(OWED, reply="r2"))
        case "commit":
            await settle(store, PLACE, "r3", [], STATE)
        case "save_state":
            await store.save_state(PLACE, STATE)
    left = {raw.expiretime(name) for name in of().kept}
    assert len(left) == 1, "they are forgotten in the same moment"
    assert left.pop() > time.time() + MONTH - 5


async def test_history_days_set_the_expiry(valkey_url: str, raw):
    async with aclosing(RedisStore(valkey_url, history_days=2)) as store:
        await store.save_state(PLACE, STATE)
    assert raw.ttl(of().state) == pytest.approx(2 * 86_400, abs=2)
    with pytest.raises(SettingsError):
        RedisStore(valkey_url, history_days=0)


@pytest.mark.parametrize("place", HOSTILE)
async def test_names_of_any_kind(place: str, store: RedisStore, raw):
    reply, text = place + "|reply", place + "\x00\x1b<|im_end|>{{char}}\u202e\\"
    ask = Turn(place + "|ask", 1, "user", text, place, place, shown=(place,))
    await store.journal(place, [ask], replace(OWED, reply=reply, origin={place: place}))
    found = await store.load(place)
    assert found.turns == (ask,)
    assert found.pending[0].origin == {place: place}
    state = State(system=text)
    await settle(store, place, reply, [], state, prompt=text)
    assert await store.load(place) == Snapshot((ask,), state, ())
    assert await store.last_prompt(place) == text
    assert await store.load("}" + place) == Snapshot(), "no other name reaches it"
    stored = raw.keys("*{*")
    assert len({key_slot(name.encode()) for name in stored}) == 1
    assert all(name.isascii() and name.isprintable() and " " not in name for name in stored)


def test_names_never_meet():
    near = [*HOSTILE, "%7B", "%25", "a%20b", "a b", "\0"]
    assert len({keys.encode(name) for name in near}) == len(near)
    assert [keys.decode(keys.encode(name).encode()) for name in near] == near


async def test_what_a_newer_release_wrote_is_readable(store: RedisStore, raw):
    raw.hset(of().turns, "1", '{"id":"1","n":1,"role":"user","text":"hi","mood":[1],"status":"x"}')
    raw.hset(of().pending, "r", '{"reply":"r","n":2,"since":5,"asks":["1"],"lane":{"a":1}}')
    raw.hset(of().state, "usage", '{"prompt":5,"euros":0.1}')
    raw.hset(of().state, "mood", '"sunny"')
    found = await store.load(PLACE)
    assert found.turns == (Turn("1", 1, "user", "hi"),)
    assert found.pending == (Pending("r", 2, ("1",), 5.0),)
    assert found.state == State(usage=Usage(prompt=5))
    await store.save_state(PLACE, STATE)
    assert raw.hget(of().state, "mood") == '"sunny"', "an older release leaves it alone"


DAMAGE = [
    "",
    "{",
    "null",
    "[]",
    '{"id":"x"}',
    "\xff",
    "[" * 100_000,
    '{"id":7,"n":1,"role":"user"}',
]


@pytest.mark.parametrize("damage", DAMAGE, ids=range(len(DAMAGE)))
async def test_damage_costs_no_conversation(damage, store: RedisStore, raw, caplog):
    await store.journal(PLACE, [ASK], OWED)
    await store.save_state(PLACE, STATE)
    raw.hset(of().turns, "x", damage)
    raw.hset(of().pending, "x", damage)
    raw.hset(of().state, "start", damage)
    raw.zadd(keys.OWED, {keys.owed_member(PLACE, "x"): 1.0})
    raw.set(of().sent, damage)
    raw.zadd(of().thoughts, {damage: time.time(), zlib.compress(b"[[[1"): time.time()})
    await settle(store, PLACE, "r0", [], replace(STATE, start=0), thoughts="sound")
    raw.hset(of().state, "start", damage)
    with caplog.at_level(logging.WARNING):
        assert await store.load(PLACE) == Snapshot((ASK,), replace(STATE, start=0), (OWED,))
    assert "turn b'x' is damaged" in caplog.text
    assert await store.owed() == [(PLACE, OWED)]
    assert await store.last_prompt(PLACE) is None
    assert await store.thoughts(PLACE) == {"r0": "sound"}


async def test_damage_can_be_cut_and_archived(store: RedisStore, raw):
    for n, damage in enumerate([*DAMAGE, "{}", '{"n":"x"}', '{"n":[]}']):
        raw.hset(of().turns, str(n), damage)
    await settle(store, PLACE, "r", [], State(), dropped=[str(n) for n in range(20)])
    assert not raw.exists(of().turns)
    assert raw.zcard(of().archive) == len(DAMAGE) + 3


async def test_a_turn_of_an_unknown_role_is_left_out(store: RedisStore, raw):
    raw.hset(of().turns, "x", '{"id":"x","n":1,"role":"narrator","text":"!"}')
    assert (await store.load(PLACE)).turns == ()


async def test_many_at_once_and_some_given_up(valkey_url: str):
    async with aclosing(RedisStore(valkey_url, max_connections=4)) as store:
        jobs = [
            asyncio.create_task(settle(store, f"c{n}", "r", turns(n), State(start=n)))
            for n in range(200)
        ]
        await asyncio.sleep(0)
        for job in jobs[::3]:
            await asyncio.sleep(0)
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        for n in range(200):
            if n % 3:
                assert (await store.load(f"c{n}")).state.start == n

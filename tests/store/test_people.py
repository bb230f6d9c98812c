"""Erasing a person from a real Valkey, and finding nothing of them afterwards."""

from __future__ import annotations

import json
import time
import zlib
from contextlib import aclosing
from dataclasses import replace

import pytest
import redis

from bot.conversation.facts import Fact
from bot.conversation.library import Character
from bot.conversation.ports import Action, LoggedCall
from bot.conversation.reminding import Reminder
from bot.conversation.revising import Brought
from bot.conversation.turns import Pending, State, Turn
from bot.store import keys, records
from bot.store.history import RedisStore
from bot.store.keys import ConversationKeys
from bot.store.traces import CUT, Person
from bot.tools.context import ToolContext
from bot.tools.run import Step, ToolRun

ADA, BOB = "104729000000000042", "299210000000000077"
SERVER, CHANNEL, DIRECT = "500000000000000111", "600000000000000222", "600000000000000333"
SHARED, PRIVATE = f"discord:{CHANNEL}", f"discord:{CHANNEL}:{ADA}"
DAY, MONTH = 86_400, 30 * 86_400

# No word of Ada's is a word of Bob's.
ADAS = "marmalade submarine polka"
BOBS = "granite telescope waltz"


def asked(n: int, who: str, words: str, name: str = "x") -> Turn:
    return Turn(str(n), n, "user", words, speaker=name if name != "x" else who[:3], author=who)


def answer(n: int, to: int, words: str, **rest) -> Turn:
    return Turn(f"r{to}", n, "assistant", words, **rest)


def owed(to: int, who: str, *asks: int) -> Pending:
    origin = {"channel": CHANNEL, "guild": SERVER, "asker": who}
    return Pending(f"r{to}", to + 1, tuple(map(str, asks or (to,))), 1_700_000_000.0, origin)


def everything(url: str) -> str:
    """All names and values of the database, whatever their kind, as one text."""
    seen: list[bytes] = []
    with redis.Redis.from_url(url) as client:
        for key in client.scan_iter():
            seen.append(key)
            match client.type(key):
                case b"string":
                    seen.append(client.get(key))
                case b"hash":
                    seen += [part for pair in client.hgetall(key).items() for part in pair]
                case b"list":
                    seen += client.lrange(key, 0, -1)
                case b"set":
                    seen += client.smembers(key)
                case b"zset":
                    seen += client.zrange(key, 0, -1)
                case b"stream":
                    seen += [repr(entry).encode() for entry in client.xrange(key)]
    opened = [zlib.decompress(part) if part[:2] == b"\x78\x01" else part for part in seen]
    return "\n".join(part.decode("utf-8", "replace") for part in opened)


def nothing_of_ada(url: str) -> None:
    found = everything(url)
    assert ADA not in found
    for word in ADAS.split():
        assert word not in found, found[max(0, found.index(word) - 300) :][:600]


async def talk(store: RedisStore, place: str, *turns: Turn, prompt: str = "", **state) -> None:
    """Questions and replies in a row, as they come about."""
    waiting: list[Turn] = []
    for turn in turns:
        if turn.role == "user":
            waiting.append(turn)
            continue
        pending = replace(owed(1, waiting[-1].author), reply=turn.id)
        assert await store.journal(place, waiting, pending)
        known = (await store.load(place)).state
        await store.commit(place, turn.id, turn, replace(known, **state), prompt=prompt or None)
        waiting = []


async def fill(store: RedisStore, raw: redis.Redis) -> None:
    """Something of every kind, of both."""
    ran = ToolRun("who_is", {"name": "Ada"}, {"members": [{"id": ADA}]}, "who is Ada?")
    said = ToolRun("remember", {"fact": f"{ADAS} 3"}, {"saved": f"{ADAS} 3"}, "remembering")
    await talk(
        store,
        SHARED,
        asked(1, ADA, f"{ADAS} 1", "Ada"),
        answer(2, 1, f"You said {ADAS.upper()} and {ADAS} 1", steps=(Step((said,), f"{ADAS} 3"),)),
        asked(3, BOB, f"{BOBS} 1", "Bob"),
        answer(4, 3, "Very well, Bob.", steps=(Step((ran,)),)),
        asked(5, BOB, f'[in reply to Ada: "{ADAS} 1"] {BOBS} 2', "Bob"),
        answer(6, 5, f"Somebody said: {ADAS} 1. And you {BOBS} 2"),
        prompt=f"system\nAda: {ADAS} 1\nBob: {BOBS} 1",
        system=f"Be kind to <@{ADA}>.",
    )
    state = (await store.load(SHARED)).state
    assert await store.journal(SHARED, [], replace(owed(7, BOB), reply="cut"))
    await store.commit(SHARED, "cut", None, state, dropped=["1", "r1", "3"])
    await store.journal(SHARED, [asked(8, ADA, f"{ADAS} 8", "Ada")], owed(8, ADA))
    await store.journal(SHARED, [asked(10, BOB, f"{BOBS} 10", "Bob")], owed(10, BOB))
    raw.hset(ConversationKeys.of(SHARED).state, "summary", json.dumps("Ada likes marmalade."))
    await talk(store, PRIVATE, asked(20, ADA, f"{ADAS} 20"), answer(21, 20, "Hm."), prompt=ADAS)
    mine = replace(asked(30, ADA, f"{ADAS} 30"), speaker="")
    await talk(store, f"discord:{DIRECT}", mine, answer(31, 30, "Hm."), system=f"{ADAS} dm")
    await talk(store, "discord:1", asked(40, BOB, f"{BOBS} 40", "Bob"), answer(41, 40, "Fine, 40."))
    for who, words in ((ADA, ADAS), (BOB, BOBS)):
        await store.remember(f"discord:server:{SERVER}", Fact(f"{words} fact", who, who[:3], 1.0))
        await store.remember(
            f"discord:server:{SERVER}:user:{who}", Fact(f"{words} own", who, "", 2.0)
        )
        await store.save_schema(f"discord:user:{who}", "mine", f"{words.split()[0]}: text")
        await store.save_reminder(Reminder(f"id{who}", who, f"{words} bread", 9e9, 1.0, CHANNEL))
        context = ToolContext(SHARED, who, who[:3], SERVER, CHANNEL)
        await store.save_action(Action(f"a{who}", "pin", {"text": words}, context, 1.0))
        await store.log_calls(
            f"discord:server:{SERVER}",
            [LoggedCall(time.time(), who, CHANNEL, "dice", {"why": words})],
        )
        for place in (f"discord:{CHANNEL}:{who}", f"discord:user:{who}"):
            await store.set_always_on(place, True)
            await store.set_engine(place, "big")
            await store.set_tool_rules(place, "{}")
    await store.log_calls(
        f"discord:server:{SERVER}", [LoggedCall(1.0, BOB, CHANNEL, "who_is", {"name": f"<@{ADA}>"})]
    )
    await store.claim_reminders(9.1e9, 9.2e9)
    await store.set_always_on(f"discord:{DIRECT}", True)
    await store.set_engine(f"discord:{DIRECT}", "big")
    _copies(raw)


def _copies(raw: redis.Redis) -> None:
    """What other parts of the bot keep beside a conversation, and what is not known today."""
    stem = f"{keys.PREFIX}{{{SHARED}}}:"
    ours = [asked(50, ADA, f"{ADAS} 50", "Ada"), answer(51, 50, "Gone with Ada.")]
    theirs = [asked(52, BOB, f"{BOBS} 52", "Bob"), answer(53, 52, "Stays with Bob.")]
    raw_turns = [json.loads(records.write_turn(turn)) for turn in (*ours, *theirs)]
    raw.rpush(f"{stem}lists", json.dumps(raw_turns[:2]), json.dumps(raw_turns[1:]))
    raw.hset(f"{stem}before:turns", mapping={t["id"]: json.dumps(t) for t in raw_turns})
    raw.zadd(f"{stem}before:archive", {json.dumps(t): t["n"] for t in raw_turns})
    raw.hset(f"{stem}before:state", "summary", json.dumps("Ada likes polka."))
    for mark, key in (("2 ", "taken-back"), (" ", "before")):
        raw.hset(f"{stem}{key}", "#", "2")
        raw.hset(f"{stem}{key}", "s:summary", json.dumps({"text": "Ada likes polka."}))
        for turn in raw_turns:
            raw.hset(f"{stem}{key}", f"t:{turn['id']}", mark + json.dumps(turn))
        quoting = {**raw_turns[2], "id": "54", "text": f"She said: {ADAS} 50"}
        raw.hset(f"{stem}{key}", "a:54", mark + json.dumps(quoting))
    thoughts = [zlib.compress(json.dumps(["r1", f"She says {ADAS} 1."]).encode(), 1), "polka"]
    raw.zadd(f"{stem}thoughts", dict.fromkeys(thoughts, 1.0))
    raw.set(f"{keys.PREFIX}unheard-of", f"{ADAS} 1")
    raw.hset(f"{keys.PREFIX}later", mapping={ADA: "1", "x": json.dumps({"asker": ADA}), "y": "7"})
    raw.sadd(f"{keys.PREFIX}members", ADA, f"{ADA}0", BOB)
    raw.rpush(f"{keys.PREFIX}queue", f"<@{ADA}>", "kept")


@pytest.fixture
async def full(store: RedisStore, raw) -> RedisStore:
    await fill(store, raw)
    return store


async def test_nothing_of_a_person_is_left(full: RedisStore, valkey_url: str):
    before = everything(valkey_url)
    assert all(word in before for word in (ADA, *ADAS.split()))
    held = await full.erase(ADA, [f"discord:{DIRECT}"])
    assert (held.turns, held.replies) == (5, 4)
    found = everything(valkey_url).replace(f"{ADA}0", "")
    assert ADA not in found
    for word in ADAS.split():
        assert word not in found, found[max(0, found.index(word) - 300) :][:600]


async def test_nothing_is_left_where_memory_is_full(full: RedisStore, raw, valkey_url: str):
    raw.srem(f"{keys.PREFIX}members", f"{ADA}0")
    raw.config_set("maxmemory", 1)
    try:
        await full.erase(ADA, [f"discord:{DIRECT}"])
    finally:
        raw.config_set("maxmemory", 0)
    nothing_of_ada(valkey_url)
    assert (await full.load(SHARED)).state.erased > 0


async def test_what_others_said_stays(full: RedisStore, raw):
    await full.erase(ADA)
    snapshot = await full.load(SHARED)
    said = {turn.id: turn for turn in snapshot.turns}
    assert list(said) == ["r3", "5", "r5", "10"]
    assert said["10"].text == f"{BOBS} 10"
    assert said["5"].text == f'[in reply to Ada: "[…]"] {BOBS} 2'
    assert said["r5"].text == f"Somebody said: […]. And you {BOBS} 2"
    assert said["r3"].steps[0].runs[0].content == {"members": [{"id": "[…]"}]}
    assert [one.reply for one in snapshot.pending] == ["r10"]
    assert snapshot.state.system == "Be kind to <@[…]>."
    assert snapshot.state.erased > 0
    [archived] = raw.zrange(ConversationKeys.of(SHARED).archive, 0, -1)
    assert json.loads(archived)["text"] == f"{BOBS} 1"
    assert [turn.text for turn in (await full.load("discord:1")).turns] == [
        f"{BOBS} 40",
        "Fine, 40.",
    ]
    assert raw.zrange(keys.OWED, 0, -1) == [keys.owed_member(SHARED, "r10")]
    assert [place for place, _ in await full.owed()] == [SHARED]
    [fact] = await full.facts(f"discord:server:{SERVER}")
    assert fact.text == f"{BOBS} fact"
    assert len(await full.facts(f"discord:server:{SERVER}:user:{BOB}")) == 1
    assert await full.schema_names(f"discord:user:{BOB}") == ["mine"]
    assert [one.text for one in await full.reminders(BOB)] == [f"{BOBS} bread"]
    assert await full.action(f"a{BOB}")
    [call] = await full.logged_calls(f"discord:server:{SERVER}", 10)
    assert call.arguments == {"why": BOBS}
    assert await full.always_on() == {f"discord:{CHANNEL}:{BOB}", f"discord:user:{BOB}"}
    assert set(await full.engines()) == set(await full.tool_rules()) == await full.always_on()
    stem = f"{keys.PREFIX}{{{SHARED}}}:"
    assert [json.loads(one) for one in raw.lrange(f"{stem}lists", 0, -1)] == [
        [json.loads(records.write_turn(turn)) for turn in _bobs_undone()]
    ]
    assert set(raw.hkeys(f"{stem}before:turns")) == {"52", "r52"}
    assert raw.zcard(f"{stem}before:archive") == 2
    for mark, key in (("2 ", "taken-back"), (" ", "before")):
        held = raw.hgetall(f"{stem}{key}")
        assert sorted(held) == ["#", "a:54", "t:52", "t:r52"]
        assert held["a:54"].startswith(mark + "{")
        assert json.loads(held["a:54"].partition(" ")[2])["text"] == "She said: […]"
    assert raw.hgetall(f"{keys.PREFIX}later") == {"y": "7"}
    assert raw.smembers(f"{keys.PREFIX}members") == {f"{ADA}0", BOB}, "a longer number is not hers"
    assert raw.lrange(f"{keys.PREFIX}queue", 0, -1) == ["kept"]


def _bobs_undone() -> list[Turn]:
    return [asked(52, BOB, f"{BOBS} 52", "Bob"), answer(53, 52, "Stays with Bob.")]


async def test_erasing_twice_finds_nothing_more(full: RedisStore, valkey_url: str):
    await full.erase(ADA, [f"discord:{DIRECT}"])
    once = everything(valkey_url)
    again = await full.erase(ADA, [f"discord:{DIRECT}"])
    assert (again.turns, again.replies, again.facts, again.reminders) == (0, 0, [], [])
    assert everything(valkey_url) == once


async def test_nothing_changes_for_somebody_who_never_wrote(full: RedisStore, valkey_url: str):
    before = sorted(everything(valkey_url).split("\n"))
    held = await full.erase("123456789012345678")
    assert held.turns == 0
    assert sorted(everything(valkey_url).split("\n")) == before


async def test_expiries_stay_as_they_were(full: RedisStore, raw):
    key = ConversationKeys.of(SHARED)
    for name in key.kept:
        raw.expire(name, 1_000)
    await full.erase(ADA)
    assert all(raw.ttl(name) == pytest.approx(1_000, abs=2) for name in key.kept)


async def test_a_reply_in_the_making_brings_nothing_back(store: RedisStore, valkey_url: str):
    question = asked(1, ADA, f"{ADAS} 1", "Ada")
    await store.journal(SHARED, [question], owed(1, ADA))
    begun = (await store.load(SHARED)).state
    await store.erase(ADA)
    for _ in range(2):
        counted = replace(question, tokens=7)
        reply = answer(2, 1, f"You said {ADAS} 1")
        assert not await store.commit(
            SHARED, "r1", reply, begun, counted=[counted], prompt=f"Ada: {ADAS} 1"
        )
    nothing_of_ada(valkey_url)
    assert await store.owed() == []


async def test_a_reply_to_somebody_else_brings_nothing_back(store: RedisStore, valkey_url: str):
    """Its prompt holds what was erased, and its text may repeat it."""
    await talk(store, SHARED, asked(1, ADA, f"{ADAS} 1", "Ada"), answer(2, 1, "Hm."))
    seen = await store.load(SHARED)
    question = asked(3, BOB, f"{BOBS} 3", "Bob")
    await store.journal(SHARED, [question], owed(3, BOB))
    await store.erase(ADA)
    counted = [replace(turn, tokens=5) for turn in (*seen.turns, question)]
    reply = answer(4, 3, f"She said {ADAS} 1")
    assert not await store.commit(
        SHARED, "r3", reply, seen.state, counted=counted, prompt=f"Ada: {ADAS} 1"
    )
    nothing_of_ada(valkey_url)
    assert [turn.id for turn in (await store.load(SHARED)).turns] == ["3"]
    assert await store.owed() == []
    later = (await store.load(SHARED)).state
    await store.journal(SHARED, [asked(5, BOB, f"{BOBS} 5", "Bob")], owed(5, BOB))
    await store.commit(SHARED, "r5", answer(6, 5, "Yes."), later, prompt="new")
    assert [turn.id for turn in (await store.load(SHARED)).turns] == ["3", "5", "r5"]
    assert await store.last_prompt(SHARED) == "new"


async def test_a_reply_that_was_begun_and_a_reset_bring_nothing_back(store: RedisStore, raw):
    await store.journal(SHARED, [asked(1, ADA, ADAS, "Ada")], owed(1, ADA))
    await store.clear(SHARED)
    await store.commit(SHARED, "r1", answer(2, 1, "Late."), State(), prompt="p")
    assert (await store.load(SHARED)).turns == ()
    assert await store.last_prompt(SHARED) is None


async def test_a_private_talk_leaves_no_name_behind(store: RedisStore, valkey_url: str):
    await store.journal(PRIVATE, [asked(1, ADA, ADAS)], owed(1, ADA))
    await store.erase(ADA)
    await store.commit(PRIVATE, "r1", answer(2, 1, "Late."), State(), prompt=ADAS)
    nothing_of_ada(valkey_url)


@pytest.mark.parametrize("way", ["undo", "reset"])
async def test_what_was_taken_back_cannot_be_brought_again(
    way: str, store: RedisStore, valkey_url: str
):
    await talk(store, SHARED, asked(1, BOB, f"{BOBS} 1", "Bob"), answer(2, 1, "Fine."))
    await talk(store, SHARED, asked(3, ADA, f"{ADAS} 3", "Ada"), answer(4, 3, f"So {ADAS} 3"))
    state = (await store.load(SHARED)).state
    await store.journal(SHARED, [], replace(owed(9, BOB), reply="cut"))
    await store.commit(SHARED, "cut", None, state, dropped=["3", "r3"])
    await talk(store, SHARED, asked(5, ADA, f"{ADAS} 5", "Ada"), answer(6, 5, f"So {ADAS} 5"))
    await talk(store, SHARED, asked(7, BOB, f"{BOBS} 7", "Bob"), answer(8, 7, "Good."))
    if way == "undo":
        await store.undo(SHARED, ["5", "r5", "7", "r7"])
    else:
        await store.clear(SHARED, restorable=True)
    assert (await store.about(ADA)).turns == 2
    await store.erase(ADA)
    nothing_of_ada(valkey_url)
    await (store.redo(SHARED) if way == "undo" else store.restore(SHARED))
    assert [turn.id for turn in (await store.load(SHARED)).turns] == ["1", "r1", "7", "r7"]


async def test_an_answer_that_got_lost_is_given_again(line, store: RedisStore):
    """A commit whose connection broke after the work was done is sent once more."""
    async with aclosing(RedisStore(line.url)) as distant:
        await distant.journal(SHARED, [asked(1, ADA, ADAS, "Ada")], owed(1, ADA))
        line.lose_answers = 1
        await distant.commit(SHARED, "r1", answer(2, 1, "Once."), State(), prompt="p")
    assert [turn.id for turn in (await store.load(SHARED)).turns] == ["1", "r1"]


async def test_all_that_is_kept_is_told(full: RedisStore):
    held = await full.about(ADA, [f"discord:{DIRECT}"])
    assert set(held.conversations) == {SHARED, PRIVATE, f"discord:{DIRECT}"}
    assert [turn["id"] for turn in held.conversations[SHARED]] == ["1", "r1", "8", "50", "r50"]
    assert sorted(fact["text"] for fact in held.facts) == [f"{ADAS} fact", f"{ADAS} own"]
    assert [one["text"] for one in held.reminders] == [f"{ADAS} bread"]
    assert held.schemas == {"mine": "marmalade: text"}
    assert held.system_prompts == {f"discord:{DIRECT}": f"{ADAS} dm"}
    assert [call["tool"] for call in held.tool_calls] == ["dice"]
    [action, unknown] = sorted(held.other, key=len, reverse=True)
    assert (action["tool"], unknown["key"]) == ("pin", "later")
    assert BOBS.split()[0] not in json.dumps(held.conversations)
    bobs = await full.about(BOB)
    await full.erase(ADA)
    assert (await full.about(BOB)).turns == bobs.turns == 6


async def test_an_id_is_found_where_it_is_a_number(store: RedisStore, valkey_url: str):
    """Models give ids to tools as they like."""
    ran = ToolRun("who_is", {"id": int(ADA), "most": 3}, {"ids": [int(ADA), int(BOB)]}, "who?")
    await talk(
        store,
        SHARED,
        asked(3, BOB, f"{BOBS} 1", "Bob"),
        answer(4, 3, "Somebody.", steps=(Step((ran,)),)),
    )
    call = LoggedCall(1.0, BOB, CHANNEL, "who_is", {"id": int(ADA)})
    await store.log_calls(f"discord:server:{SERVER}", [call])
    await store.erase(ADA)
    nothing_of_ada(valkey_url)
    (_, reply) = (await store.load(SHARED)).turns
    assert reply.steps[0].runs[0].arguments == {"id": CUT, "most": 3}
    assert reply.steps[0].runs[0].content == {"ids": [CUT, int(BOB)]}


async def test_what_fields_are_called_is_nobodys_words(store: RedisStore):
    """Somebody may say just that."""
    library = f"discord:server:{SERVER}"
    mira = Character("m", library, "Mira", BOB, "9c1b", talkativeness=0.9)
    await store.save_character(mira)
    await talk(store, SHARED, asked(1, ADA, "talkativeness", "Ada"), answer(2, 1, "Hm?"))
    await store.erase(ADA)
    assert await store.character(library, "m") == mira


async def test_what_came_out_of_a_file_makes_no_place_somebodys_own(store: RedisStore):
    """The person of such a file may have no name in it."""
    await store.save_state(SHARED, State(system="Be kind."))
    await store.set_always_on(SHARED, True)
    said = Turn("file.7.0.1", 1, "user", "Hello there.", author=ADA)
    brought = Brought(window=[said], cut=[], dropped=[], start=1, instead=True)
    await store.bring(SHARED, brought, SERVER)
    await store.erase(ADA)
    found = await store.load(SHARED)
    assert (found.turns, found.state.system) == ((), "Be kind.")
    assert await store.always_on() == {SHARED}


async def test_words_are_found_however_they_are_quoted():
    person = Person(ADA)
    long = "one two three four five " * 30
    person.words.add(f'[in reply to Bob: "{BOBS}"] first line here\nsecond line')
    person.words.add(f'[about a message by Bob: "{BOBS}"] what does it mean?')
    person.words.add(long)
    person.words.add("short one")
    for quoted in ("first line here\nsecond line", "first line here second line"):
        assert person.without(f"he said: {quoted}!") == "he said: […]!"
    cut = " ".join(long.split())[:199].rstrip()
    assert person.without(f'"{cut}…"') == '"[…]…"'
    for others in (BOBS, "a short one", "first line", f"{ADA}1", f"1{ADA}"):
        assert person.without(others) == others
    assert person.without({"author": BOB, "text": "first line here second line"}) == {
        "author": BOB,
        "text": "first line here second line",
    }, "the same words, written by somebody else as their own"


# ------------------------------------------------------------------ retention


async def test_a_server_keeps_its_talks_shorter(store: RedisStore, raw):
    await store.set_retention(SERVER, 3)
    await talk(store, SHARED, asked(1, BOB, BOBS, "Bob"), answer(2, 1, "Hm."))
    key = ConversationKeys.of(SHARED)
    live = [name for name in key.kept if raw.exists(name)]
    assert [raw.ttl(name) for name in live] == pytest.approx([3 * DAY] * len(live), abs=5)
    await store.save_state(SHARED, State())
    assert raw.ttl(key.turns) == pytest.approx(3 * DAY, abs=5)
    await store.journal("discord:9", [asked(5, BOB, BOBS)], replace(owed(5, BOB), origin={}))
    assert raw.ttl(ConversationKeys.of("discord:9").turns) == pytest.approx(MONTH, abs=5)


async def test_a_new_retention_holds_at_once_and_counts_from_the_last_write(store: RedisStore, raw):
    for place, quiet in (
        (SHARED, 5),
        ("discord:2", 10),
        (f"discord:2:{BOB}", 1),
        ("discord:3", 10),
    ):
        origin = {} if place == "discord:2" else {"guild": SERVER}
        if place == "discord:3":
            origin = {"guild": "another"}
        await store.journal(
            place, [asked(1, BOB, BOBS, "Bob")], replace(owed(1, BOB), origin=origin)
        )
        for name in ConversationKeys.of(place).kept:
            raw.expire(name, MONTH - quiet * DAY)
    assert await store.set_retention(SERVER, 7, ["discord:2"]) == 1
    assert not raw.exists(ConversationKeys.of("discord:2").turns), "quiet for longer than a week"

    def left(place: str) -> float:
        return raw.ttl(ConversationKeys.of(place).turns) / DAY

    assert left(SHARED) == pytest.approx(2, abs=0.01)
    assert left(f"discord:2:{BOB}") == pytest.approx(6, abs=0.01)
    assert left("discord:3") == pytest.approx(20, abs=0.01)
    await store.set_retention(SERVER, None)
    assert left(SHARED) == pytest.approx(25, abs=0.01)
    assert await store.retention(SERVER) is None


async def test_other_processes_learn_of_it_with_the_next_question(valkey_url: str, store, raw):
    async with aclosing(RedisStore(valkey_url)) as other:
        await other.journal(SHARED, [asked(1, BOB, BOBS, "Bob")], owed(1, BOB))
        await store.set_retention(SERVER, 2)
        await other.journal(SHARED, [asked(3, BOB, BOBS, "Bob")], owed(3, BOB))
        assert raw.ttl(ConversationKeys.of(SHARED).turns) == pytest.approx(2 * DAY, abs=5)


async def test_retention_costs_no_round_trip(line, store: RedisStore):
    await store.set_retention(SERVER, 2)
    async with aclosing(RedisStore(line.url)) as counted:
        await counted.journal("warm", [], owed(1, BOB))
        before = line.round_trips
        await counted.journal(SHARED, [asked(3, BOB, BOBS, "Bob")], owed(3, BOB))
        assert line.round_trips - before == 1


# ------------------------------------------------------------------ opting out


async def test_marks_of_those_who_opted_out(store: RedisStore):
    await store.set_opted_out("a b", True)
    await store.set_opted_out("c", True)
    await store.set_opted_out("c", False)
    assert await store.opted_out() == {"a b"}

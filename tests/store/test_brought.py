"""Turns out of a file on a real Valkey: put in as one, taken out as one, and whose they are."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace

import pytest

from bot.conversation.revising import RESTORE_SECONDS, Brought
from bot.conversation.turns import Pending, State, Summary, Turn
from bot.store.history import RedisStore
from bot.store.keys import ConversationKeys
from tests.store.test_people import ADA, ADAS, BOB, BOBS, SERVER, SHARED, everything, nothing_of_ada

DAY = 86_400


def brought(*numbers: int, author: str = "42", role: str = "user", key: str = "k") -> list[Turn]:
    return [
        Turn(f"file.{key}.0.{n}", n, role, f"line {n}", "Eve", author)  # type: ignore[arg-type]
        for n in numbers
    ]


def asked(n: int) -> Turn:
    return Turn(str(n), n, "user", f"asked {n}", "Ada", ADA)


async def talk(store: RedisStore, *numbers: int) -> None:
    """Questions with answers, the first of them cut."""
    for n in numbers:
        owed = Pending(f"r{n}", n + 1, (str(n),), 1.0, {"channel": "1"})
        assert await store.journal(SHARED, [asked(n)], owed)
        reply = Turn(f"r{n}", n + 1, "assistant", f"answer {n}")
        await store.commit(SHARED, reply.id, reply, State(start=n, cut=1, base_tokens=31))
    first = Pending("x", 90, (), 1.0, {"channel": "1"})
    await store.journal(SHARED, [], first)
    await store.commit(SHARED, "x", None, State(start=3, cut=2), dropped=["1", "r1"])


async def texts(store: RedisStore) -> tuple[list[str], list[str]]:
    """Window and archive."""
    window = (await store.load(SHARED)).turns
    return [t.text for t in window], [t.text for t in await store.archive(SHARED)]


TALK = (["asked 3", "answer 3"], ["asked 1", "answer 1"])


async def test_in_the_place_of_what_was_said_and_back(store: RedisStore) -> None:
    await talk(store, 1, 3)
    before = await store.load(SHARED)
    assert await store.summarise(SHARED, Summary("So far.", 2), before.changes)
    assert await texts(store) == TALK
    await store.bring(SHARED, Brought(brought(3, 4), cut=brought(1, 2), start=3))
    assert await texts(store) == (["line 3", "line 4"], ["line 1", "line 2"])
    there = await store.load(SHARED)
    assert (there.state.start, there.state.cut, there.summary) == (3, 2, None)
    assert await store.is_brought(SHARED)
    assert await store.restore(SHARED) == 4
    assert await texts(store) == TALK
    after = await store.load(SHARED)
    assert (after.state.start, after.state.cut, after.summary) == (3, 2, Summary("So far.", 2))
    assert not await store.is_brought(SHARED)


async def test_behind_what_was_said_and_back(store: RedisStore) -> None:
    await talk(store, 1, 3)
    file = Brought(brought(11, 12), brought(10), dropped=["3"], start=4, instead=False)
    await store.bring(SHARED, file)
    assert await texts(store) == (
        ["answer 3", "line 11", "line 12"],
        ["asked 1", "answer 1", "asked 3", "line 10"],
    )
    state = (await store.load(SHARED)).state
    assert (state.start, state.cut, state.base_tokens) == (4, 4, 0)
    assert await store.restore(SHARED) == 4
    assert await texts(store) == TALK
    assert (await store.load(SHARED)).state.cut == 2


async def test_what_changes_before_it_is_taken_out_stays_changed(store: RedisStore) -> None:
    await talk(store, 1, 3)
    assert await store.summarise(SHARED, Summary("So far.", 2), (await store.load(SHARED)).changes)
    await store.bring(SHARED, Brought(brought(11), dropped=["3"], start=4, instead=False))
    reply = next(turn for turn in (await store.load(SHARED)).turns if turn.id == "r3")
    assert await store.amend(SHARED, reply, replace(reply, text="better 3"))
    for message in ("1", "3"):
        assert (await store.edit(SHARED, message, f"edited {message}")).changed
    await store.restore(SHARED)
    assert await texts(store) == (["edited 3", "better 3"], ["edited 1", "answer 1"])
    assert (await store.load(SHARED)).summary is None, "it told of what was said before the edit"


async def test_the_same_file_comes_once(store: RedisStore) -> None:
    await talk(store, 1, 3)
    for _ in range(2):
        await store.bring(SHARED, Brought(brought(5, 6), instead=False))
    assert (await texts(store))[0] == [*TALK[0], "line 5", "line 6"]
    assert await store.restore(SHARED) == 4
    assert await texts(store) == TALK


async def test_a_lost_answer_does_not_put_the_file_aside(line, store: RedisStore) -> None:
    await talk(store, 1, 3)
    async with aclosing(RedisStore(line.url)) as distant:
        await distant.load(SHARED)
        line.lose_answers = 1
        await distant.bring(SHARED, Brought(brought(1)))
    assert (await texts(store))[0] == ["line 1"]
    assert await store.restore(SHARED) == 4
    assert await texts(store) == TALK


@pytest.mark.parametrize("what", ["question", "line", "speech"])
async def test_whatever_is_said_after_it_stays(store: RedisStore, what: str) -> None:
    await talk(store, 1, 3)
    await store.bring(SHARED, Brought(brought(1)))
    if what == "line":
        await store.add(SHARED, [asked(2)])
    else:
        new = [asked(2)] if what == "question" else []
        await store.journal(SHARED, new, Pending("r2", 3, ("2",), 1.0, {"channel": "1"}))
    assert not await store.is_brought(SHARED)
    assert await store.restore(SHARED) == 0
    assert (await texts(store))[0][0] == "line 1"


async def test_into_an_empty_place_and_out_again(store: RedisStore) -> None:
    await store.bring(SHARED, Brought(brought(1)))
    assert await store.restore(SHARED) == 0
    assert await texts(store) == ([], [])


async def test_a_reset_of_what_was_brought_can_be_undone_as_ever(store: RedisStore) -> None:
    await store.bring(SHARED, Brought(brought(2), brought(1)))
    assert await store.clear(SHARED, restorable=True) == 2
    assert not await store.is_brought(SHARED)
    assert await store.restore(SHARED) == 2
    assert await texts(store) == (["line 2"], ["line 1"])


async def test_a_reply_that_was_owed_is_owed_no_more(store: RedisStore) -> None:
    owed = Pending("r1", 2, ("1",), 1.0, {"channel": "1"})
    await store.journal(SHARED, [asked(1)], owed)
    await store.bring(SHARED, Brought(brought(1)))
    assert await store.owed() == []
    assert not await store.commit(SHARED, "r1", Turn("r1", 2, "assistant", "Late."), State())
    assert (await texts(store))[0] == ["line 1"]


async def test_the_archive_has_its_bound(store: RedisStore, valkey_url: str) -> None:
    async with aclosing(RedisStore(valkey_url, archive_turns=3)) as small:
        await small.bring(SHARED, Brought(brought(9), brought(*range(1, 9))))
        assert (await texts(small))[1] == ["line 6", "line 7", "line 8"]


async def test_how_long_it_is_kept(store: RedisStore, raw) -> None:
    await store.set_retention(SERVER, 2)
    await store.bring(SHARED, Brought(brought(2), brought(1)), SERVER)
    await store.bring(SHARED, Brought(brought(3, key="other")), SERVER)
    key = ConversationKeys.of(SHARED)
    for name in (key.turns, key.state):
        assert 2 * DAY - 60 < raw.ttl(name) <= 2 * DAY
    assert 0 < raw.ttl(key.before) <= RESTORE_SECONDS


async def test_a_fresh_process_keeps_it_no_longer(store: RedisStore, raw, valkey_url: str) -> None:
    await store.set_retention(SERVER, 2)
    async with aclosing(RedisStore(valkey_url)) as fresh:
        await fresh.bring(SHARED, Brought(brought(2), brought(1)), SERVER)
    key = ConversationKeys.of(SHARED)
    for name in (key.turns, key.archive, key.state):
        assert 2 * DAY - 60 < raw.ttl(name) <= 2 * DAY


class TestPeople:
    """What somebody brings goes with them; what they brought of others is cut out for these."""

    def file(self, author: str, *words: str) -> list[Turn]:
        pairs = zip(("user", "assistant") * len(words), words, strict=False)
        return [
            Turn(f"file.k.0.{n}", n, role, text, "Eve", author)  # type: ignore[arg-type]
            for n, (role, text) in enumerate(pairs, 1)
        ]

    async def test_it_goes_with_who_brought_it(self, store: RedisStore, valkey_url: str) -> None:
        turns = self.file(ADA, f"{ADAS} one", f"{ADAS} two", f"{ADAS} three")
        await store.bring(SHARED, Brought(turns[1:], turns[:1]))
        held = await store.about(ADA)
        assert [turn["id"] for turn in held.conversations[SHARED]] == [t.id for t in turns]
        await store.clear(SHARED, restorable=True)
        await store.erase(ADA)
        nothing_of_ada(valkey_url)

    async def test_words_of_others_in_it_are_cut_out(
        self, store: RedisStore, valkey_url: str
    ) -> None:
        mine = Turn("1", 1, "user", f"{ADAS} one", "Ada", ADA)
        await store.add("discord:9", [mine])
        turns = self.file(BOB, f"{ADAS} one", f"You said: {ADAS} one", f"{BOBS} one")
        await store.bring(SHARED, Brought(turns))
        await store.erase(ADA)
        nothing_of_ada(valkey_url)
        assert (await texts(store))[0] == ["[…]", "You said: […]", f"{BOBS} one"]

    async def test_its_words_are_not_cut_out_of_what_others_said(
        self, store: RedisStore, valkey_url: str
    ) -> None:
        await store.add("discord:9", [Turn("r1", 1, "assistant", f"So you {BOBS} one, Bob.")])
        await store.bring(SHARED, Brought(self.file(ADA, f"{BOBS} one", "Hm.")))
        await store.erase(ADA)
        assert f"So you {BOBS} one, Bob." in everything(valkey_url)
        assert (await texts(store))[0] == []

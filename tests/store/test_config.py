"""Settings of servers in the store, and how another process learns of them."""

from __future__ import annotations

import asyncio

from bot.conversation.always_on import AlwaysOn
from bot.conversation.config import MAX_CHANGES, Change, PlaceConfig
from bot.conversation.configuration import Configuration
from bot.conversation.fair_order import Asker
from bot.conversation.ports import Store

HOSTILE = "a}b {c:\n\ud800"


def change(author: str, after: str) -> Change:
    return Change(author, 1763719200.5, "server:1", "system", "", after)


async def test_settings_come_back_and_go(store: Store, raw):
    first = Configuration(store)
    await first.change("server:1", system="Be brief. ✨", deny=("user:2",))
    await first.change("server:1", answers=False)
    again = Configuration(store)
    await again.load()
    kept = PlaceConfig(answers=False, deny=("user:2",), system="Be brief. ✨")
    assert again.own("server:1") == first.own("server:1") == kept
    before = await again.change("server:1", answers=None, system=None, deny=None)
    assert before == kept
    assert raw.hgetall("hermes:1:config") == {}


async def test_places_may_be_called_anything(store: Store):
    await Configuration(store).change(HOSTILE, answers=False)
    again = Configuration(store)
    await again.load()
    assert again.own(HOSTILE).answers is False


async def test_what_another_process_set_meanwhile_is_not_lost(store: Store):
    one, other = Configuration(store), Configuration(store)
    await one.load()
    await other.load()
    await one.change("server:1", system="Be brief.")
    await other.change("server:1", answers=False)
    assert other.own("server:1") == PlaceConfig(answers=False, system="Be brief.")


async def test_a_change_of_another_process_holds_within_a_minute(store: Store, monkeypatch):
    here, there = Configuration(store), Configuration(store)
    always_here, always_there = AlwaysOn(store, here), AlwaysOn(store, there)
    await here.load()
    await always_here.load()
    await there.change("server:1", answers=False)
    await always_there.choose("server:1", "always")
    loop = asyncio.get_running_loop()
    now = loop.time()
    for later, seen in ((59, False), (61, True)):
        monkeypatch.setattr(loop, "time", lambda later=later: now + later)
        assert here.own("server:1").answers is None or seen
        await always_here.covers("server:1")
        monkeypatch.undo()
        await asyncio.sleep(0.05)
    async with asyncio.timeout(10):  # it is read in the background
        while here.own("server:1").answers is not False:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        while not await always_here.covers("discord:5", "server:1"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_old_data_about_always_on_holds_and_a_thread_can_say_no(store: Store):
    await store.set_always_on("discord:3", True)
    always = AlwaysOn(store, Configuration(store))
    thread = ("discord:9", "discord:3", "server:1")
    assert await always.at(*thread) == ("always", "discord:3")
    await always.choose("discord:9", "mention")
    assert await always.at(*thread) == ("mention", "discord:9")
    await always.choose("discord:9", None)
    assert await always.at(*thread) == ("always", "discord:3")
    await always.choose("discord:3", "mention")
    assert await store.always_on() == frozenset()
    await always.choose("server:1", "always")
    assert await always.at(*thread) == ("mention", "discord:3")
    assert await always.at("discord:8", "server:1") == ("always", "server:1")


async def test_a_server_limits_beside_the_operator(store: Store):
    here = Configuration(store)
    await here.change("server:1", replies_per_user=3, replies_per_server=0)
    assert here.limits("replies", Asker("2", "1")) == (3, 0)
    assert here.limits("tokens", Asker("2", "1")) == (0, 0)
    for elsewhere in ("", "8"):
        assert here.limits("replies", Asker("2", elsewhere)) == (0, 0)


async def test_the_log_keeps_the_newest_and_ends(store: Store, raw):
    await store.log_changes("server:1", [])
    assert list(await store.changes("server:1", 5)) == []
    await store.log_changes("server:1", [change("42", f"n{n}") for n in range(MAX_CHANGES + 5)])
    found = await store.changes("server:1", 1_000)
    assert len(found) == MAX_CHANGES
    assert found[0] == change("42", f"n{MAX_CHANGES + 4}")
    assert 0 < raw.ttl("hermes:1:{server:1}:config-log") <= 90 * 86_400


async def test_a_person_is_erased_from_lists_and_logs(store: Store, raw):
    here = Configuration(store)
    await here.change("server:1", deny=("user:4242", "user:77"), allow=("user:4242",))
    await store.log_changes("server:1", [change("4242", "theirs"), change("77", "user:4242")])
    held = await store.about("4242")
    assert any(one.get("after") == "theirs" for one in held.other)
    await store.erase("4242")
    again = Configuration(store)
    await again.load()
    kept = again.own("server:1")
    assert "4242" not in str(raw.hgetall("hermes:1:config"))
    assert kept.deny == ("user:77",)
    # Who is left of the list is nobody; that everybody may come in is nothing to be guessed.
    assert kept.allow == ()
    assert [one.author for one in await store.changes("server:1", 9)] == ["77"]
    assert "4242" not in str(raw.lrange("hermes:1:{server:1}:config-log", 0, -1))

"""Several processes over one store: who lives, who has a reply, who takes it over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing

import pytest

from bot.conversation import presence as living
from bot.conversation.configuration import Configuration
from bot.conversation.opt_outs import OptOuts
from bot.conversation.presence import LEFT, Presence, overlap, share
from bot.conversation.turns import Pending, State, Turn
from bot.store.history import RedisStore
from bot.store.processes import has_ended, new_name

PLACE = "discord:1"
ASK = Turn("10", 1, "user", "Hail!", author="7")
OWED = Pending("r10", 2, ("10",), 1_700_000_000.0, {"channel": "1"})
REPLY = Turn("r10", 2, "assistant", "Hail yourself.")


class Clock:
    """What the processes of a test go by; it stands still unless it is told to go on."""

    now = 1_000.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(living, "_now", lambda: clock.now)
    return clock


@pytest.fixture
async def three(valkey_url: str) -> AsyncIterator[list[RedisStore]]:
    """The stores of three processes, each on a machine of its own."""
    async with AsyncExitStack() as stack:
        stores = [
            await stack.enter_async_context(aclosing(RedisStore(valkey_url))) for _ in range(3)
        ]
        for number, store in enumerate(stores):
            store.process = f"machine-{number}"
        yield stores


async def owed_in(store: RedisStore) -> Pending:
    [(_, owed)] = await store.owed()
    return owed


async def test_a_reply_is_owed_by_who_journalled_it_and_by_nobody_else(three) -> None:
    first, second, _ = three
    assert await first.journal(PLACE, [ASK], OWED)
    assert not await second.journal(PLACE, [ASK], OWED)
    assert (await owed_in(second)).by == first.process


async def test_many_take_over_and_one_gets_it(three) -> None:
    first, second, third = three
    await first.journal(PLACE, [ASK], OWED)
    owed = await owed_in(first)
    taken = await asyncio.gather(*(s.take_over(PLACE, owed) for s in (second, third) * 5))
    assert sum(taken) >= 1
    by = (await owed_in(first)).by
    assert by in (second.process, third.process)
    others = [s for s in (second, third) if s.process != by]
    assert not await others[0].take_over(PLACE, owed)


async def test_what_was_taken_over_is_stored_by_its_new_owner_only(three) -> None:
    first, second, _ = three
    await first.journal(PLACE, [ASK], OWED)
    assert await second.take_over(PLACE, await owed_in(second))
    late = Turn("r10", 2, "assistant", "Too late.")
    assert not await first.commit(PLACE, "r10", late, State(), thoughts="hm")
    assert (await owed_in(second)).by == second.process, "it is still found by who starts next"
    assert await second.commit(PLACE, "r10", REPLY, State())
    assert (await second.load(PLACE)).turns[-1].text == REPLY.text
    assert await second.owed() == []


async def test_what_an_older_release_owes_may_be_settled_by_anybody(three, raw) -> None:
    first, second, _ = three
    first.process = ""
    await first.journal(PLACE, [ASK], OWED)
    assert (await owed_in(second)).by == ""
    assert await second.commit(PLACE, "r10", REPLY, State())


async def test_who_is_still_or_has_left_is_dead_and_who_is_buried_alive_learns_of_it(
    three, clock: Clock
) -> None:
    first, second, third = map(Presence, three)
    for one in (first, second, third):
        await one.beat()
    await first.beat()
    assert not first.alone
    await third.leave()
    clock.now += 0.1
    seen = clock.now
    assert not first.is_dead("machine-2", seen), "not yet looked"
    for _ in range(5):
        await first.beat()
        clock.now += 1.5 * living.PAUSE
    assert first.is_dead("machine-2", seen)
    assert first.is_dead("machine-1", seen), "it has said nothing for longer than the lease"
    assert first.alone
    assert not first.is_dead("machine-0", seen)
    assert first.is_dead(LEFT, seen)
    gaps = second.gaps
    await second.beat()
    assert second.gaps > gaps


async def test_nobody_is_dead_since_the_store_was_away(three, clock: Clock) -> None:
    first, second, _ = map(Presence, three)
    await second.beat()
    await first.beat()
    clock.now += 2 * living.LEASE  # nobody could say anything
    await first.beat()
    assert not first.is_dead("machine-1", 0.0)
    await second.beat()
    await first.beat()
    assert not first.is_dead("machine-1", 0.0)


async def test_settings_that_another_process_changes_are_known_with_the_next_sign(three) -> None:
    first, second, _ = three
    here, there = Configuration(first), Configuration(second)
    marks = OptOuts(first)
    presence = Presence(first)
    presence.renews("config", here.renew)
    presence.renews("opted-out", marks.renew)
    for kept in (here, there, marks):
        await kept.load()
    await presence.beat()
    await there.change("discord:1", answers=False)
    await OptOuts(second).switch("42", True)
    assert here.own("discord:1").answers is None
    await presence.beat()
    for _ in range(1_000):
        if here.own("discord:1").answers is False and marks.ignores("42"):
            break
        await asyncio.sleep(0.01)
    assert here.own("discord:1").answers is False
    assert marks.ignores("42")
    for kept in (here, there, marks):
        kept.close()


async def test_a_claim_is_one_processs_until_it_is_done(three) -> None:
    first, second, _ = three
    assert await first.claim("alert", 60) == "mine"
    assert await first.claim("alert", 60) == "mine", "asked again after a broken connection"
    assert await second.claim("alert", 60) == "taken"
    await first.settle_claim("alert", 60)
    assert await second.claim("alert", 60) == "done"
    await first.unclaim("alert")
    assert await second.claim("alert", 60) == "mine"


async def test_removals_are_known_to_all(three) -> None:
    first, second, _ = three
    await first.note_removals(["5", "6"])
    assert await second.removals(["4", "5", "6"]) == {"5", "6"}


def test_a_process_of_this_machine_is_known_to_have_ended() -> None:
    name = new_name()
    machine, space, pid, start, _ = name.split("/")
    if machine == "?":
        pytest.skip("only Linux tells")
    assert not has_ended(f"{machine}/{space}/1/{_start_of_init()}/x", name)
    assert has_ended(f"{machine}/{space}/1/0/x", name), "another one had that number"
    assert has_ended(f"{machine}/{space}/99999999/5/x", name)
    assert not has_ended(f"elsewhere/{space}/99999999/5/x", name)
    assert not has_ended(LEFT, name)
    assert has_ended(f"{machine}/{space}/{pid}/{start}/another-store", name)


def _start_of_init() -> str:
    from pathlib import Path

    return Path("/proc/1/stat").read_text().rpartition(")")[2].split()[19]


@pytest.mark.parametrize(
    ("mine", "theirs", "meet"),
    [
        ("", "", True),
        (share([0, 1], 4), "", True),
        (share([0, 1], 4), share([1, 2], 4), True),
        (share([0, 1], 4), share([2, 3], 4), False),
        (share([1], 16), share([11, 16], 16), False),
        (share([0, 1], 4), share([2, 3], 8), True),
    ],
)
async def test_only_who_does_the_same_work_is_company(
    valkey_url: str, mine: str, theirs: str, meet: bool
) -> None:
    async with (
        aclosing(RedisStore(valkey_url, share=mine)) as one,
        aclosing(RedisStore(valkey_url, share=theirs)) as other,
    ):
        assert has_ended(other.process, one.process), "its name still says where it is"
        other.process = other.process.replace("/", "-")  # on another machine, as it were
        presence = Presence(one)
        await Presence(other).beat()
        await presence.beat()
        assert presence.knows(other.process)
        assert presence.alone is not meet
        assert overlap(other.process, one.process) is meet

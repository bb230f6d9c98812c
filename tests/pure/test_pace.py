"""The two limits of Discord are kept, and what matters goes first."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from cogs.live.pace import ChannelPace, Pace, Priority
from tests.stand_ins.clock import run


def now() -> float:
    return asyncio.get_running_loop().time()


def most_within(times: list[float], window: float) -> int:
    return max(sum(1 for t in times if start <= t < start + window) for start in times)


def test_previews_of_one_channel_leave_a_slot_for_the_final_edit() -> None:
    async def edit_for(seconds: float) -> list[float]:
        pace, times, start = ChannelPace(), [], now()
        pace.posted()
        while now() < start + seconds:
            await asyncio.sleep(max(pace.next_preview() - now(), 0.0))
            pace.edited()
            times.append(now() - start)
        return times

    times = run(edit_for(30.0))
    assert times[0] == pytest.approx(1.1, abs=0.05)
    assert times[1] == pytest.approx(2.2, abs=0.05)
    assert most_within(times, 5.0) <= 4
    assert min(b - a for a, b in pairwise(times)) >= 1.1


def test_short_replies_in_a_row_keep_their_final_edits_free() -> None:
    async def talk() -> list[float]:
        pace, times = ChannelPace(), []
        for _ in range(10):
            pace.posted()
            end = now() + 2.4
            while (due := max(pace.next_preview(), now())) < end:
                await asyncio.sleep(due - now())
                pace.edited()
                times.append(now())
            await asyncio.sleep(max(end - now(), 0))
            pace.edited()
            times.append(now())
        return times

    assert most_within(run(talk()), 5.0) <= 5


def test_no_more_than_the_rate_in_any_second() -> None:
    async def flood() -> list[float]:
        pace, times = Pace(45), []

        async def send() -> None:
            await pace.take(Priority.FINAL)
            times.append(now())

        async with asyncio.TaskGroup() as group:
            for _ in range(200):
                group.create_task(send())
        return times

    times = run(flood())
    assert len(times) == 200
    assert most_within(times, 1.0) <= 45
    assert times[-1] - times[0] < 4.6


def crowd(pace_until_refused: int) -> list[float]:
    """200 at once, against a Discord that refuses after so many in one second."""

    async def rush() -> list[float]:
        pace, times = Pace(45, most=1000), []

        async def send() -> None:
            await pace.take(Priority.FINAL)
            times.append(now())
            if sum(1 for t in times if t > now() - 1) > pace_until_refused:
                pace.refused()

        async with asyncio.TaskGroup() as group:
            for _ in range(200):
                group.create_task(send())
        start = times[0]
        return [t - start for t in times]

    return run(rush())


def test_a_crowd_tries_out_more_while_nothing_is_refused() -> None:
    times = crowd(pace_until_refused=10_000)
    assert most_within(times, 0.2) <= 100, "in steps"
    assert times[-1] < 1.0


def test_after_the_first_refusal_the_usual_limit_holds() -> None:
    times = crowd(pace_until_refused=50)
    refused_at = times[50]
    assert refused_at < 0.3
    assert most_within([t for t in times if t > refused_at + 1.0], 1.0) <= 45


async def rush(pace: Pace, *, people: int = 300, limit: int = 1_000_000) -> int:
    """Many want something at once, for two seconds; Discord refuses what is over `limit`.

    Returns the most that was sent in one second.
    """
    times: list[float] = []

    async def send() -> None:
        await pace.take(Priority.FINAL)
        times.append(now())
        if sum(1 for t in times if t > now() - 1) > limit:
            pace.refused()

    senders = [asyncio.create_task(send()) for _ in range(people)]
    await asyncio.wait(senders, timeout=2)
    for sender in senders:
        sender.cancel()
    return most_within(times, 1.0)


def test_what_is_tried_out_comes_back_by_a_step_in_each_quiet_minute() -> None:
    async def recover() -> list[int]:
        pace, sent = Pace(45, most=1000), []
        pace.refused()
        refused = now()
        for minutes in (0.5, 1.5, 2.5, 6):
            await asyncio.sleep(refused + minutes * 60 - now())
            sent.append(await rush(pace, people=2_000))
        return sent

    soon, step, steps, all_of_it = run(recover())
    assert soon <= 45
    assert 45 < step <= 90
    assert 90 < steps <= 180
    assert 500 < all_of_it <= 1000


def test_who_is_refused_at_the_first_step_tries_less_and_less_often() -> None:
    async def a_busy_day() -> list[float]:
        pace, refused = Pace(45, most=1000), []
        while now() < 24 * 3600:
            if await rush(pace, people=120, limit=50) > 50:
                refused.append(now())
            await asyncio.sleep(240)
        return [b - a for a, b in pairwise(refused)]

    between = run(a_busy_day())
    assert between[0] < 500
    assert all(later > earlier * 0.9 for earlier, later in pairwise(between))
    assert between[-1] >= 3600
    assert len(between) < 30


def test_who_gets_further_than_the_first_step_is_slow_for_minutes_only() -> None:
    async def a_large_bot() -> int:
        pace, refused = Pace(45, most=1000), 0
        for _ in range(20):
            refused += await rush(pace, people=1_000, limit=400) > 400
            await asyncio.sleep(600)
        return refused

    assert run(a_large_bot()) == 20


def test_who_wrote_much_a_while_ago_starts_from_the_usual_rate() -> None:
    async def twice() -> float:
        pace = Pace(45, most=1000)
        for _ in range(46):
            await pace.take(Priority.FINAL)
        await asyncio.sleep(30)
        start = now()
        for _ in range(45):
            await pace.take(Priority.FINAL)
        return now() - start

    assert run(twice()) < 0.01


def test_finals_go_before_first_sends_before_follow_ups() -> None:
    async def race() -> dict[Priority, list[float]]:
        pace, times = Pace(5), {priority: [] for priority in Priority}

        async def send(priority: Priority) -> None:
            await pace.take(priority)
            times[priority].append(now())

        for _ in range(5):
            await pace.take(Priority.FIRST)
        async with asyncio.TaskGroup() as group:
            for priority in (Priority.FOLLOW_UP, Priority.FIRST, Priority.FINAL) * 4:
                group.create_task(send(priority))
        return times

    times = run(race())
    instant = 0.01
    assert max(times[Priority.FINAL]) <= min(times[Priority.FIRST]) + instant
    assert max(times[Priority.FIRST]) <= min(times[Priority.FOLLOW_UP]) + instant


def test_what_can_be_left_out_is_left_out_under_load() -> None:
    async def load() -> tuple[int, bool]:
        pace = Pace(50)
        taken = 0
        while pace.spare():
            taken += 1
        await asyncio.sleep(1.01)
        return taken, pace.spare()

    assert run(load()) == (30, True)


def test_a_refusal_slows_down_for_a_while() -> None:
    async def refuse() -> list[float]:
        pace = Pace(40)
        rates = [pace.rate]
        for _ in range(30):  # what was under way is refused together
            pace.refused()
        rates.append(pace.rate)
        await asyncio.sleep(2)
        rates.append(pace.rate)
        await asyncio.sleep(60)
        rates.append(pace.rate)
        return rates

    assert run(refuse()) == pytest.approx([40, 32, 36, 40], abs=0.2)


def test_a_silent_channel_is_forgotten() -> None:
    async def visit() -> int:
        pace = Pace()
        for channel in range(100):
            pace.channel(channel).posted()
            await asyncio.sleep(6)
        return len(pace._channels)

    assert run(visit()) <= 2


def test_what_nobody_waits_for_takes_no_slot_that_others_may_want() -> None:
    async def tidy() -> tuple[int, int, bool]:
        pace = Pace(40)
        idle = sum(pace.idle() for _ in range(40))
        spare = sum(pace.spare() for _ in range(40))
        await asyncio.sleep(1.1)
        with pace.queue(Priority.PREVIEW):
            return idle, spare, pace.idle()

    assert run(tidy()) == (12, 12, False)


def test_tidying_up_counts_for_discord_but_delays_no_first_edit() -> None:
    async def talk() -> tuple[float, int]:
        pace = ChannelPace()
        pace.posted()
        await asyncio.sleep(1.0)
        pace.tidied()
        first = pace.next_preview() - now()
        await asyncio.sleep(max(first, 0.0))
        times = 0
        while pace.next_preview() <= now() + 4.0 and times < 10:
            await asyncio.sleep(max(pace.next_preview() - now(), 0.0))
            pace.edited()
            times += 1
        return round(first, 1), times

    first, times = run(talk())
    assert first == 0.1
    assert times >= 3

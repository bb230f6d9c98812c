"""The line in front of an engine, on a clock that jumps: slots, places, an engine that is busy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from bot.conversation.fair_order import Asker
from bot.conversation.queue import Line
from bot.errors import EngineBusy
from tests.stand_ins.clock import run

ANN = Asker("ann", "1")


def now() -> float:
    return asyncio.get_running_loop().time()


class Person:
    """Asks for one reply that takes `seconds`; `places` are what they see, `at` when it began."""

    def __init__(self, line: Line, asker: Asker = ANN, seconds: float = 10.0) -> None:
        self.line, self.asker, self.seconds = line, asker, seconds
        self.places: list[int | None] = []
        self.at: float | None = None
        self.task = asyncio.create_task(self._ask())

    async def _ask(self) -> None:
        with self.line.ticket(self.asker) as ticket:
            async for place in ticket.wait():
                self.places.append(place)
            self.at = now()
            ticket.accepted()
            await asyncio.sleep(self.seconds)


def on_a_clock(scene: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def test() -> None:
        run(scene())

    test.__name__, test.__doc__ = scene.__name__, scene.__doc__
    return test


@on_a_clock
async def test_with_room_nobody_waits_or_hears_of_a_line() -> None:
    line = Line(2)
    people = [Person(line), Person(line)]
    await asyncio.wait([person.task for person in people])
    assert [person.at for person in people] == [0, 0]
    assert [person.places for person in people] == [[], []]


@on_a_clock
async def test_places_count_down_to_the_turn() -> None:
    line = Line(1)
    people = [Person(line) for _ in range(4)]
    await asyncio.wait([person.task for person in people])
    assert [person.at for person in people] == [0, 10, 20, 30]
    assert people[1].places == [1, None]
    assert people[3].places == [3, 2, 1, None]
    assert not line.waiting


@on_a_clock
async def test_without_a_number_of_slots_there_is_no_line() -> None:
    line = Line()
    people = [Person(line) for _ in range(500)]
    await asyncio.wait([person.task for person in people])
    assert {person.at for person in people} == {0}


@on_a_clock
async def test_what_the_engine_says_counts_where_nothing_is_set() -> None:
    told, chosen = Line(), Line(3)
    for line in (told, chosen):
        line.engine_takes(1)
    waiting = [Person(told), Person(told)], [Person(chosen), Person(chosen)]
    await asyncio.sleep(1)
    assert [told.waiting, chosen.waiting] == [1, 0]
    for person in (*waiting[0], *waiting[1]):
        person.task.cancel()


@on_a_clock
async def test_a_busy_server_does_not_delay_another_one() -> None:
    line = Line(1)
    crowd = [Person(line, Asker(f"p{n % 5}", "1"), 1) for n in range(51)]
    await asyncio.sleep(0.5)
    other = Person(line, Asker("bob", "2"), 1)
    await asyncio.wait([other.task])
    assert other.places[0] in (1, 2)
    assert other.at is not None
    assert other.at <= 2
    for person in crowd:
        person.task.cancel()


@on_a_clock
async def test_who_gives_up_leaves_the_line_and_the_others_move_up() -> None:
    line = Line(1)
    people = [Person(line) for _ in range(4)]
    await asyncio.sleep(1)
    people[1].task.cancel()
    await asyncio.sleep(1)
    assert people[2].places == [2, 1]
    assert line.waiting_for("ann") == 2
    await asyncio.wait([person.task for person in people])
    assert [person.at for person in people] == [0, None, 10, 20]


@on_a_clock
async def test_a_stopped_reply_frees_its_slot_at_once() -> None:
    line = Line(1)
    first, second = Person(line), Person(line)
    await asyncio.sleep(3)
    first.task.cancel()
    await asyncio.wait([second.task])
    assert second.at == 3


@on_a_clock
async def test_a_slot_is_not_lost_if_its_turn_comes_as_it_is_given_up() -> None:
    line = Line(1)
    first, second, third = Person(line), Person(line), Person(line)
    await asyncio.sleep(5)
    first.task.cancel()
    await asyncio.sleep(0)
    # It is the second one's turn, of which its task has not heard yet.
    assert (line.waiting, second.at) == (1, None)
    second.task.cancel()
    await asyncio.wait([third.task])
    assert third.at == 5


class Busy:
    """An engine that writes `room` replies at once, each in `seconds`, and refuses all others."""

    def __init__(self, line: Line, room: int, seconds: float = 10.0) -> None:
        self.line, self.room, self.seconds = line, room, seconds
        self.running = self.refused = 0
        self.begun: list[str] = []

    async def ask(self, asker: Asker) -> list[int | None]:
        places: list[int | None] = []
        with self.line.ticket(asker) as ticket:
            while True:
                async for place in ticket.wait():
                    places.append(place)
                await asyncio.sleep(0.1)
                if self.running < self.room:
                    break
                self.refused += 1
                ticket.refused(EngineBusy())
            self.running += 1
            self.begun.append(asker.person)
            ticket.accepted()
            await asyncio.sleep(self.seconds)
            self.running -= 1
            return places


@on_a_clock
async def test_an_engine_that_refuses_is_asked_again_one_at_a_time() -> None:
    engine = Busy(Line(), room=2)
    seen = await asyncio.gather(*(engine.ask(Asker(f"p{n}", "1")) for n in range(10)))
    assert sorted(engine.begun) == [f"p{n}" for n in range(10)]
    assert sorted(max((p for p in places if p), default=0) for places in seen)[-1] == 8
    # All come at once at first; after that one knocks now and then, not everybody.
    assert engine.refused < 40
    assert now() < 65  # two at a time for ten seconds each are 50


@on_a_clock
async def test_an_engine_that_stays_busy_is_told_in_the_end() -> None:
    engine = Busy(Line(patience=60), room=0)
    with pytest.raises(EngineBusy):
        await engine.ask(ANN)
    assert 60 < now() < 75


@on_a_clock
async def test_an_engine_that_is_busy_for_a_day_is_still_called_busy() -> None:
    engine = Busy(Line(patience=60), room=0)
    while now() < 86_400:
        with pytest.raises(EngineBusy):
            await engine.ask(ANN)
    engine.room = 1
    begun = now()
    await engine.ask(ANN)
    assert now() < begun + 19  # the longest pause, and ten seconds of writing


@on_a_clock
async def test_a_busy_engine_that_takes_others_of_ours_is_waited_for_longer() -> None:
    engine = Busy(Line(patience=15), room=1, seconds=12)
    await asyncio.gather(*(engine.ask(Asker(f"p{n}", "1")) for n in range(6)))
    assert now() > 72


@on_a_clock
async def test_after_a_refusal_the_line_ends_when_nobody_waits() -> None:
    line = Line()
    engine = Busy(line, room=1)
    await asyncio.gather(engine.ask(ANN), engine.ask(ANN))
    engine.room = 100
    begun = now()
    people = [Person(line) for _ in range(50)]
    await asyncio.wait([person.task for person in people])
    assert {person.at for person in people} == {begun}


@on_a_clock
async def test_thousands_hear_their_places_in_walks_and_not_each_for_itself() -> None:
    line = Line(1)
    people = [Person(line, Asker(f"p{n}", f"s{n % 100}"), 0.01) for n in range(3_000)]
    await asyncio.wait([person.task for person in people])
    assert max(len(person.places) for person in people) <= 3_000 * 0.01 / 0.5
    assert sorted(person.at or 0 for person in people)[-1] == pytest.approx(29.99)

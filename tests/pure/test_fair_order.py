"""Who is served next: in turn over servers, and over the people of each."""

from __future__ import annotations

from itertools import count, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.fair_order import Asker, FairOrder

ASKERS = st.builds(Asker, st.sampled_from("abcd"), st.sampled_from(["", "1", "2", "3"]))
# Somebody asks, the next one is served, or the n-th that waits gives up.
STEPS = st.lists(st.one_of(ASKERS, st.none(), st.integers(0, 30)), max_size=120)


def line(*askers: Asker) -> FairOrder[str]:
    order: FairOrder[str] = FairOrder()
    for number, asker in enumerate(askers):
        order.add(asker, f"{asker.server}{asker.person}{number}")
    return order


def all_of(order: FairOrder[str]) -> list[str]:
    return [order.take() for _ in range(len(order))]


def test_one_persons_ten_questions_do_not_delay_another_person():
    order = line(*[Asker("a", "1")] * 10, Asker("b", "1"))
    assert all_of(order)[1] == "1b10"


def test_a_servers_hundred_channels_do_not_delay_another_server():
    order = line(*[Asker(f"p{n}", "1") for n in range(100)], Asker("z", "2"))
    assert all_of(order)[1] == "2z100"


def test_people_in_direct_messages_are_each_a_server_of_their_own():
    order = line(*[Asker("a", "1"), Asker("b", "1"), Asker("c", "1")], Asker("d"), Asker("e"))
    assert all_of(order) == ["1a0", "d3", "e4", "1b1", "1c2"]


def test_what_one_person_asks_stays_in_order():
    assert all_of(line(*[Asker("a", "1")] * 4)) == ["1a0", "1a1", "1a2", "1a3"]


def test_who_was_served_comes_last_next_time():
    order = line(Asker("a", "1"), Asker("b", "2"))
    assert order.take() == "1a0"
    order.add(Asker("a", "1"), "again")
    assert all_of(order) == ["2b1", "again"]


def test_an_empty_line_serves_nobody():
    with pytest.raises(IndexError):
        FairOrder[str]().take()


class Watched:
    """A line with what is known of it besides: who waits, and who was served since when."""

    def __init__(self) -> None:
        self.order: FairOrder[int] = FairOrder()
        self.waiting: dict[int, Asker] = {}
        self.served: list[tuple[int, Asker]] = []
        self._numbers = count()

    def do(self, step: Asker | int | None) -> None:
        if isinstance(step, Asker):
            number = next(self._numbers)
            self.order.add(step, number)
            self.waiting[number] = step
        elif step is None:
            if self.waiting:
                first = next(iter(self.order))
                assert self.order.take() == first
                self.served.append((first, self.waiting.pop(first)))
        else:
            thing = list(self.waiting)[step] if step < len(self.waiting) else -1
            assert self.order.remove(thing) == (self.waiting.pop(thing, None) is not None)

    def check(self) -> None:
        assert sorted(self.order) == sorted(self.waiting)
        assert len(self.order) == len(self.waiting)
        for person in "abcd":
            assert self.order.of(person) == [a.person for a in self.waiting.values()].count(person)


@settings(deadline=None)
@given(STEPS)
def test_whatever_comes_and_goes_everybody_is_in_line_once(steps: list[Asker | int | None]):
    watched = Watched()
    for step in steps:
        watched.do(step)
        watched.check()


@settings(deadline=None)
@given(STEPS)
def test_a_place_is_exactly_how_many_are_served_before(steps: list[Asker | int | None]):
    watched = Watched()
    for step in steps:
        watched.do(step)
    told = list(watched.order)
    assert [watched.order.take() for _ in told] == told


@settings(deadline=None)
@given(STEPS, ASKERS)
def test_nobody_starves_however_much_others_ask(steps: list[Asker | int | None], asker: Asker):
    """Against a crowd that never stops asking, a first question waits one turn of each server,
    for each person of its own server."""
    watched = Watched()
    for step in steps:
        watched.do(step)
    before = [other for other in watched.waiting.values() if other == asker]
    watched.do(asker)
    mine = max(watched.waiting)
    turns = 0
    while mine in watched.waiting:
        for server in ("", "1", "2", "3"):
            for person in "abcd":
                watched.do(Asker(person, server))
        watched.do(None)
        turns += 1
    servers = 3 + 4  # each person's direct messages are a server
    people = 4 if asker.server else 1
    assert turns <= servers * people * (len(before) + 1)


@settings(deadline=None)
@given(STEPS)
def test_no_server_is_served_twice_while_another_waits(steps: list[Asker | int | None]):
    watched = Watched()
    for step in steps:
        watched.do(step)
    waiting = {thing: asker for thing, asker in watched.waiting.items()}
    for asker in set(waiting.values()):
        mine = [t for t in watched.order if _server(waiting[t]) == _server(asker)]
        order = list(watched.order)
        for first, second in pairwise(mine):
            between = order[order.index(first) + 1 : order.index(second)]
            servers = [_server(waiting[thing]) for thing in between]
            assert len(servers) == len(set(servers))


def _server(asker: Asker) -> str:
    return asker.server or f"dm {asker.person}"

"""How much one person or one server may ask, and what they are told."""

from __future__ import annotations

from collections import Counter

import pytest

from bot.conversation.fair_order import Asker
from bot.conversation.limits import Limits, ReplyLimits
from bot.errors import LimitReached

ANN, BOB = Asker("ann", "1"), Asker("bob", "1")


class Clock:
    def __init__(self, now: float = 3_600 * 1_000) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def limits(clock: Clock | None = None, **allowed: int) -> Limits:
    return Limits(ReplyLimits(**allowed), clock or Clock())


STORED: Counter[str] = Counter()


@pytest.fixture(autouse=True)
def nothing_stored() -> None:
    STORED.clear()


def reply(limits: Limits, *askers: Asker) -> None:
    """A reply is journalled, and the store tells its counts."""
    with limits.counting(askers) as tally:
        if tally:
            STORED.update(tally.owners)
            tally.counts = tuple(STORED[owner] for owner in tally.owners)


def refusal(limits: Limits, asker: Asker, waiting: int = 0) -> LimitReached:
    with pytest.raises(LimitReached) as caught:
        limits.check(asker, waiting)
    return caught.value


def test_without_limits_nothing_is_counted():
    free = limits()
    assert free.tally([ANN, BOB]) is None
    free.check(ANN, waiting=2)


def test_a_person_hears_when_it_is_possible_again():
    clock = Clock()
    few = limits(clock, per_user=2)
    clock.now += 48 * 60
    reply(few, ANN)
    few.check(ANN)
    reply(few, ANN)
    told = "You have used your 2 replies of this hour; the next is possible <t:3603600:R>."
    assert refusal(few, ANN).text == told
    few.check(BOB)
    clock.now += 11 * 60 + 30
    assert refusal(few, ANN).text == told
    clock.now += 30
    few.check(ANN)


def test_a_server_has_a_limit_of_its_own_and_direct_messages_have_none():
    few = limits(per_server=1)
    reply(few, ANN)
    assert refusal(few, BOB).text.startswith("This server has used its 1 reply of this hour;")
    few.check(Asker("bob", "2"))
    assert few.tally([Asker("bob")]) is None


def test_questions_that_are_answered_together_count_once_for_each_person():
    few = limits(per_user=9, per_server=9)
    tally = few.tally([ANN, BOB, ANN])
    assert tally is not None
    assert tally.owners == ("user:ann", "server:1", "user:bob")


def test_what_the_store_has_counted_holds():
    few = limits(per_user=5)
    tally = few.tally([ANN])
    assert tally is not None
    tally.counts = (5,)
    few.note(tally)
    refusal(few, ANN)


def test_a_reply_that_is_being_journalled_counts_already():
    few = limits(per_user=1)
    with few.counting([ANN]):
        refusal(few, ANN)
    few.check(ANN)  # the store did not answer, so it was not counted


def test_answers_of_the_store_may_come_in_any_order():
    few = limits(per_user=2)
    first, second = few.tally([ANN]), few.tally([ANN])
    assert first
    assert second
    first.counts, second.counts = (1,), (2,)
    few.note(second)
    few.note(first)
    refusal(few, ANN)


def test_a_flood_is_told_once_a_minute():
    clock = Clock()
    few = limits(clock, per_user=1)
    reply(few, ANN)
    reply(few, BOB)
    assert [refusal(few, ANN).repeated for _ in range(3)] == [False, True, True]
    assert not refusal(few, BOB).repeated
    clock.now += 61
    assert [refusal(few, ANN).repeated for _ in range(2)] == [False, True]


def test_who_was_told_of_many_is_not_remembered_for_ever():
    clock = Clock()
    few = limits(clock, waiting=1)
    for number in range(5_000):
        clock.now += 1
        refusal(few, Asker(str(number)), waiting=1)
    assert len(few._told) < 1_100


def test_only_so_many_questions_of_one_person_wait():
    few = limits(waiting=3)
    few.check(ANN, waiting=2)
    assert refusal(few, ANN, waiting=3).text == (
        "You have 3 questions waiting already. Please wait until one of them is answered, or press "
        "Stop below it."
    )
    limits(waiting=0).check(ANN, waiting=99)

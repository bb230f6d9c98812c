"""How often bots are answered."""

from __future__ import annotations

from bot.conversation.other_bots import IN_A_ROW, MOST, SECONDS, OtherBots

ROW = ["answer"] * IN_A_ROW


def verdicts(bots: OtherBots, count: int, now: float = 0.0, place: int = 1) -> list[str]:
    return [bots.judge(place, now) for _ in range(count)]


def test_a_row_of_answers_ends_and_that_is_said_once() -> None:
    assert verdicts(OtherBots(), IN_A_ROW + 3) == [*ROW, "say so", "silence", "silence"]


def test_a_person_begins_a_new_row_and_then_it_can_be_said_again() -> None:
    bots = OtherBots()
    verdicts(bots, IN_A_ROW + 2)
    bots.person_wrote(1)
    assert verdicts(bots, IN_A_ROW + 2) == [*ROW, "say so", "silence"]


def test_time_alone_does_not() -> None:
    bots = OtherBots()
    verdicts(bots, IN_A_ROW + 1)
    assert verdicts(bots, 2, now=SECONDS * 100) == ["silence", "silence"]


def test_people_in_between_do_not_lift_the_limit_over_time() -> None:
    bots = OtherBots()
    for now in range(MOST):
        bots.person_wrote(1)
        assert bots.judge(1, float(now)) == "answer"
    said = []
    for now in range(MOST, MOST + 3):
        bots.person_wrote(1)
        said.append(bots.judge(1, float(now)))
    assert said == ["say so", "silence", "silence"]
    assert bots.judge(1, SECONDS) == "answer"


def test_places_are_counted_apart() -> None:
    bots = OtherBots()
    verdicts(bots, IN_A_ROW)
    bots.person_wrote(2)
    assert verdicts(bots, 1, place=2) == ["answer"]
    assert verdicts(bots, 1) == ["say so"]

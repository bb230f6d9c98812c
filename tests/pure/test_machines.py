"""How often bots are answered."""

from __future__ import annotations

from bot.conversation.machines import IN_A_ROW, MOST, SECONDS, Machines

ROW = ["answer"] * IN_A_ROW


def verdicts(machines: Machines, count: int, now: float = 0.0, place: int = 1) -> list[str]:
    return [machines.judge(place, now) for _ in range(count)]


def test_a_row_of_answers_ends_and_that_is_said_once() -> None:
    assert verdicts(Machines(), IN_A_ROW + 3) == [*ROW, "say so", "silence", "silence"]


def test_a_person_begins_a_new_row_and_then_it_can_be_said_again() -> None:
    machines = Machines()
    verdicts(machines, IN_A_ROW + 2)
    machines.person_wrote(1)
    assert verdicts(machines, IN_A_ROW + 2) == [*ROW, "say so", "silence"]


def test_time_alone_does_not() -> None:
    machines = Machines()
    verdicts(machines, IN_A_ROW + 1)
    assert verdicts(machines, 2, now=SECONDS * 100) == ["silence", "silence"]


def test_people_in_between_do_not_lift_the_limit_over_time() -> None:
    machines = Machines()
    for now in range(MOST):
        machines.person_wrote(1)
        assert machines.judge(1, float(now)) == "answer"
    said = []
    for now in range(MOST, MOST + 3):
        machines.person_wrote(1)
        said.append(machines.judge(1, float(now)))
    assert said == ["say so", "silence", "silence"]
    assert machines.judge(1, SECONDS) == "answer"


def test_places_are_counted_apart() -> None:
    machines = Machines()
    verdicts(machines, IN_A_ROW)
    machines.person_wrote(2)
    assert verdicts(machines, 1, place=2) == ["answer"]
    assert verdicts(machines, 1) == ["say so"]

"""A short week: some hundred questions, every trouble once. `python -m benchmarks week` is long.

`WEEK=5000` asks that many.
"""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks.week.command import in_words
from benchmarks.week.run import Plan, run
from benchmarks.week.troubles import EVERY_DAY, RESTARTS

QUESTIONS = int(os.environ.get("WEEK", "300"))
SEED = int(os.environ.get("SEED", "1"))


async def test_every_question_is_answered_once_whatever_happens(tmp_path: Path) -> None:
    plan = Plan(QUESTIONS, days=1, people=16, busy=24, quiet=8, restarts=2, seed=SEED, percent=40)
    said: list[str] = []
    report = await run(plan, said.append, tmp_path)
    print("\n".join([*said, in_words(report)]))  # pytest shows it where the test failed
    assert report.passed
    assert {*EVERY_DAY, *RESTARTS} <= set(report.figures["troubles"])
    assert {"mention", "reply", "tool", "command"} <= set(report.figures["deeds"])

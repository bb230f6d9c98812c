"""What the week has shown: a list of findings, each passed, failed, or not judged."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.week.ledger import Question
from benchmarks.week.samples import Sample

GROWTH = 0.10
# Connections and tasks come and go with what is under way; what leaks once a reply is thousands.
_MORE = 100

# A process that answered less has hardly filled what it keeps on purpose.
_ENOUGH = 5_000


@dataclass(frozen=True, slots=True)
class Finding:
    """`passed` is None where there was too little to judge by."""

    name: str
    passed: bool | None
    text: str


def judge(
    questions: Sequence[Question], samples: Sequence[Sample], stuck: Sequence[str], owed: int
) -> list[Finding]:
    """All findings of a week."""
    return [
        *_answers(questions),
        Finding("no stuck channel", not stuck, f"{len(stuck)} stuck {', '.join(stuck[:5])}"),
        Finding("nothing owed at the end", not owed, f"{owed} replies are owed"),
        *_growth(samples),
    ]


def _answers(questions: Sequence[Question]) -> list[Finding]:
    none = [q for q in questions if not q.settled]
    doubled = [q for q in questions if len(q.answers) > 1]
    return [
        Finding("every question is answered", not none, _told(none, questions)),
        Finding("no question is answered twice", not doubled, _told(doubled, questions)),
    ]


def _told(found: Sequence[Question], questions: Sequence[Question]) -> str:
    some = ", ".join(f"w{q.number} in {q.place}" for q in found[:5])
    return f"{len(found)} of {len(questions):,} are not {some}".strip()


def _growth(samples: Sequence[Sample]) -> list[Finding]:
    """How the longest life ended, compared with its second quarter."""
    life = longest(samples)
    nights = [sample for sample in life if sample.at.startswith("night")]
    span = life[-1].answered - life[0].answered if life else 0
    enough = span >= _ENOUGH and len(nights) > 1
    warm = [s for s in life if span / 4 <= s.answered - life[0].answered <= span / 2] or life[:1]
    late = [s for s in life if s.answered - life[0].answered >= span * 3 / 4] or life[-1:]
    before = statistics.median(s.resident_mb for s in warm)
    after = statistics.median(s.resident_mb for s in late)
    flat = f"{before:.1f} MB in its second quarter, {after:.1f} MB in its last"
    found = [
        Finding(
            "resident memory is flat",
            after <= before * (1 + GROWTH) if enough else None,
            f"process {life[0].life}, {span:,} answers: {flat} ({after / before - 1:+.1%})",
        )
    ]
    if len(nights) < 2:
        return found
    # The first night may be that of a process which has only just begun.
    first, settled, last = nights[0], nights[min(1, len(nights) - 2)], nights[-1]
    files = max(s.files for s in warm), statistics.median(s.files for s in late)
    for name, (one, other) in {"files": files, "tasks": (settled.tasks, last.tasks)}.items():
        found.append(
            Finding(f"{name} are flat", other <= one + _MORE, f"{one} before, {other:.0f} at last")
        )
    per_turn = [s.redis_mb * 1e6 / max(s.redis_turns, 1) for s in (first, last)]
    found.append(
        Finding(
            "Redis holds no more than what was said",
            per_turn[1] <= per_turn[0] * (1 + GROWTH) if enough else None,
            f"{last.redis_keys} keys ({first.redis_keys} at first), {last.redis_mb} MB "
            f"({first.redis_mb}), {per_turn[1]:,.0f} bytes per archived turn ({per_turn[0]:,.0f})",
        )
    )
    return found


def longest(samples: Sequence[Sample]) -> list[Sample]:
    """The looks at the process that answered most."""
    lives: dict[int, list[Sample]] = {}
    for sample in samples:
        lives.setdefault(sample.life, []).append(sample)
    return max(lives.values(), key=lambda life: life[-1].answered - life[0].answered)

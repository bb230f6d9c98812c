"""One thing that was looked at, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "problem"]

_WORSE: tuple[State, ...] = ("ok", "warning", "problem")
_MARKS: dict[State, str] = {"ok": "OK  ", "warning": "WARN", "problem": "MEND"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    `check` names it for machines and never changes (`discord.intents`); `subject` names it for
    people, `text` is one sentence, `advice` how to mend it. These are made with `later`: the
    terminal shows them in English, Discord in its reader's language. A `warning` is something
    that works, but not as well as it could; with a `problem` something does not work.
    """

    check: str
    subject: str
    state: State
    text: str
    advice: str = ""

    def __str__(self) -> str:
        advice = f"\n       -> {self.advice}" if self.advice else ""
        return f"{_MARKS[self.state]} {self.subject}: {self.text}{advice}"

    def as_json(self) -> dict[str, str]:
        """The finding as the object that `doctor --json` prints."""
        return {
            "check": self.check,
            "subject": self.subject,
            "state": self.state,
            "text": self.text,
            "advice": self.advice,
        }


def fine(check: str, subject: str, text: str) -> Finding:
    """A finding that all is well."""
    return Finding(check, subject, "ok", text)


def warning(check: str, subject: str, text: str, advice: str) -> Finding:
    """A finding of something that could be better."""
    return Finding(check, subject, "warning", text, advice)


def problem(check: str, subject: str, text: str, advice: str) -> Finding:
    """A finding of something that does not work."""
    return Finding(check, subject, "problem", text, advice)


def worst(findings: Iterable[Finding]) -> State:
    """The worst state of all findings."""
    states: list[State] = ["ok", *(finding.state for finding in findings)]
    return max(states, key=_WORSE.index)

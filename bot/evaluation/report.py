"""What an evaluation found: a table for people, and a JSON file that a later run goes on with."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

from bot.errors import SettingsError
from bot.evaluation.cases import CATEGORIES
from bot.evaluation.runner import Result

_VERSION = 1

# Card of Hermes-2-Pro-Llama-3-8B: "a 90% on our function calling evaluation built in partnership
# with Fireworks.AI, and an 84% on our structured JSON Output evaluation".
CLAIMS = {"single": 0.90, "json": 0.84}
SOURCE = "Claims: model card of Hermes-2-Pro-Llama-3-8B, on NousResearch's own sets (--cases)."


@dataclass(slots=True)
class Report:
    """Results so far. `subject` says what was measured: results of another one do not count."""

    subject: dict[str, Any]
    results: dict[str, Result] = field(default_factory=dict[str, Result])

    @property
    def rate(self) -> float:
        """The share of cases that passed, of all."""
        return _rate(list(self.results.values()))

    def add(self, result: Result) -> None:
        """Keep a result."""
        self.results[key(result.category, result.id)] = result

    def table(self) -> str:
        """Category, cases, passed, rate and the card's claim."""
        rows = [("CATEGORY", "CASES", "PASSED", "RATE", "CLAIM")]
        for name in CATEGORIES:
            found = [one for one in self.results.values() if one.category == name]
            if found:
                claim = f"{CLAIMS[name]:.0%}" if name in CLAIMS else ""
                rows.append(_row(name, found, claim))
        rows.append(_row("all", list(self.results.values()), ""))
        return "\n".join([*(_line(row) for row in rows), "", SOURCE])

    def save(self, path: Path) -> None:
        """Write the file whole or not at all."""
        ordered = sorted(self.results.values(), key=lambda one: CATEGORIES.index(one.category))
        data = {
            "version": _VERSION,
            "subject": self.subject,
            "cases": len(ordered),
            "passed": sum(one.passed for one in ordered),
            "rate": self.rate,
            "results": [asdict(one) for one in ordered],
        }
        fresh = path.with_name(path.name + ".new")
        try:
            fresh.write_text(json.dumps(data, indent=1) + "\n", "utf-8")
            os.replace(fresh, path)
        except OSError as error:
            raise SettingsError(f"--json: {path} cannot be written: {error.strerror}") from None


def key(category: str, case_id: str) -> str:
    """What a case is known by in a set."""
    return f"{category}/{case_id}"


def resume(path: Path, subject: dict[str, Any]) -> tuple[Report, str]:
    """The report to go on with, and a line about why an existing one does not count, or "".

    Cases to which the engine gave no answer are asked again.
    """
    if not path.exists():
        return Report(subject), ""
    try:
        data = cast("dict[str, Any]", json.loads(path.read_text("utf-8")))
        if data["version"] != _VERSION:
            return Report(subject), f"{path} is of another version: starting over"
        before = cast("dict[str, Any]", data["subject"])
        found = [Result(**one) for one in data["results"]]
    except (OSError, ValueError, KeyError, TypeError):
        raise SettingsError(
            f"--json: {path} is there and no report of an evaluation; name another file, or --fresh"
        ) from None
    changed = [name for name, value in subject.items() if before.get(name) != value]
    if changed:
        return Report(subject), f"{path} is about another {' and '.join(changed)}: starting over"
    report = Report(subject)
    for result in found:
        if not result.failed:
            report.add(result)
    return report, ""


def _row(name: str, found: Sequence[Result], claim: str) -> tuple[str, str, str, str, str]:
    passed = sum(one.passed for one in found)
    return name, str(len(found)), str(passed), f"{_rate(found):.1%}", claim


def _line(row: Sequence[str]) -> str:
    first, *others = row
    return (first.ljust(12) + "".join(cell.rjust(8) for cell in others)).rstrip()


def _rate(found: Sequence[Result]) -> float:
    return sum(one.passed for one in found) / len(found) if found else 0.0

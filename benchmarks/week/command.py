"""`python -m benchmarks week`: a week of a busy bot, with all its troubles, and a verdict."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from benchmarks.week.run import Plan, Report, run

_MARKS = {True: "ok", False: "FAILED", None: "not judged"}


def main(arguments: Sequence[str]) -> int:
    """Run it; the exit code is 1 if anything failed."""
    options = _reader().parse_args(arguments)
    plan = Plan(**{one.name: getattr(options, one.name) for one in fields(Plan)})
    report = asyncio.run(run(plan, lambda line: print(line, flush=True), options.directory))
    print(f"\n{in_words(report)}")
    if options.json:
        data = asdict(report) | {"passed": report.passed}
        options.json.write_text(json.dumps(data, indent=1) + "\n")
    return 0 if report.passed else 1


def _reader() -> argparse.ArgumentParser:
    reader = argparse.ArgumentParser(prog="python -m benchmarks week", description=__doc__)
    for one in fields(Plan):
        reader.add_argument(f"--{one.name}", type=int, default=one.default, help="%(default)s")
    reader.add_argument("--json", type=Path, help="write the whole report there")
    reader.add_argument("--directory", type=Path, help="an empty one for logs and data, kept")
    return reader


def in_words(report: Report) -> str:
    """The report for people."""
    lines = [f"  {name}: {value}" for name, value in report.figures.items()]
    lines += [
        f"{_MARKS[finding.passed]:>10}  {finding.name}: {finding.text}"
        for finding in report.findings
    ]
    return "\n".join([*lines, "passed" if report.passed else "FAILED"])

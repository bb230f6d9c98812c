"""`python -m benchmarks [name ...] [--json FILE]`: all figures, or single ones, in one table.

`python -m benchmarks week` is the simulated week: it takes long, and has options of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks import crowd, machine, parser, replies, resting, scale, talk, waiting

Figures = dict[str, float]
Measurement = Callable[[], Awaitable[Figures]]

# Every measurement is an event loop of its own; the bot and the floor take turns.
MEASUREMENTS: dict[str, dict[str, Measurement]] = {
    "replies": {kind: lambda k=kind: replies.measure(k) for kind in ("hermes", "floor")},
    "crowd": {kind: lambda k=kind: crowd.measure(k) for kind in ("hermes", "floor")},
    "global-limit": {kind: lambda k=kind: crowd.measure(k, 50) for kind in ("hermes", "floor")},
    "idle-1": {kind: lambda k=kind: resting.memory(k, 1) for kind in ("hermes", "floor")},
    "idle-1000": {kind: lambda k=kind: resting.memory(k, 1_000) for kind in ("hermes", "floor")},
    "start": {kind: lambda k=kind: resting.start(k) for kind in ("hermes", "floor")},
    "parser": {kind: lambda k=kind: parser.measure(k) for kind in ("hermes", "floor")},
    "queue": {kind: lambda k=kind: waiting.measure(k) for kind in ("hermes", "floor")},
    "scale": {"hermes": lambda: scale.measure("hermes")},
    "talk": {"hermes": lambda: talk.through_the_bot(8_192, 120)},
    "talk-2048": {"hermes": lambda: talk.through_the_bot(2_048, 60)},
    "talk-llama.cpp": {"hermes": talk.through_llama_cpp},
}

# llmcord as published, its floor, and what is to be reached.
REACH: dict[str, tuple[str, str, str]] = {
    "replies.last_text_ms": ("685", "1.4", "<= 20"),
    "replies.before_engine_ms": ("43", "2", "<= 10"),
    "replies.cpu_s": ("0.126", "0.035", "<= 0.07"),
    "replies.rest_calls": ("5", "4", "<= 5"),
    "crowd.overhead_p95_s": ("6.3", "0.13", "<= 0.4"),
    "crowd.peak_mb": ("442", "53", "<= 150"),
    "global-limit.completed": ("86", "104", "200"),
    "idle-1.idle_mb": ("76", "45", "<= 90"),
    "idle-1000.idle_mb": ("83", "52", "<= 100"),
    "start.start_s": ("2.5", "0.24", "<= 1.5"),
    "scale.redis_at_1000": ("-", "-", "3"),
    "parser.text_mb_s": ("-", "-", ">= 50"),
    "parser.token_us": ("-", "-", "<= 2"),
    "talk.cached_share": ("0.016", "-", ">= 0.9"),
    "talk-llama.cpp.cached_share": ("-", "-", ">= 0.9"),
}


def main() -> int:
    if sys.argv[1:2] == ["week"]:
        from benchmarks.week.command import main as week

        return week(sys.argv[2:])
    reader = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    reader.add_argument("names", nargs="*", help=f"of {', '.join(MEASUREMENTS)}; none: all")
    reader.add_argument("--json", type=Path, help="write the figures there, too")
    options = reader.parse_args()
    unknown = set(options.names) - set(MEASUREMENTS)
    if unknown:
        reader.error(f"there is no measurement {sorted(unknown)}")
    began, about = time.monotonic(), machine.describe()
    found = {name: _take(name) for name in options.names or MEASUREMENTS}
    print(f"\n{about}; {time.monotonic() - began:.0f} s; now {machine.describe()}\n")
    print(table(found))
    if options.json:
        report = {"machine": about, "after": machine.describe(), "figures": found}
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


def _take(name: str) -> dict[str, Figures]:
    figures: dict[str, Figures] = {}
    for kind, measure in MEASUREMENTS[name].items():
        began = time.monotonic()
        try:
            figures[kind] = asyncio.run(measure())
        except Exception as error:
            # One figure that cannot be taken shall not cost the others.
            print(f"{name} ({kind}): {type(error).__name__}: {error}", file=sys.stderr)
            figures[kind] = {}
        print(f"{name} ({kind}): {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)
    return figures


def table(found: dict[str, dict[str, Figures]]) -> str:
    """A Markdown table: this run beside the published yardsticks."""
    lines = [
        "| figure | this bot | floor, same run | llmcord, published | floor, published | reach |",
        "|---|---|---|---|---|---|",
    ]
    for name, kinds in found.items():
        ours, floor = kinds.get("hermes", {}), kinds.get("floor", {})
        for figure in ours or floor:
            published = REACH.get(f"{name}.{figure}", ("", "", ""))
            cells = [_shown(ours.get(figure)), _shown(floor.get(figure)), *published]
            lines.append(f"| {name}.{figure} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


if __name__ == "__main__":
    sys.exit(main())

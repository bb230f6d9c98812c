"""What became of calls: the record of one, and of a whole round of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

NOT_KEPT = "For the asker alone; not kept."


@dataclass(frozen=True, slots=True)
class ForAsker:
    """What a tool gives back if only this answer may use it: others read the conversation too."""

    content: object


@dataclass(frozen=True, slots=True)
class ToolRun:
    """One call of a tool and what came of it.

    `content` is the result as JSON values, or `{"error": …}` if it `failed`. `line` is what was
    shown while it ran, `seconds` how long that took. `action` is the id of what waits for the
    asker's confirmation, "" if nothing does. `name` is "" for what could not be read as a call.
    `for_asker`: the result is for the asker alone and does not stay in the conversation.
    """

    name: str
    arguments: dict[str, Any]
    content: Any
    line: str = ""
    seconds: float = 0.0
    failed: bool = False
    action: str = ""
    for_asker: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One round of tools within a reply; `raw` is what the model wrote if no call was in it."""

    runs: tuple[ToolRun, ...]
    raw: str = ""


def is_for_asker(step: Step) -> bool:
    """Whether a result of this round does not stay in the conversation."""
    return any(run.for_asker for run in step.runs)


def kept(step: Step) -> Step:
    """A round as it stays in the conversation."""
    if not is_for_asker(step):
        return step
    runs = (replace(run, content=NOT_KEPT) if run.for_asker else run for run in step.runs)
    return replace(step, runs=tuple(runs))

"""What became of calls: the record of one, and of a whole round of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ToolRun:
    """One call of a tool and what came of it.

    `content` is the result as JSON values, or `{"error": …}` if it `failed`. `line` is what was
    shown while it ran, `seconds` how long that took. `action` is the id of what waits for the
    asker's confirmation, "" if nothing does. `name` is "" for what could not be read as a call.
    """

    name: str
    arguments: dict[str, Any]
    content: Any
    line: str = ""
    seconds: float = 0.0
    failed: bool = False
    action: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One round of tools within a reply; `raw` is what the model wrote if no call was in it."""

    runs: tuple[ToolRun, ...]
    raw: str = ""

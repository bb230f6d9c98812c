"""Dice within a message: `I try the lock [[2d6+1]]`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.tools.dice.luck import Luck
from bot.tools.dice.rolling import Rolled, roll
from bot.tools.tool import ToolError

MOST_INLINE = 5
"""How many rolls of one message are thrown; the others stay as they are written."""

LONGEST_ROLL = 200
"""How many characters tell of every die; of a heap of dice only the total is told."""

_WRITTEN = re.compile(r"\[\[([^\[\]\n]{1,60})\]\]")
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Inline:
    """A message whose dice have been thrown: its text with the results, and these alone."""

    text: str
    results: tuple[str, ...] = ()


def may_hold_dice(text: str) -> bool:
    """Whether it is worth to look closer."""
    return "[[" in text


def thrown(text: str, luck: Callable[[int], Luck]) -> Inline:
    """Throw the dice of a message; `luck` is asked for by the number of the roll, from 0.

    What stands in double brackets and is no dice (`[[Home]]`, `[[3]]`) stays as it is, and so does
    all that stands in code.
    """
    results: list[str] = []
    code = [found.span() for found in _CODE.finditer(text)]

    def result(found: re.Match[str]) -> str:
        if len(results) == MOST_INLINE or any(a <= found.start() < b for a, b in code):
            return found[0]
        try:
            rolled = roll(found[1], luck(len(results)))
        except ToolError:
            return found[0]
        if not any(one.dice for one in rolled.rolls):
            return found[0]
        results.append(in_words(rolled))
        return f"[{results[-1]}]"

    return Inline(_WRITTEN.sub(result, text), tuple(results))


def in_words(rolled: Rolled) -> str:
    """All rolls of a request with every die, or with the totals alone where that is long."""
    return "; ".join(
        one.words
        if len(one.words) <= LONGEST_ROLL
        else f"{one.notation}: {len(one.dice)} dice = {one.total}"
        for one in rolled.rolls
    )

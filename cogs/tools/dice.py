"""Dice and a coin: luck from the system's own source, so that nobody can foresee it."""

from __future__ import annotations

from random import SystemRandom
from typing import Any

from bot.language import later
from bot.tools.dice import Roll, roll
from bot.tools.tool import tool
from cogs.tools import ToolCog

_LUCK = SystemRandom()
_MOST_SHOWN = 100
"""So many dice go to the model one by one; a heap of a thousand would fill its window."""


class Dice(ToolCog):
    """Tools that decide by chance."""

    @tool(shows=later("dice: {notation}"))
    async def roll_dice(self, notation: str) -> object:
        """Roll dice.

        Args:
            notation: The dice to roll, such as 2d6+1.
        """
        rolled = roll(notation, _LUCK)
        head = {"notation": rolled.notation}
        if len(rolled.rolls) == 1:
            return head | _told(rolled.rolls[0])
        each = _MOST_SHOWN // len(rolled.rolls)
        results = [{"notation": one.notation, **_told(one, each)} for one in rolled.rolls]
        return {**head, "results": results, "total": rolled.total}

    @tool(shows=later("flipping a coin"))
    async def flip_coin(self) -> object:
        """Flip a coin."""
        return {"side": _LUCK.choice(("heads", "tails"))}


def _told(one: Roll, most: int = _MOST_SHOWN) -> dict[str, Any]:
    """A roll as the model is told it."""
    found: dict[str, Any] = {"rolls": list(one.dice), "total": one.total, "words": one.words}
    if one.success is not None:
        found["success"] = one.success
    if len(one.dice) > most:
        found |= {"rolls": list(one.dice[:most]), "dice": len(one.dice)}
        found["words"] = f"{one.notation}: {len(one.dice)} dice = {one.total}"
    return found

"""Dice in the notation of role-players: read, throw, show every die. Pure: the caller brings luck.

`roll("4d6dl1 + 2, d20", rng)` is the whole of it; `Rolled` holds what fell.
"""

from __future__ import annotations

from bot.tools.dice.luck import Luck
from bot.tools.dice.rolling import Roll, Rolled, roll

__all__ = ["Luck", "Roll", "Rolled", "roll"]

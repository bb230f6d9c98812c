"""The dice that a card's `{{roll:…}}` throws: `6`, `d6`, `2d6+1`, sums of those. Bounded."""

from __future__ import annotations

import re

from bot.characters.chance import draw

LONGEST = 60
MOST_DICE = 100
MOST_SIDES = 1_000_000

_TERM = re.compile(r"([+-]?)\s*(?:(\d{0,3})d(\d{1,7}|%)|(\d{1,9}))\s*", re.IGNORECASE)


def roll(notation: str, *seed: object) -> int | None:
    """The sum of what falls, decided by the seed; None if this is no such notation.

    A bare number is a die with so many sides, as the card specification has it.
    """
    text = notation.strip().lower()
    if len(text) > LONGEST:
        return None
    if text.isascii() and text.isdigit():
        text = f"d{text}"
    total = at = 0
    dice = MOST_DICE
    while at < len(text) or not at:
        term = _TERM.match(text, at)
        if term is None or (at and not term[1]):
            return None
        amount, dice = _thrown(term, dice, (*seed, at))
        if dice < 0:
            return None
        total += -amount if term[1] == "-" else amount
        at = term.end()
    return total


def _thrown(term: re.Match[str], dice: int, seed: tuple[object, ...]) -> tuple[int, int]:
    """What one term of the sum comes to, and how many dice are left; below 0: too many."""
    if term[4]:
        return int(term[4]), dice
    count = int(term[2] or 1)
    sides = 100 if term[3] == "%" else int(term[3])
    if count > dice or not 1 <= sides <= MOST_SIDES:
        return 0, -1
    return sum(1 + draw(sides, *seed, die) for die in range(count)), dice - count

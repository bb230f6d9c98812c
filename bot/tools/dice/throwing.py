"""Throwing dice of one kind, and what is done to them afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.language import later
from bot.tools.dice.luck import Luck
from bot.tools.dice.plan import Burst, Dice
from bot.tools.tool import ToolError

MOST_THROWS = 5_000
"""All throws of a request, those again included; this is what bounds explosions."""


@dataclass(slots=True)
class Die:
    """One die on the table: what it counts and how that came about."""

    value: int
    faces: list[int]
    replaced: list[int] = field(default_factory=list[int])
    exploded: bool = False
    dropped: bool = False
    success: bool = False

    def __str__(self) -> str:
        """The die in words: `6!` threw another, `1→4` was thrown again or raised."""
        text = "+".join(f"{face}!" for face in self.faces[:-1])
        text += f"{'+' if text else ''}{self.faces[-1]}{'!' if self.exploded else ''}"
        if sum(self.faces) != self.value:
            text += f"→{self.value}"
        text = "→".join([*map(str, self.replaced), text])
        return text + " dropped" * self.dropped + " success" * self.success


@dataclass(slots=True)
class Table:
    """Where the dice of one request fall; it counts the throws."""

    luck: Luck
    throws: int = 0

    def throw(self, dice: Dice) -> list[Die]:
        """Throw dice of one kind; the ones that do not count are among the result, marked."""
        fallen = [die for _ in range(dice.count) for die in self._one(dice)]
        for die in fallen:
            die.value = max(die.value, dice.minimum if dice.minimum is not None else die.value)
            die.value = min(die.value, dice.maximum if dice.maximum is not None else die.value)
        _choose(dice, fallen)
        for die in fallen:
            die.success = not die.dropped and bool(dice.success and dice.success.holds(die.value))
        return fallen

    def _one(self, dice: Dice) -> list[Die]:
        """A die and those that it sets off."""
        fallen = [self._settled(dice)]
        explosion = dice.explosion
        face = fallen[0].value
        while explosion and explosion.when.holds(face):
            following = self._settled(dice)
            face = following.value
            if explosion.burst is Burst.COMPOUND:
                fallen[0].faces += following.faces
                fallen[0].value += face
                continue
            fallen[-1].exploded = True
            if explosion.burst is Burst.PENETRATE:
                following.value -= 1
            fallen.append(following)
        return fallen

    def _settled(self, dice: Dice) -> Die:
        """A die that need not be thrown again."""
        faces = [self._face(dice)]
        rerolls = list(dice.rerolls)
        while reroll := next((one for one in rerolls if one.when.holds(faces[-1])), None):
            faces.append(self._face(dice))
            if reroll.once:
                rerolls.remove(reroll)
        return Die(faces[-1], faces[-1:], faces[:-1])

    def _face(self, dice: Dice) -> int:
        self.throws += 1
        if self.throws > MOST_THROWS:
            raise ToolError(
                later("That would take more than {most:,} throws, so I stopped.", most=MOST_THROWS)
            )
        return self.luck.randint(dice.lowest, dice.highest)


def _choose(dice: Dice, fallen: list[Die]) -> None:
    """Mark the dice that do not count."""
    for choice in dice.choices:
        left = [die for die in fallen if not die.dropped]
        best_first = sorted(left, key=lambda die: die.value, reverse=choice.highest)
        chosen, others = best_first[: choice.count], best_first[choice.count :]
        for die in others if choice.keep else chosen:
            die.dropped = True

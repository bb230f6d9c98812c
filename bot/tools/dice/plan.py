"""What a notation asks for, before anything is thrown."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Literal

_COMPARES = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}


@dataclass(frozen=True, slots=True)
class Compare:
    """A condition on a number, such as `>=5`."""

    sign: str
    number: int

    def holds(self, value: int | Fraction) -> bool:
        """Whether a number fulfils it."""
        return bool(_COMPARES[self.sign](value, self.number))

    def holds_for_all(self, lowest: int, highest: int) -> bool:
        """Whether every whole number in a range fulfils it."""
        if self.sign == "=":
            return lowest == highest == self.number
        return self.holds(lowest) and self.holds(highest)


class Burst(Enum):
    """What becomes of a die that explodes and is thrown again."""

    EXTRA = "!"
    COMPOUND = "!!"
    PENETRATE = "!p"


@dataclass(frozen=True, slots=True)
class Explosion:
    """Throw again while the die falls so; a die of its own, added to it, or one less each time."""

    burst: Burst
    when: Compare


@dataclass(frozen=True, slots=True)
class Reroll:
    """Throw again instead: as long as it takes, or once."""

    when: Compare
    once: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """Which dice count: so many of the highest or lowest are kept or dropped."""

    keep: bool
    highest: bool
    count: int


@dataclass(frozen=True, slots=True)
class Dice:
    """Some dice of one kind and what happens to them. Fate dice go from -1 to 1."""

    count: int
    lowest: int
    highest: int
    rerolls: tuple[Reroll, ...] = ()
    explosion: Explosion | None = None
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[Choice, ...] = ()
    success: Compare | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """An expression in parentheses."""

    inner: Sum


Factor = Dice | Fraction | Group


@dataclass(frozen=True, slots=True)
class Product:
    """Factors, each with the sign before it (`*` or `/`), all of it perhaps negative."""

    negative: bool
    factors: tuple[tuple[Literal["*", "/"], Factor], ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """Terms, each with the sign before it."""

    terms: tuple[tuple[Literal["+", "-"], Product], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """One roll: its own text, what to throw, and what the total has to reach, if anything."""

    text: str
    sum: Sum
    goal: Compare | None = None

"""Rolling: from a notation to totals, with every die in words."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from bot.language import later
from bot.tools.dice.luck import Luck
from bot.tools.dice.notation import read
from bot.tools.dice.plan import Dice, Factor, Group, Plan, Product, Sum
from bot.tools.dice.throwing import Die, Table
from bot.tools.tool import ToolError


@dataclass(frozen=True, slots=True)
class Roll:
    """One roll: its notation, what each die shows, the total, and all of it in words.

    `success` says whether the total reached what was asked (`d20+5 >= 15`), None if nothing was.
    """

    notation: str
    dice: tuple[int, ...]
    total: int
    words: str
    success: bool | None = None


@dataclass(frozen=True, slots=True)
class Rolled:
    """All rolls of a request."""

    notation: str
    rolls: tuple[Roll, ...]

    @property
    def total(self) -> int:
        """The totals of all rolls together."""
        return sum(roll.total for roll in self.rolls)


def roll(notation: str, luck: Luck) -> Rolled:
    """Read a notation and throw its dice; `ToolError` says what is wrong with it, and where."""
    table = Table(luck)
    return Rolled(notation.strip(), tuple(_roll(plan, table) for plan in read(notation)))


def _roll(plan: Plan, table: Table) -> Roll:
    said = _Teller(table)
    exact, words = said.sum(plan.sum)
    # Half a point of damage is none: games round down.
    total = exact.numerator // exact.denominator
    words = f"{plan.text}: {words} = {total}"
    if said.counting and len(plan.sum.terms) == 1:
        words += " success" if total == 1 else " successes"
    if total != exact:
        words += " (rounded down)"
    success = plan.goal.holds(exact) if plan.goal else None
    if success is not None:
        words += ", success" if success else ", failure"
    faces = tuple(die.value for die in said.fallen)
    return Roll(plan.text, faces, total, words, success)


class _Teller:
    """Works a plan out and puts it into words on the way."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.fallen: list[Die] = []
        self.counting = False

    def sum(self, plan: Sum) -> tuple[Fraction, str]:
        total, words = Fraction(0), ""
        for sign, product in plan.terms:
            value, said = self._product(product)
            total += value if sign == "+" else -value
            words += f" {sign} {said}" if words else said
        return total, words

    def _product(self, plan: Product) -> tuple[Fraction, str]:
        total, words = Fraction(1), ""
        for sign, factor in plan.factors:
            value, said = self._factor(factor)
            if sign == "/":
                if not value:
                    raise ToolError(later("The dice came to a division by zero."))
                total /= value
            else:
                total *= value
            words += f" {sign} {said}" if words else said
        return (-total, f"-{words}") if plan.negative else (total, words)

    def _factor(self, plan: Factor) -> tuple[Fraction, str]:
        if isinstance(plan, Dice):
            return self._dice(plan)
        if isinstance(plan, Group):
            value, words = self.sum(plan.inner)
            return value, f"({words})"
        whole = plan.denominator == 1
        return plan, str(plan.numerator) if whole else str(float(plan))

    def _dice(self, plan: Dice) -> tuple[Fraction, str]:
        fallen = self.table.throw(plan)
        self.fallen += fallen
        words = f"[{', '.join(map(str, fallen))}]"
        if plan.success:
            self.counting = True
            return Fraction(sum(die.success for die in fallen)), words
        return Fraction(sum(die.value for die in fallen if not die.dropped)), words

"""Quantities: numbers with units, and what may be done with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from bot.tools.arithmetic import numbers
from bot.tools.arithmetic.numbers import Number
from bot.tools.arithmetic.units import UNITS, Dimensions, Unit
from bot.tools.tool import ToolError

Shown = tuple[tuple[Unit, int], ...]
_HIGHEST_POWER = 9
# What acos gives is a plain number of radians.
_RADIAN = UNITS["rad"]
_ANGLE = _RADIAN.dimensions


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of units: `base` counts base units, `shown` is what it is told in.

    `percent` marks what was written with a percent sign, since 200 + 10% is 220.
    """

    base: Number
    shown: Shown = ()
    percent: bool = False

    @property
    def dimensions(self) -> Dimensions:
        """What is measured."""
        return dimensions_of(self.shown)

    @property
    def size(self) -> Number:
        """How many of the shown units it is."""
        shift = self.shown[0][0].shift if self.shown else Fraction(0)
        above = numbers.add(self.base, Number(-shift)) if shift else self.base
        return numbers.divide(above, scale(self.shown))

    @property
    def thermometer(self) -> bool:
        """Whether it is a temperature that counts from a zero of its own, such as 20 °C."""
        return bool(self.shown) and bool(self.shown[0][0].shift)


def plain(number: Number) -> Quantity:
    """A number without unit."""
    return Quantity(number)


def _check_degrees(shown: Shown) -> None:
    if any(unit.shift and (len(shown) > 1 or raised != 1) for unit, raised in shown):
        raise ToolError("Degrees Celsius and Fahrenheit cannot be part of another unit.")


def measured(size: Number, shown: Shown) -> Quantity:
    """So many of a unit."""
    base = numbers.multiply(size, scale(shown))
    _check_degrees(shown)
    for unit, _ in shown:
        if unit.shift:
            base = numbers.add(base, Number(unit.shift))
    return Quantity(base, shown)


def negative(one: Quantity) -> Quantity:
    """The same below zero; -40 °C is 40 below the zero of its own scale."""
    return measured(numbers.multiply(one.size, Number(Fraction(-1))), one.shown)


def add(one: Quantity, other: Quantity, sign: int = 1) -> Quantity:
    """The sum, or with the sign -1 the difference."""
    _no_thermometer(one, other)
    if other.percent and not one.percent:
        share = numbers.add(Number(Fraction(1)), _times(other.base, sign))
        return Quantity(numbers.multiply(one.base, share), one.shown)
    _same_kind(one, other)
    base = numbers.add(one.base, _times(other.base, sign))
    return Quantity(base, one.shown, one.percent and other.percent)


def multiply(one: Quantity, other: Quantity) -> Quantity:
    """The product, in the units of both."""
    _no_thermometer(one, other)
    return Quantity(numbers.multiply(one.base, other.base), _together(one.shown, other.shown))


def divide(one: Quantity, other: Quantity) -> Quantity:
    """The quotient, in the units of both."""
    _no_thermometer(one, other)
    below = tuple((unit, -exponent) for unit, exponent in other.shown)
    return Quantity(numbers.divide(one.base, other.base), _together(one.shown, below))


def divide_whole(one: Quantity, other: Quantity) -> Quantity:
    """How many times one goes into the other."""
    _no_thermometer(one, other)
    _same_kind(one, other)
    return plain(numbers.divide_whole(one.base, other.base))


def remainder(one: Quantity, other: Quantity) -> Quantity:
    """What is left then."""
    _no_thermometer(one, other)
    _same_kind(one, other)
    return Quantity(numbers.remainder(one.base, other.base), one.shown)


def power(one: Quantity, exponent: Quantity) -> Quantity:
    """A power; units can be raised to whole numbers only, and to halves that come out even."""
    _no_thermometer(one)
    by = without_unit(exponent, "An exponent")
    base = numbers.power(one.base, by)
    if not one.shown:
        return plain(base)
    shown: list[tuple[Unit, int]] = []
    for unit, times in one.shown:
        raised = times * by.value
        if raised.denominator != 1 or abs(raised) > _HIGHEST_POWER:
            raise ToolError("A unit cannot be raised to that power.")
        shown.append((unit, int(raised)))
    return Quantity(base, _together(tuple(shown), ()))


def convert(one: Quantity, shown: Shown) -> Quantity:
    """The same, told in other units."""
    _check_degrees(shown)
    if not one.shown and dimensions_of(shown) == _ANGLE:
        one = measured(one.base, ((_RADIAN, 1),))
    if one.dimensions != dimensions_of(shown):
        wanted, given = named(shown), named(one.shown) or "a plain number"
        raise ToolError(f"{given} cannot be converted to {wanted or 'a plain number'}.")
    return replace(one, shown=shown)


def in_its_unit(one: Quantity, change: Callable[[Number], Number]) -> Quantity:
    """Change the number and keep the unit, as in round(5.6 km)."""
    return measured(change(one.size), one.shown)


def without_unit(one: Quantity, what: str) -> Number:
    """The number of a quantity that must not have a unit."""
    if one.shown:
        raise ToolError(f"{what} has to be a plain number, without {named(one.shown)}.")
    return one.base


def named(shown: Shown) -> str:
    """Units as they are written: `km/h`, `m^2`."""
    above = "·".join(_raised(unit, times) for unit, times in shown if times > 0)
    below = "".join(f"/{_raised(unit, -times)}" for unit, times in shown if times < 0)
    return f"{above or '1' * bool(below)}{below}"


def scale(shown: Shown) -> Number:
    """What one of the shown units is in base units."""
    value = Fraction(1)
    for unit, times in shown:
        value *= unit.factor**times
    return Number(value, all(unit.exact for unit, _ in shown))


def dimensions_of(shown: Shown) -> Dimensions:
    """What units measure."""
    found: dict[str, int] = {}
    for unit, times in shown:
        for name, exponent in unit.dimensions:
            found[name] = found.get(name, 0) + exponent * times
    return tuple(sorted((name, exponent) for name, exponent in found.items() if exponent))


def _together(one: Shown, other: Shown) -> Shown:
    """The units of a product, each kind once: km times m is km²."""
    found = list(one)
    for unit, times in other:
        for place, (known, before) in enumerate(found):
            if known.dimensions == unit.dimensions:
                found[place] = (known, before + times)
                break
        else:
            found.append((unit, times))
    left = tuple((unit, times) for unit, times in found if times)
    if any(abs(times) > _HIGHEST_POWER for _, times in left):
        raise ToolError("A unit cannot be raised to that power.")
    return left if dimensions_of(left) else ()


def _raised(unit: Unit, times: int) -> str:
    return unit.name if times == 1 else f"{unit.name}^{times}"


def _times(one: Number, sign: int) -> Number:
    return Number(one.value * sign, one.exact)


def _same_kind(one: Quantity, other: Quantity) -> None:
    if one.dimensions != other.dimensions:
        names = [named(each.shown) or "a plain number" for each in (one, other)]
        raise ToolError(f"{names[0]} and {names[1]} do not go together.")


def _no_thermometer(*quantities: Quantity) -> None:
    if any(quantity.thermometer for quantity in quantities):
        raise ToolError("Degrees Celsius and Fahrenheit can only be converted, as in 72 F in C.")

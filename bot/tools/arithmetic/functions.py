"""The functions and constants that a calculation may name. There are no others."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from bot.tools.arithmetic import numbers
from bot.tools.arithmetic.numbers import Number
from bot.tools.arithmetic.quantities import (
    Quantity,
    in_its_unit,
    measured,
    plain,
    power,
    remainder,
    without_unit,
)
from bot.tools.arithmetic.units import dimensions
from bot.tools.tool import ToolError

_ANGLE = dimensions("deg:1")
_MOST_PLACES = 100
_LARGEST_ANGLE = 10**12

CONSTANTS = {
    "pi": Number(Fraction("3.14159265358979323846264338327950288419716939937510"), exact=False),
    "π": Number(Fraction("3.14159265358979323846264338327950288419716939937510"), exact=False),
    "e": Number(Fraction("2.71828182845904523536028747135266249775724709369995"), exact=False),
}


@dataclass(frozen=True, slots=True)
class Function:
    """A function, and how many arguments it takes (`most` 0: any number)."""

    call: Callable[[list[Quantity]], Quantity]
    least: int = 1
    most: int = 1


def _plainly(name: str, change: Callable[[Number], Number]) -> Function:
    """A function of one plain number."""

    def call(given: list[Quantity]) -> Quantity:
        return plain(change(without_unit(given[0], f"What {name} is taken of")))

    return Function(call)


def _keeping_unit(change: Callable[[Number], Number]) -> Function:
    return Function(lambda given: in_its_unit(given[0], change))


def _square_root(given: list[Quantity]) -> Quantity:
    if given[0].shown:
        return power(given[0], plain(Number(Fraction(1, 2))))
    return plain(numbers.root(given[0].base, 2))


def _rounded(given: list[Quantity]) -> Quantity:
    places = without_unit(given[1], "The number of places").whole if len(given) > 1 else 0
    if places is None or abs(places) > _MOST_PLACES:
        raise ToolError(f"A number can be rounded to at most {_MOST_PLACES} places.")
    shift = Fraction(10) ** places
    return in_its_unit(given[0], lambda one: Number(_half_up(one.value * shift) / shift))


def _half_up(value: Fraction) -> Fraction:
    """To the next whole number; a half goes away from zero, as people learn it."""
    away = math.floor(abs(value) + Fraction(1, 2))
    return Fraction(away if value >= 0 else -away)


def _size(one: Quantity) -> Fraction:
    return one.base.value


def _extreme(choose: Callable[..., Quantity]) -> Function:
    def call(given: list[Quantity]) -> Quantity:
        for other in given[1:]:
            remainder(given[0], measured(Number(Fraction(1)), other.shown))  # the same kind?
        return choose(given, key=_size)

    return Function(call, 1, 0)


def _logarithm(given: list[Quantity]) -> Quantity:
    """log(x) is the one to the base 10, as on calculators; log(x, b) names its base."""
    of = without_unit(given[0], "What log is taken of")
    base = Number(Fraction(10))
    if len(given) > 1:
        base = without_unit(given[1], "The base of log")
    return plain(numbers.logarithm(of, base))


def _degrees(given: Quantity) -> Fraction | None:
    """An angle that was given in degrees; None for plain radians."""
    if given.dimensions != _ANGLE or not given.base.exact:
        return None
    return given.base.value % 360


def _radians(given: Quantity) -> float:
    if given.dimensions == _ANGLE:
        return math.radians(float(given.base.value % 360))
    value = without_unit(given, "An angle")
    if abs(value.value) > _LARGEST_ANGLE:
        raise ToolError("That angle is too large for me.")
    return float(value.value)


# Where a sine is a number that can be written down: 30 degrees and its like.
_SINES = {0: "0", 30: "1/2", 90: "1", 150: "1/2", 180: "0", 210: "-1/2", 270: "-1", 330: "-1/2"}


def _sine(given: Quantity, ahead: int = 0) -> Number:
    degrees = _degrees(given)
    if degrees is None:
        value = _radians(given)
        return numbers.from_float(math.cos(value) if ahead else math.sin(value))
    degrees = (degrees + ahead) % 360
    if degrees.denominator == 1 and (known := _SINES.get(int(degrees))):
        return Number(Fraction(known))
    return numbers.from_float(math.sin(math.radians(float(degrees))))


def _tangent(given: list[Quantity]) -> Quantity:
    degrees = _degrees(given[0])
    if degrees is not None and degrees % 45 == 0 and degrees % 90:
        return plain(Number(Fraction(1 if degrees % 180 == 45 else -1)))
    below = _sine(given[0], 90)
    if not below.value:
        raise ToolError("The tangent has no value there.")
    return plain(numbers.divide(_sine(given[0]), below))


def _arc(name: str, function: Callable[[float], float]) -> Function:
    def change(of: Number) -> Number:
        if name != "atan" and abs(of.value) > 1:
            raise ToolError(f"{name} is taken of numbers from -1 to 1.")
        return numbers.from_float(function(max(-1e300, min(1e300, _float(of)))))

    return _plainly(name, change)


def _float(of: Number) -> float:
    try:
        return float(of.value)
    except OverflowError:
        return math.inf if of.value > 0 else -math.inf


FUNCTIONS = {
    "sqrt": Function(_square_root),
    "cbrt": _plainly("cbrt", lambda one: numbers.root(one, 3)),
    "abs": _keeping_unit(lambda one: Number(abs(one.value), one.exact)),
    "round": Function(_rounded, 1, 2),
    "floor": _keeping_unit(lambda one: Number(Fraction(math.floor(one.value)))),
    "ceil": _keeping_unit(lambda one: Number(Fraction(math.ceil(one.value)))),
    "min": _extreme(min),
    "max": _extreme(max),
    "factorial": _plainly("factorial", numbers.factorial),
    "exp": _plainly("exp", numbers.exponential),
    "ln": _plainly("ln", numbers.logarithm),
    "log": Function(_logarithm, 1, 2),
    "log10": _plainly("log10", lambda one: numbers.logarithm(one, Number(Fraction(10)))),
    "log2": _plainly("log2", lambda one: numbers.logarithm(one, Number(Fraction(2)))),
    "sin": Function(lambda given: plain(_sine(given[0]))),
    "cos": Function(lambda given: plain(_sine(given[0], 90))),
    "tan": Function(_tangent),
    "asin": _arc("asin", math.asin),
    "acos": _arc("acos", math.acos),
    "atan": _arc("atan", math.atan),
}

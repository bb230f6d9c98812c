"""Results as people read them: exact while that is short, else rounded and marked with ≈."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from bot.tools.arithmetic import numbers
from bot.tools.arithmetic.quantities import Quantity, named

_LONGEST_WHOLE = 100
_LONGEST_DECIMAL = 20
_ROUNDED = 12


@dataclass(frozen=True, slots=True)
class Result:
    """What came out.

    `text` is for people. `number` is there for a plain number that JSON carries as it stands in
    the text; `exact` says whether nothing was rounded.
    """

    text: str
    number: int | float | None
    exact: bool


def write(found: Quantity) -> Result:
    """Put a quantity into words and, where that works, into a number."""
    size, unit = found.size, named(found.shown)
    digits = _exactly(size.value) if size.exact else None
    exact = digits is not None
    rounded = digits if digits is not None else numbers.first_digits(size.value, _ROUNDED)
    text = f"{'' if exact else '≈ '}{_written(rounded)}"
    return Result(f"{text} {unit}".rstrip(), None if unit else _number(rounded), exact)


def _exactly(value: Fraction) -> Decimal | None:
    """The digits of a number that has few enough of them."""
    if value.denominator == 1:
        short = abs(value.numerator) < 10**_LONGEST_WHOLE
        return Decimal(value.numerator) if short else None
    rounded = numbers.first_digits(value, _LONGEST_DECIMAL)
    return rounded if Fraction(rounded) == value else None


def _written(digits: Decimal) -> str:
    """Plain digits, or a power of ten where there would be too many zeros."""
    if not digits:
        return "0"
    digits = digits if digits == digits.to_integral_value() else digits.normalize()
    if -8 <= digits.adjusted() <= _LONGEST_WHOLE and not _rounded_far(digits):
        plain = f"{digits:f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    sign, figures, _ = digits.as_tuple()
    shown = "".join(map(str, figures)).rstrip("0")
    behind = f".{shown[1:]}" if shown[1:] else ""
    return f"{'-' * sign}{shown[0]}{behind}e{digits.adjusted()}"


def _rounded_far(digits: Decimal) -> bool:
    """Whether zeros would have to be made up in front of the point."""
    exponent = digits.as_tuple().exponent
    return isinstance(exponent, int) and exponent > 8


def _number(digits: Decimal) -> int | float | None:
    if digits == digits.to_integral_value() and digits.adjusted() <= _LONGEST_WHOLE:
        return int(digits)
    number = float(digits)
    same = Decimal(repr(number)) == digits if abs(number) < float("inf") else False
    return number if same else None

"""Numbers: exact fractions while they last, 50 digits where nothing exact exists, and bounds."""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from bot.tools.tool import ToolError

MOST_DIGITS = 3_000
"""No number goes beyond so many digits, before the point or behind it."""
_MOST_BITS = 10_000
_LARGEST_FACTORIAL = 1_000
_LONGEST_ROOT = 100
_DIGITS = 50
_NOTHING_LEFT = Fraction(1, 10**40)
_TOO_LARGE = f"That number is too large: I calculate with up to {MOST_DIGITS:,} digits."
_TOO_SMALL = "That number is too close to zero for me."
_BY_ZERO = "That is a division by zero."


@dataclass(frozen=True, slots=True)
class Number:
    """A number, and whether it is the very one or only 50 digits of it."""

    value: Fraction
    exact: bool = True

    @property
    def whole(self) -> int | None:
        """The number as a whole one, if it is."""
        return self.value.numerator if self.value.denominator == 1 else None


def _context() -> decimal.Context:
    return decimal.Context(
        prec=_DIGITS,
        rounding=decimal.ROUND_HALF_EVEN,
        Emax=MOST_DIGITS,
        Emin=-MOST_DIGITS,
        traps=[
            decimal.Overflow,
            decimal.Underflow,
            decimal.InvalidOperation,
            decimal.DivisionByZero,
        ],
    )


def number(value: Fraction | int, *, exact: bool = True) -> Number:
    """A number that is not too long; one that has grown too precise keeps its first 50 digits."""
    value = Fraction(value)
    above, below = value.numerator.bit_length(), value.denominator.bit_length()
    if above - below > _MOST_BITS:
        raise ToolError(_TOO_LARGE)
    if above and below - above > _MOST_BITS:
        raise ToolError(_TOO_SMALL)
    if exact and max(above, below) <= _MOST_BITS:
        return Number(value)
    if exact and below == 1:
        raise ToolError(_TOO_LARGE)
    return Number(Fraction(_decimal(value, _context())), exact=False)


def add(one: Number, other: Number) -> Number:
    """The sum."""
    total, exact = one.value + other.value, one.exact and other.exact
    # What rounding left over, as in exp(1) - e, is no result.
    if not exact and abs(total) < abs(one.value) * _NOTHING_LEFT:
        return Number(Fraction(0), exact=False)
    return number(total, exact=exact)


def multiply(one: Number, other: Number) -> Number:
    """The product."""
    return number(one.value * other.value, exact=one.exact and other.exact)


def divide(one: Number, other: Number) -> Number:
    """The quotient."""
    if not other.value:
        raise ToolError(_BY_ZERO)
    return number(one.value / other.value, exact=one.exact and other.exact)


def divide_whole(one: Number, other: Number) -> Number:
    """The quotient rounded down."""
    quotient = divide(one, other)
    return number(math.floor(quotient.value), exact=quotient.exact)


def remainder(one: Number, other: Number) -> Number:
    """What the quotient rounded down leaves; it has the sign of the divisor."""
    if not other.value:
        raise ToolError(_BY_ZERO)
    return number(one.value % other.value, exact=one.exact and other.exact)


def power(base: Number, exponent: Number) -> Number:
    """A power: exact for whole exponents and for roots that come out even."""
    if not base.value:
        if exponent.value < 0:
            raise ToolError(_BY_ZERO)
        return Number(Fraction(0 if exponent.value else 1), base.exact and exponent.exact)
    if (whole := exponent.whole) is not None:
        if base.value in (1, -1) and base.exact:
            return Number(base.value if whole % 2 else Fraction(1))
        # Where the bits run over by one or two, the bounds of a number itself decide.
        # Not multiplied out: an exponent may have more digits than a float can hold.
        if base.exact and abs(whole) <= (_MOST_BITS + 1) / _logarithm_of_two(base.value):
            return number(base.value**whole)
        if base.exact and base.whole is not None and whole > 0:
            raise ToolError(_TOO_LARGE)
        return _approximate(lambda context, one, other: context.power(one, other), base, exponent)
    if base.value < 0:
        raise ToolError("A negative number has no real power with a fraction as the exponent.")
    if base.exact and exponent.exact and exponent.value.denominator <= _LONGEST_ROOT:
        root = _exact_root(base.value, exponent.value.denominator)
        if root is not None:
            return power(Number(root), Number(Fraction(exponent.value.numerator)))
    return _approximate(lambda context, one, other: context.power(one, other), base, exponent)


def root(of: Number, degree: int) -> Number:
    """The square root (degree 2), the cube root (3) and so on."""
    if of.value < 0 and degree % 2:
        found = root(Number(-of.value, of.exact), degree)
        return Number(-found.value, found.exact)
    if of.value < 0:
        raise ToolError("A negative number has no real square root.")
    return power(of, Number(Fraction(1, degree)))


def factorial(of: Number) -> Number:
    """n!, for whole numbers up to a thousand."""
    whole = of.whole
    if whole is None or whole < 0:
        raise ToolError("Only whole numbers from 0 on have a factorial.")
    if whole > _LARGEST_FACTORIAL:
        raise ToolError(f"{_TOO_LARGE} {_LARGEST_FACTORIAL:,}! is the largest factorial.")
    return number(math.factorial(whole), exact=of.exact)


def exponential(of: Number) -> Number:
    """e to the power of a number."""
    if not of.value:
        return Number(Fraction(1), of.exact)
    return _approximate(lambda context, one, _: context.exp(one), of)


def logarithm(of: Number, base: Number | None = None) -> Number:
    """The natural logarithm, or the one of a base; exact if it is a whole number."""
    if of.value <= 0:
        raise ToolError("Only numbers above zero have a logarithm.")
    natural = _logarithm(of)
    if base is None:
        return natural
    if base.value <= 0 or base.value == 1:
        raise ToolError("The base of a logarithm has to be above zero and not 1.")
    found = divide(natural, _logarithm(base))
    nearest = round(found.value)
    short = _length(base.value) * abs(nearest) <= 2 * _MOST_BITS
    if of.exact and base.exact and short and base.value**nearest == of.value:
        return Number(Fraction(nearest))
    return Number(found.value, exact=False)


def from_float(value: float) -> Number:
    """What a function of the mathematics library gave; what is left of zero is zero."""
    if not math.isfinite(value):
        raise ToolError(_TOO_LARGE)
    return Number(Fraction(0) if abs(value) < 1e-14 else Fraction(value), exact=False)


def first_digits(value: Fraction, digits: int) -> Decimal:
    """A fraction rounded to so many digits."""
    context = _context()
    context.prec = digits
    context.rounding = decimal.ROUND_HALF_UP
    context.Emax, context.Emin = 10 * MOST_DIGITS, -10 * MOST_DIGITS
    return context.divide(Decimal(value.numerator), Decimal(value.denominator))


def _logarithm(of: Number) -> Number:
    if of.value == 1:
        return Number(Fraction(0), of.exact)
    return _approximate(lambda context, one, _: context.ln(one), of)


Operation = Callable[[decimal.Context, Decimal, Decimal], Decimal]


def _approximate(operation: Operation, one: Number, other: Number | None = None) -> Number:
    context = _context()
    try:
        left = _decimal(one.value, context)
        right = _decimal(other.value, context) if other else left
        found = operation(context, left, right)
    except decimal.Overflow:
        raise ToolError(_TOO_LARGE) from None
    except decimal.Underflow:
        raise ToolError(_TOO_SMALL) from None
    except decimal.DecimalException:
        raise ToolError("That has no result among the real numbers.") from None
    return number(Fraction(found), exact=False)


def _decimal(value: Fraction, context: decimal.Context) -> Decimal:
    try:
        return context.divide(Decimal(value.numerator), Decimal(value.denominator))
    except decimal.Overflow:
        raise ToolError(_TOO_LARGE) from None
    except decimal.Underflow:
        raise ToolError(_TOO_SMALL) from None


def _length(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _logarithm_of_two(value: Fraction) -> float:
    """How many bits each multiplication by a number adds."""
    return max(math.log2(abs(value.numerator)), math.log2(value.denominator))


def _exact_root(value: Fraction, degree: int) -> Fraction | None:
    above = _whole_root(value.numerator, degree)
    below = _whole_root(value.denominator, degree)
    return None if above is None or below is None else Fraction(above, below)


def _whole_root(value: int, degree: int) -> int | None:
    """The root of a whole number if it is whole itself."""
    if degree == 2:
        found = math.isqrt(value)
    else:
        # Newton's way down from above: a few dozen steps, all with whole numbers.
        found = 1 << -(-value.bit_length() // degree)
        while True:
            lower = ((degree - 1) * found + value // found ** (degree - 1)) // degree
            if lower >= found:
                break
            found = lower
    return found if found**degree == value else None

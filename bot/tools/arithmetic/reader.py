"""Reading a calculation from left to right, and working it out on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import NoReturn

from bot.tools.arithmetic import numbers, quantities
from bot.tools.arithmetic.functions import CONSTANTS, FUNCTIONS
from bot.tools.arithmetic.quantities import Quantity, Shown, measured, plain
from bot.tools.arithmetic.units import Unit, find
from bot.tools.arithmetic.words import Token, cut, wrong
from bot.tools.arithmetic.writing import Result, write
from bot.tools.tool import ToolError

_DEEPEST = 40
_MOST_EFFORT = 400_000
"""Bits of all numbers on the way; it bounds the time, whatever is asked."""
_MOST_UNITS = 9
_HIGHEST_EXPONENT = 3_000
_PERCENT = Unit("%", Fraction(1, 100), ())

_PRODUCTS: dict[str, Callable[[Quantity, Quantity], Quantity]] = {
    "*": quantities.multiply,
    "of": quantities.multiply,
    "/": quantities.divide,
    "//": quantities.divide_whole,
    "%": quantities.remainder,
    "mod": quantities.remainder,
}


def calculate(expression: str) -> Result:
    """Work an expression out; what cannot be worked out is a `ToolError` that says why."""
    return write(_Reader(cut(expression)).whole())


@dataclass(slots=True)
class _Reader:
    tokens: list[Token]
    place: int = 0
    depth: int = 0
    effort: int = 0

    def whole(self) -> Quantity:
        found = self._expression()
        if self._next.kind != "end":
            self._wrong("an operator is missing before")
        return found

    def _expression(self) -> Quantity:
        """A sum, and the units that it is wanted in."""
        self.depth += 1
        if self.depth > _DEEPEST:
            self._wrong("it is nested too deep")
        found = self._sum()
        while self._converts():
            self.place += 1
            if self._take("%"):
                found = quantities.convert(found, ((_PERCENT, 1),))
            else:
                found = quantities.convert(found, self._units())
        self.depth -= 1
        return found

    def _sum(self) -> Quantity:
        found = self._product()
        while self._next.text in ("+", "-"):
            sign = 1 if self._step().text == "+" else -1
            found = self._done(quantities.add(found, self._product(), sign))
        return found

    def _product(self) -> Quantity:
        found = self._signed()
        while True:
            if operation := _PRODUCTS.get(self._next.text):
                self.place += 1
                found = self._done(operation(found, self._signed()))
            elif self._next.text in ("(", "√") or self._names_value():
                found = self._done(quantities.multiply(found, self._signed()))
            else:
                return found

    def _signed(self) -> Quantity:
        below = False
        while self._next.text in ("+", "-"):
            below ^= self._step().text == "-"
        found = self._measured()
        return quantities.negative(found) if below else found

    def _measured(self) -> Quantity:
        """A number with its units; several side by side add up, as in 3 h 20 min."""
        found = self._power()
        if found.shown or not self._is_unit():
            return found
        found = measured(found.base, self._units())
        while self._next.kind == "number" or (
            self._next.text == "and" and self._after.kind == "number"
        ):
            self._take("and")
            size = self._power()
            if not self._is_unit():
                self._wrong("an operator or a unit is missing before")
            found = self._done(quantities.add(found, measured(size.base, self._units())))
        return found

    def _power(self) -> Quantity:
        found = self._finished()
        if not self._take("^"):
            return found
        return self._done(quantities.power(found, self._exponent()))

    def _exponent(self) -> Quantity:
        """Powers are read from the right: 2^3^2 is 2^9."""
        self.depth += 1
        if self.depth > _DEEPEST:
            self._wrong("it is nested too deep")
        below = False
        while self._next.text in ("+", "-"):
            below ^= self._step().text == "-"
        found = self._power()
        self.depth -= 1
        return quantities.negative(found) if below else found

    def _finished(self) -> Quantity:
        """A value and the signs behind it: 5!, 20%."""
        found = self._value()
        if self._take("!"):
            found = FUNCTIONS["factorial"].call([found])
            if self._next.text == "!":
                self._wrong("please write (n!)! with parentheses, instead of")
        if self._next.text == "%" and not self._divides():
            self.place += 1
            share = numbers.divide(found.base, numbers.number(100))
            quantities.without_unit(found, "A percentage")
            return Quantity(share, percent=True)
        return self._done(found)

    def _value(self) -> Quantity:
        token = self._next
        if token.kind == "number":
            return plain(self._fraction() or self._number(self._step()))
        if self._take("("):
            found = self._expression()
            if not self._take(")"):
                self._wrong("a closing parenthesis is missing before")
            return found
        if self._take("√"):
            return FUNCTIONS["sqrt"].call([self._exponent()])
        if token.kind == "word":
            return self._named(token)
        return self._wrong("a number is missing before")

    def _named(self, token: Token) -> Quantity:
        name = token.text.lower()
        if name in FUNCTIONS and self._after.text == "(":
            return self._called(name)
        if name in CONSTANTS:
            self.place += 1
            return plain(CONSTANTS[name])
        if find(token.text):
            return measured(numbers.number(1), self._units())
        if name in FUNCTIONS:
            return self._wrong("parentheses are missing after")
        return self._wrong("I do not know")

    def _called(self, name: str) -> Quantity:
        function = FUNCTIONS[name]
        begin = self._step()
        self.place += 1
        given = [self._expression()]
        while self._take(","):
            given.append(self._expression())
        if not self._take(")"):
            self._wrong("a closing parenthesis is missing before")
        if len(given) < function.least or (function.most and len(given) > function.most):
            most = "one argument" if function.most == 1 else f"up to {function.most} arguments"
            raise wrong(f"{name} takes {most}, not {len(given)}", begin.at)
        return function.call(given)

    def _fraction(self) -> numbers.Number | None:
        """`1/2 mile` is half a mile, written close together; `1 / 2 s` is 0.5 a second."""
        above, line, below = [*self.tokens[self.place : self.place + 3], self._next, self._next][:3]
        close = line.text == "/" and above.at + len(above.text) + 1 == below.at == line.at + 1
        if not close or not above.text.isdigit() or not below.text.isdigit():
            return None
        begin, self.place = self.place, self.place + 3
        if self._is_unit():
            return numbers.divide(self._number(above), self._number(below))
        self.place = begin
        return None

    def _number(self, token: Token) -> numbers.Number:
        digits, _, exponent = token.text.lower().partition("e")
        if exponent and (len(exponent) > 6 or abs(int(exponent)) > _HIGHEST_EXPONENT):
            raise wrong("the number has too many digits", token.at)
        value = Fraction(digits.rstrip(".") or "0")
        return numbers.number(value * Fraction(10) ** int(exponent or 0))

    def _units(self) -> Shown:
        """Units side by side, above and below a line: kWh, m/s^2, kW h."""
        found = [self._unit(1)]
        while True:
            if len(found) > _MOST_UNITS:
                self._wrong("there are too many units before")
            after = self._after
            if self._next.text == "/" and after.kind == "word" and _is_unit(after):
                self.place += 1
                found.append(self._unit(-1))
            elif self._is_unit():
                found.append(self._unit(1))
            else:
                return tuple(found)

    def _unit(self, sign: int) -> tuple[Unit, int]:
        token = self._next
        unit = find("inch" if token.text == "in" else token.text)
        if token.kind != "word" or unit is None:
            self._wrong("a unit that I know is missing at")
        self.place += 1
        after = self._after
        if self._next.text == "^" and after.text in ("-", "+"):
            self.place += 1
            sign = -sign if after.text == "-" else sign
        elif self._next.text != "^":
            return unit, sign
        self.place += 1
        times = self._step()
        if len(times.text) > 1 or times.text not in "123456789":
            raise wrong("a unit can be raised to 1 to 9", times.at)
        return unit, sign * int(times.text)

    def _is_unit(self) -> bool:
        """Whether a unit comes next. `in` is one in `5 in`, but not in `5 km in miles`."""
        if self._next.kind != "word":
            return False
        if self._next.text != "in":
            name = self._next.text.lower()
            calls = name in FUNCTIONS and self._after.text == "("
            return name not in CONSTANTS and not calls and _is_unit(self._next)
        after = self._after
        named = after.kind == "word" and after.text != "in" and _is_unit(after)
        target = named or after.text == "%"
        return self.tokens[self.place - 1].kind == "number" and not target

    def _converts(self) -> bool:
        return self._next.text in ("->", "in")

    def _names_value(self) -> bool:
        """Whether a function or a constant comes next, so that 2 pi is a product."""
        name = self._next.text.lower()
        return self._next.kind == "word" and (name in FUNCTIONS or name in CONSTANTS)

    def _divides(self) -> bool:
        """Whether the next % is the operator, as in 10 % 3, and not a percent sign."""
        after = self._after
        name = after.text.lower()
        named = after.kind == "word" and (name in FUNCTIONS or name in CONSTANTS)
        return after.kind == "number" or after.text == "(" or named

    def _done(self, found: Quantity) -> Quantity:
        value = found.base.value
        self.effort += value.numerator.bit_length() + value.denominator.bit_length()
        if self.effort > _MOST_EFFORT:
            raise ToolError("That calculation takes too long; please make it shorter.")
        return found

    @property
    def _next(self) -> Token:
        return self.tokens[self.place]

    @property
    def _after(self) -> Token:
        return self.tokens[min(self.place + 1, len(self.tokens) - 1)]

    def _step(self) -> Token:
        self.place += self._next.kind != "end"
        return self.tokens[self.place - 1]

    def _take(self, text: str) -> bool:
        found = self._next.text == text and self._next.kind != "end"
        self.place += found
        return found

    def _wrong(self, what: str) -> NoReturn:
        shown = f"`{self._next.text[:20]}`" if self._next.kind != "end" else "the end"
        raise wrong(f"{what} {shown}", self._next.at)


def _is_unit(token: Token) -> bool:
    return find(token.text) is not None

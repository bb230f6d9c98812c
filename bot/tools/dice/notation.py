"""Reading dice notation: from left to right, each character once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

from bot.language import Text, later
from bot.tools.dice.plan import (
    Burst,
    Choice,
    Compare,
    Dice,
    Explosion,
    Factor,
    Group,
    Plan,
    Product,
    Reroll,
    Sum,
)
from bot.tools.tool import ToolError

LONGEST = 500
MOST_DICE = 1_000
MOST_SIDES = 1_000_000
_DEEPEST = 20
_LARGEST = 1_000_000_000

_SPACE = re.compile(r"\s*")
_NUMBER = re.compile(r"\d{1,10}(?:\.\d{1,6})?")
_WHOLE = re.compile(r"\d{1,10}")
_REPEAT = re.compile(r"(\d{1,4})\s*x\s*(?=[\d(d+-])")
_COMPARE = re.compile(r"\s*(>=|<=|==|=|>|<)\s*(-?\d{1,10})")
# The longer words first: `kh` is no `k`, `!!` no `!`.
_MODIFIER = re.compile(r"advantage|adv|disadvantage|dis|kh|kl|dh|dl|k|d|ro|r|mi|ma|!!|!p|!")
_EDGE = {"advantage": "adv", "disadvantage": "dis"}
_PLAIN = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "≥": ">=", "≤": "<="})


def read(notation: str) -> tuple[Plan, ...]:
    """Every roll of a request; what cannot be read is a `ToolError` that says where."""
    text = notation.strip().translate(_PLAIN)
    if not text:
        raise ToolError(later("There is no dice notation. It looks like 2d6+1."))
    if len(text) > LONGEST:
        raise ToolError(
            later(
                "Dice notation can have {most} characters, not {count:,}.",
                most=LONGEST,
                count=len(text),
            )
        )
    # Letter by letter, since some letters of other scripts have a longer small form.
    small = "".join(sign.lower() if sign.isascii() else sign for sign in text)
    return tuple(_Reader(text, small).plans())


@dataclass(slots=True)
class _Reader:
    written: str
    text: str
    at: int = 0
    depth: int = 0
    dice: int = 0
    found: list[Plan] = field(default_factory=list[Plan])

    def plans(self) -> list[Plan]:
        while True:
            self._plan()
            if self._take(",") or self._take(";"):
                continue
            if self.at < len(self.text):
                raise self._wrong(later("this is no dice notation {place}"))
            return self.found

    def _plan(self) -> None:
        times = self._times()
        begin, before = self._skip(), self.dice
        amount = self._sum()
        plan = Plan(self.written[begin : self.at].strip(), amount, self._compare())
        if plan.goal:
            plan = replace(plan, text=self.written[begin : self.at].strip())
        self._count((self.dice - before) * (times - 1))
        self.found += [plan] * times

    def _times(self) -> int:
        self._skip()
        begin = self.at
        if not (repeat := _REPEAT.match(self.text, begin)):
            return 1
        times = int(repeat[1])
        if not 1 <= times <= 100:
            raise self._wrong(later("a roll can be repeated 1 to 100 times {place}"))
        self.at = repeat.end()
        return times

    def _sum(self) -> Sum:
        terms = [self._signed("+")]
        while True:
            if self._take("+"):
                terms.append(self._signed("+"))
            elif self._take("-"):
                terms.append(self._signed("-"))
            else:
                return Sum(tuple(terms))

    def _signed(self, sign: Literal["+", "-"]) -> tuple[Literal["+", "-"], Product]:
        return sign, self._product()

    def _product(self) -> Product:
        negative = False
        while True:
            if self._take("-"):
                negative = not negative
            elif not self._take("+"):
                break
        factors: list[tuple[Literal["*", "/"], Factor]] = [("*", self._factor())]
        while True:
            if self._take("*"):
                factors.append(("*", self._factor()))
            elif self._take("/"):
                factors.append(("/", self._factor()))
            else:
                return Product(negative, tuple(factors))

    def _factor(self) -> Factor:
        if self._take("("):
            return self._group()
        begin = self._skip()
        if self.text.startswith("d", begin):
            return self._thrown(begin, 1)
        number = _NUMBER.match(self.text, begin)
        if number is None:
            raise self._wrong(later("dice or a number should be {place}"))
        self.at = number.end()
        if self.text.startswith("d", self._skip()):
            if "." in number[0]:
                raise self._wrong(later("a whole number of dice should be before {place}"))
            return self._thrown(begin, int(number[0]))
        self.at = number.end()
        return self._small(Fraction(number[0]), begin)

    def _group(self) -> Group:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self._wrong(
                later("parentheses are more than {deepest} levels deep {place}"), deepest=_DEEPEST
            )
        inner = self._sum()
        if not self._take(")"):
            raise self._wrong(later("a closing parenthesis should be {place}"))
        self.depth -= 1
        return Group(inner)

    def _thrown(self, begin: int, count: int) -> Dice:
        self.at += 1
        if count < 1:
            self.at = begin
            raise self._wrong(later("there has to be at least one die {place}"))
        self._count(count)
        dice = self._kind(count)
        while True:
            if modifier := _MODIFIER.match(self.text, self._skip()):
                self.at = modifier.end()
                dice = self._modified(dice, modifier[0], modifier.start())
            elif success := self._compare():
                if dice.success:
                    raise self._wrong(later("there is a second comparison before {place}"))
                dice = replace(dice, success=success)
            else:
                return dice

    def _kind(self, count: int) -> Dice:
        if self._take("%"):
            return Dice(count, 1, 100)
        if self._take("f"):
            return Dice(count, -1, 1)
        begin = self.at
        sides = self._whole(later("the number of sides should be {place}"))
        if not 1 <= sides <= MOST_SIDES:
            self.at = begin
            raise self._wrong(later("a die can have 1 to {most:,} sides {place}"), most=MOST_SIDES)
        return Dice(count, 1, sides)

    def _modified(self, dice: Dice, word: str, begin: int) -> Dice:
        if word in ("kh", "kl", "dh", "dl", "k", "d"):
            return self._chosen(dice, word)
        if word in ("r", "ro"):
            when = self._condition(dice, begin, None)
            return replace(dice, rerolls=(*dice.rerolls, Reroll(when, once=word == "ro")))
        if word == "mi":
            return replace(
                dice, minimum=self._whole(later("the smallest number should be {place}"))
            )
        if word == "ma":
            return replace(dice, maximum=self._whole(later("the largest number should be {place}")))
        if word.startswith("!"):
            when = self._condition(dice, begin, Compare("=", dice.highest))
            return replace(dice, explosion=Explosion(Burst(word), when))
        return self._edge(dice, _EDGE.get(word, word), begin)

    def _chosen(self, dice: Dice, word: str) -> Dice:
        keep = word.startswith("k")
        # Alone, `k` keeps the highest and `d` drops the lowest.
        highest = word.endswith("h") or word == "k"
        number = _WHOLE.match(self.text, self._skip())
        if number:
            self.at = number.end()
        choice = Choice(keep, highest, int(number[0]) if number else 1)
        return replace(dice, choices=(*dice.choices, choice))

    def _edge(self, dice: Dice, word: str, begin: int) -> Dice:
        """Advantage and disadvantage: of two dice, the better or the worse."""
        if dice.count != 1:
            self.at = begin
            raise self._wrong(later("advantage is for a single die; 2d20kh1 says the same {place}"))
        self._count(1)
        choice = Choice(keep=True, highest=word == "adv", count=1)
        return replace(dice, count=2, choices=(*dice.choices, choice))

    def _condition(self, dice: Dice, begin: int, default: Compare | None) -> Compare:
        """When dice are thrown again: a comparison, a bare number, or what is usual."""
        when = self._compare()
        if when is None and (number := _WHOLE.match(self.text, self.at)):
            self.at = number.end()
            when = Compare("=", int(number[0]))
        when = when or default
        if when is None:
            raise self._wrong(later("a number or a comparison such as <3 should be {place}"))
        if when.holds_for_all(dice.lowest, dice.highest):
            self.at = begin
            raise self._wrong(later("these dice would be thrown again for ever {place}"))
        return when

    def _compare(self) -> Compare | None:
        found = _COMPARE.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        return Compare("=" if found[1] == "==" else found[1], int(found[2]))

    def _whole(self, missing: Text) -> int:
        number = _WHOLE.match(self.text, self._skip())
        if number is None:
            raise self._wrong(missing)
        self.at = number.end()
        return int(self._small(Fraction(number[0]), number.start()))

    def _small(self, number: Fraction, begin: int) -> Fraction:
        if number > _LARGEST:
            self.at = begin
            raise self._wrong(later("the number is too large {place}"))
        return number

    def _count(self, more: int) -> None:
        self.dice += more
        if self.dice > MOST_DICE:
            raise ToolError(later("I can roll {most:,} dice at a time, not more.", most=MOST_DICE))

    def _take(self, sign: str) -> bool:
        found = self.text.startswith(sign, self._skip())
        self.at += len(sign) * found
        return found

    def _skip(self) -> int:
        space = _SPACE.match(self.text, self.at)
        assert space is not None
        self.at = space.end()
        return self.at

    def _wrong(self, what: Text, **values: object) -> ToolError:
        """`what` names the `{place}`, which is where the reader stands, and the `values`."""
        self._skip()
        rest = self.written[self.at : self.at + 20]
        if rest:
            place = later("at character {number} (`{rest}`)", number=self.at + 1, rest=rest)
        else:
            place = later("at the end")
        shown = self.written if len(self.text) <= 60 else f"{self.written[:60]}…"
        return ToolError(
            later(
                "I cannot read the dice `{dice}`: {what}.",
                dice=shown,
                what=Text(what.message, None, {**values, "place": place}),
            )
        )

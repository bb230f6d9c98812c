"""Cutting a calculation into words, numbers and signs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from bot.tools.tool import ToolError

LONGEST = 1_000
_LONGEST_NUMBER = 400

_PLAIN = str.maketrans(
    {
        "×": "*", "·": "*", "⋅": "*", "∙": "*", "÷": "/", "∕": "/", "−": "-", "–": "-",
        "²": "^2", "³": "^3", "μ": "µ", "→": "->", "\u00a0": " ", "\u202f": " ", "％": "%",
    }
)  # fmt: skip
# What people say instead of a sign; "divided by" is its first word.
_SAID = {
    "x": "*", "times": "*", "multiplied": "*", "plus": "+", "minus": "-", "over": "/",
    "divided": "/", "per": "/", "percent": "%", "by": "", "squared": "^2", "cubed": "^3",
    "to": "->", "as": "->", "into": "->",
}  # fmt: skip
# A comma groups digits in threes; where it might divide arguments, the reader decides.
_TOKEN = re.compile(
    r"(?P<number>(?:\d{1,3}(?:,\d{3})+(?!\d|,\d)|\d[\d_]*)(?:\.\d*)?(?:[eE][+-]?\d+)?(?![\d_])"
    r"|\.\d+(?:[eE][+-]?\d+)?)"
    r"|(?P<word>(?:math\.)?(?:log(?:10|2)(?!\d)|°?[^\W\d_]+|°))"
    r"|(?P<sign>\*\*|//|->|[-+*/%^(),!√])"
)
_GROUPED = re.compile(r",(?=\d{3})")
_SPACE = re.compile(r"\s*")
_SEVERAL = ("min", "max", "round", "log")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a calculation and where it stands."""

    kind: Literal["number", "word", "sign", "end"]
    text: str
    at: int


def cut(expression: str) -> list[Token]:
    """All pieces of a calculation, and its end; a strange sign is a `ToolError`."""
    text = expression.translate(_PLAIN).strip().strip("=?").rstrip("= ?").strip()
    if not text:
        raise ToolError("There is nothing to calculate.")
    if len(text) > LONGEST:
        raise ToolError(f"A calculation can have {LONGEST:,} characters, not {len(text):,}.")
    found: list[Token] = []
    nested: list[bool] = []  # per open parenthesis: do commas divide arguments there?
    at = 0
    while (at := _skip(text, at)) < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise wrong(f"`{text[at]}` does not belong in a calculation", at)
        for piece in _pieces(token, any(nested), text):
            _enter(nested, found, piece)
            found.append(piece)
        at = token.end()
    return [*found, Token("end", "", len(text))]


def wrong(what: str, at: int) -> ToolError:
    """What is wrong, and where."""
    return ToolError(f"I cannot read that calculation: {what}, at character {at + 1}.")


def _enter(nested: list[bool], before: list[Token], piece: Token) -> None:
    if piece.text == "(":
        nested.append(bool(before) and before[-1].text in _SEVERAL)
    elif piece.text == ")" and nested:
        nested.pop()


def _pieces(found: re.Match[str], arguments: bool, text: str) -> list[Token]:
    at, piece = found.start(), found[0]
    if found.lastgroup == "sign":
        return [Token("sign", "^" if piece == "**" else piece, at)]
    if found.lastgroup == "word":
        word = piece.removeprefix("math.")
        said = _SAID.get(word.lower())
        if said is None:
            return [Token("word", word, at)]
        if said.startswith("^"):
            return [Token("sign", "^", at), Token("number", said[1:], at)]
        return [Token("sign", said, at)] if said else []
    if len(piece) > _LONGEST_NUMBER:
        raise wrong("a number has too many digits", at)
    if "," in piece and arguments and not piece.split(",")[1].startswith("0"):
        return _divided(piece, text, at)
    return [Token("number", _GROUPED.sub("", piece).replace("_", ""), at)]


def _divided(piece: str, text: str, at: int) -> list[Token]:
    """`max(100,200)` has two arguments, but `max(1,500, 2)` might have three."""
    if ", " in text:
        raise wrong("please leave out the commas inside numbers here", at)
    found: list[Token] = []
    for part in piece.split(","):
        found += [Token("sign", ",", at), Token("number", part, at)]
    return found[1:]


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    assert space is not None
    return space.end()

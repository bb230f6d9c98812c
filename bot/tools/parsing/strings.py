"""The strings in what a model writes: JSON's and Python's, in any quotes, read piece by piece."""

from __future__ import annotations

import re
from typing import cast

_PLAIN = {quote: re.compile(rf"[^\\{quote}]+") for quote in "\"'"}
_ESCAPE = re.compile(
    r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|U(000[0-9a-fA-F]{5}|0010[0-9a-fA-F]{4})|(.))",
    re.DOTALL,
)
_UNFINISHED = re.compile(r"\\(?:u[0-9a-fA-F]{0,3}|x[0-9a-fA-F]?|U[0-9a-fA-F]{0,7})?\Z")
_KNOWN = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"} | {sign: sign for sign in "/\\\"'"}


def opening_quote(text: str, at: int, *, final: bool) -> str:
    """The quote that opens a string at `at`, single or triple; "" while more text has to tell."""
    seen = text[at : at + 3]
    triple = seen[0] * 3
    if seen == triple:
        return triple
    return "" if not final and triple.startswith(seen) else seen[0]


class StringReader:
    """Reads on behind an opening quote until the same quote ends the string.

    Newlines and tabs may stand in it as they are. An escape that neither JSON nor Python knows
    keeps its backslash: regular expressions and paths are written like that.
    """

    def __init__(self, quote: str) -> None:
        self._quote = quote
        self._parts: list[str] = []

    def feed(self, text: str, at: int, *, final: bool) -> tuple[int, bool]:
        """Read on from `at`; return how far it came, and whether the string has ended there."""
        plain = _PLAIN[self._quote[0]]
        while at < len(text):
            if run := plain.match(text, at):
                self._parts.append(run[0])
                at = run.end()
            elif text[at] == "\\":
                if not final and _UNFINISHED.match(text, at):
                    break
                at = self._escape(text, at)
            elif text.startswith(self._quote, at):
                return at + len(self._quote), True
            elif not final and self._quote.startswith(text[at : at + 3]):
                break
            else:  # A quote alone, between triple ones.
                self._parts.append(text[at])
                at += 1
        return at, False

    def value(self) -> str:
        """What has been read."""
        return whole_characters("".join(self._parts))

    def _escape(self, text: str, at: int) -> int:
        found = _ESCAPE.match(text, at)
        if found is None:  # The text ends with a backslash.
            return len(text)
        if found[4]:
            self._parts.append(_KNOWN.get(found[4], found[0]))
        else:
            self._parts.append(chr(int(cast(str, found[1] or found[2] or found[3]), 16)))
        return found.end()


def whole_characters(text: str) -> str:
    """Put the halves of characters beyond U+FFFF together; half a character becomes U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text

"""The text between calls: where in it a tag means something, and what a person gets of it."""

from __future__ import annotations

import re

from bot.tools.parsing.content import Content

# How far the end of a `code span` is looked for.
_LONGEST_SPAN = 1000

_SPAN_END = re.compile(r"(?<!`)`(?!`)|\n")


class Prose:
    """Text that goes to a person, and the code spans and blocks that it is in."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self.in_span = False
        self.in_block = False
        # How a block begins in which nothing but calls has come so far. It may never be shown.
        self.round_calls: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is neither in a code span nor in a block, as far as is known."""
        return not self.in_span and not self.in_block and self.round_calls is None

    @property
    def is_settled(self) -> bool:
        """Whether text can be handed on as it is."""
        return not self.in_span and self.round_calls is None

    def say(self, text: str) -> None:
        """Go on with text."""
        if self.in_span and "\n" in text:
            self.in_span = False
        if self.round_calls is not None:
            if not text.strip():
                return
            # The block holds more than calls.
            self._content.add(self.round_calls)
            self._content.cut()
            self.round_calls, self.in_block = None, True
        self._content.add(text)

    def cut(self) -> None:
        """A call stood here."""
        if self.round_calls is None:
            self._content.cut()

    def end_round_calls(self) -> None:
        """The block has ended in which there were only calls."""
        self.round_calls = None
        self._content.cut()

    def span_end(self, text: str, at: int, *, final: bool) -> int | None:
        """Where the code span ends that `at` is in: -1 if it is none, None if that is not known."""
        last = at + _LONGEST_SPAN
        end = _SPAN_END.search(text, at, last)
        # Where the text ends, there may be more: the end itself, or another backtick.
        unsure = end is None or (end[0] == "`" and end.end() == len(text))
        if unsure and not final and len(text) < last:
            return None
        return -1 if end is None or end[0] == "\n" else end.end()

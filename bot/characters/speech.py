"""A character speaks for itself only: what a model writes for others is cut while it comes. Pure.

Engines take few stop strings, and find them only where a token ends; and a name has more spellings
than one could list. So the text itself is read here. `docs/roleplay-speech.md` has the rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.characters.labels import OPENING, PLAIN, LineStart, Verdict
from bot.characters.names import NEWLINES, fold, tree

# How much of what a model writes for others at the very beginning is passed over.
_LONGEST_SKIP = 600

_FENCE = 3
_MARK = re.compile(f"[`{NEWLINES}]")
# Behind these, a name on a line of its own can begin the line of somebody else.
_ENDS = frozenset('.!?…。！？｡"”“’»«」』)）]】*_~—–-♪')
_MOST_STOPS = 2


def stop_strings(own: str, others: Sequence[str]) -> tuple[str, ...]:
    """What an engine itself may stop at, so that most cuts free it at once: the first two names."""
    names = [name for name in others if (folded := fold(name)) and folded != fold(own)]
    return tuple(f"\n{name}:" for name in names[:_MOST_STOPS])


class Speech:
    """Passes on what one character says, and ends where the text goes on as somebody else.

    `own` are the names of the speaker, which it may put before its lines: they are taken off.
    `others` are those of everybody else. `before` is the text that this one goes on with, if any.

    `cut` is the name at which the text was ended, None while it goes on; nothing comes behind it.
    Lines for others at the very beginning are passed over as long as the speaker's own name may
    still come; if it does not, there is no text, and `cut` tells why.

    Only what may yet become a name is held back, and blanks, which nobody sees. However the text is
    cut into pieces, what comes out is the same.
    """

    def __init__(self, own: Iterable[str], others: Iterable[str], *, before: str = "") -> None:
        self._names = tree(own, others)
        self.cut: str | None = None
        self._held: list[str] = []
        self._visible = False
        self._said = False
        self._last = ""
        self._ticks = 0
        self._fenced = False
        self._skipping = ""
        self._skipped = 0
        self._tail: _Tail | None = None
        self._line: LineStart | None = None
        self._new_line()
        if before:
            self._go_on_from(before)

    def feed(self, text: str) -> str:
        """Take the next piece; return what is certain to be the character's."""
        passed: list[str] = []
        at = 0
        while at < len(text) and self.cut is None:
            if self._line is None:
                at = self._within(text, at, passed)
            else:
                self._take(text[at], passed)
                at += 1
        return "".join(passed)

    def finish(self, *, broken_off: bool = False) -> str:
        """The text has ended: what was held back is the character's, unless it is a label.

        `broken_off`: the model would have written more.
        """
        if self.cut is not None:
            return ""
        passed: list[str] = []
        if self._line is not None:
            verdict = self._line.finish(broken_off=broken_off)
            if verdict is not PLAIN:
                self._labelled(verdict, passed)
        if self._skipping:
            self.cut = self._skipping
        if self.cut is not None:
            return ""
        return "".join(passed) + "".join(self._held)

    def _go_on_from(self, before: str) -> None:
        self._said = True
        self._last = before.rstrip()[-1:]
        self._fenced = before.count("`" * _FENCE) % 2 == 1
        self._line = None
        if before[-1] in NEWLINES and not self._fenced:
            self._new_line()

    def _new_line(self) -> None:
        fresh = not self._said or self._last in _ENDS
        self._line = LineStart(self._names, first=not self._said, fresh=fresh)

    def _within(self, text: str, at: int, passed: list[str]) -> int:
        """Read on inside a line, up to its end; returns where."""
        found = _MARK.search(text, at)
        end = found.start() if found else len(text)
        if end > at:
            self._ticks = 0
            self._pass(text[at:end], passed)
            return end
        self._take(text[at], passed)
        return at + 1

    def _take(self, character: str, passed: list[str]) -> None:
        if self._line is None:
            self._count_ticks(character)
            self._pass(character, passed)
            if character in NEWLINES and not self._fenced:
                self._new_line()
            return
        if self._tail is not None:
            swallowed, back = self._tail.take(character)
            self._held.append(back)
            if swallowed:
                return
            self._tail = None
        self._held.append(character)
        self._visible = self._visible or not character.isspace()
        verdict = self._line.take(character)
        if verdict is None:
            return
        if verdict.label is not None:
            self._labelled(verdict, passed)
        else:
            self._plain(verdict, character, passed)

    def _plain(self, verdict: Verdict, last: str, passed: list[str]) -> None:
        """A line without a label: all that was held back is text."""
        if rest := verdict.rest:
            held = "".join(self._held)
            self._held = [held[: len(held) - len(rest)]]
            self._line = None
            self._release(passed)
            self._new_line()
            for character in rest:
                self._take(character, passed)
            return
        self._line = None
        self._count_ticks(last)
        self._release(passed)
        if last in NEWLINES and not self._fenced:
            self._new_line()

    def _labelled(self, verdict: Verdict, passed: list[str]) -> None:
        label = verdict.label
        if label is None:
            return
        if verdict.own:
            self._own_line(verdict, passed)
        elif self._said:
            self.cut, self._held = label.text, []
        else:
            self._skipping = self._skipping or label.text
            self._line = None
            for character in verdict.rest:
                self._take(character, passed)

    def _own_line(self, verdict: Verdict, passed: list[str]) -> None:
        """Take the speaker's own name off; what stood before the line remains."""
        held = "".join(self._held)
        blank = held[: len(held) - len(held.lstrip())] if self._said else ""
        self._held = [blank + verdict.keep]
        self._skipping = ""
        self._tail = _Tail(verdict.emphasis)
        self._new_line()
        for character in verdict.rest:
            self._take(character, passed)

    def _pass(self, text: str, passed: list[str]) -> None:
        self._held.append(text)
        self._visible = self._visible or not text.isspace()
        self._release(passed)

    def _release(self, passed: list[str]) -> None:
        """Pass on what is held, but for the blanks at its end: a label may come behind them."""
        if not self._visible:
            return
        self._visible = False
        held = "".join(self._held)
        if self._skipping:
            self._skipped += len(held)
            self._held = []
            if self._skipped > _LONGEST_SKIP:
                self.cut = self._skipping
            return
        text = held.rstrip()
        self._held = [held[len(text) :]]
        if text:
            self._said = True
            self._last = text[-1]
            passed.append(text)

    def _count_ticks(self, character: str) -> None:
        self._ticks = self._ticks + 1 if character == "`" else 0
        if self._ticks == _FENCE:
            self._fenced = not self._fenced


class _Tail:
    """What belongs to the speaker's own label behind its colon: marks, blanks, a line's end."""

    def __init__(self, emphasis: str) -> None:
        self._opened = emphasis
        self._closing = "".join(OPENING.get(mark, mark) for mark in reversed(emphasis))
        self._matched = 0
        self._ended = False

    def take(self, character: str) -> tuple[bool, str]:
        """Whether a character belongs to it, and what turns out not to."""
        back = ""
        if self._matched < len(self._closing):
            if character == self._closing[self._matched]:
                self._matched += 1
                return True, ""
            # It was never closed, so it is about more than the name: `*Rivers: smiles*`.
            back = self._opened + self._closing[: self._matched]
            self._matched = len(self._closing)
        if character in NEWLINES:
            ended, self._ended = self._ended, True
            return not ended, back
        return character.isspace(), back

"""What stands behind a `<tool_call>`, read piece by piece."""

from __future__ import annotations

import re
from enum import Enum

from bot.tools.parsing import marks
from bot.tools.parsing.literals import Reader, Status
from bot.tools.parsing.marks import past

_SPACE = re.compile(r"\s*")
_TICKS = re.compile(r"`{1,16}")
_JUNK = re.compile(r"[\s}\],;]*")
# What may stand where a closing tag is missing: the next call, a made-up result, the turn's end.
_NEXT = (marks.OPENER, marks.RESPONSE, *marks.TURNS)


class Ending(Enum):
    """How a body ends."""

    COMPLETE = "all its values are whole"
    BAD = "it is no call"
    PROSE = "it does not begin like a call"


class Body:
    """A code fence perhaps, values, the closing tag.

    When `ending` is set: `values` (COMPLETE, with `recovered`), or `fault` (BAD). `inner` is how
    much of the text belongs to opening tags that were written more than once.
    """

    def __init__(self) -> None:
        self.ending: Ending | None = None
        self.values: list[object] = []
        self.fault = ""
        self.recovered = False
        self.inner = 0
        self._read = self._before
        self._reader = Reader()
        self._repaired = self._dropped = False
        self._waits = False
        # Where the text being read begins in all the text that was read.
        self._offset = 0

    def feed(self, text: str, at: int, *, final: bool) -> int:
        """Read on from `at`; return how far it came, which is behind the closing tag at the end."""
        self._offset -= at
        self._waits = False
        while self.ending is None and not self._waits:
            at = self._read(text, at, final)
        self._offset += at
        return at

    def _before(self, text: str, at: int, final: bool) -> int:
        begin = past(_SPACE, text, at)
        rest = text[begin : begin + 3]
        if not rest:
            return self._bad("truncated", begin) if final else self._wait(begin)
        if rest[0] in "{[":
            self._read = self._value
            return begin
        if rest[0] == "<":
            return self._tag_before(text, begin, final)
        if rest == "```":
            fence = past(marks.FENCE, text, begin)
            if fence < len(text) or final:
                self._read = self._behind_fence
                return fence
            return self._wait(begin)
        if not final and "```".startswith(rest):
            return self._wait(begin)
        return self._end(Ending.PROSE, begin)

    def _behind_fence(self, text: str, at: int, final: bool) -> int:
        begin = past(_SPACE, text, at)
        if begin == len(text):
            return self._bad("truncated", begin) if final else self._wait(begin)
        if text[begin] in "{[":
            self._read = self._value
            return begin
        if text[begin] == "<" and not final and marks.may_become_one(text, begin):
            return self._wait(begin)
        ended = text.startswith(marks.TURNS, begin)
        return self._bad("truncated" if ended else "invalid_json", begin)

    def _tag_before(self, text: str, at: int, final: bool) -> int:
        if text.startswith(marks.OPENER, at):
            self.recovered = True
            at += len(marks.OPENER)
            self.inner = self._offset + at
            return at
        if not final and marks.may_become_one(text, at):
            return self._wait(at)
        if text.startswith(marks.CLOSER, at):
            return self._bad("invalid_json", at)
        if text.startswith(marks.TURNS, at):
            return self._bad("truncated", at)
        return self._end(Ending.PROSE, at)

    def _value(self, text: str, at: int, final: bool) -> int:
        at = self._reader.feed(text, at, final=final)
        match self._reader.status:
            case Status.DONE:
                self._take()
            case Status.FAILED:
                self._read = self._broken
            case Status.OPEN if final:
                self._bad("truncated", at)
            case Status.OPEN:
                self._wait(at)
        return at

    def _take(self) -> None:
        self.values.append(self._reader.value)
        self._repaired = self._repaired or self._reader.repaired
        self._reader, self._read = Reader(), self._after

    def _broken(self, text: str, at: int, final: bool) -> int:
        """Where a value went wrong: it may be that the text behind it has begun too early."""
        rest = text[at : at + 3]
        cut_off = not rest or marks.may_become_one(text, at)
        if not final and (cut_off or "```".startswith(rest)):
            return self._wait(at)
        if cut_off or text.startswith((*marks.TURNS, *marks.STOPS, marks.SOFT_STOP), at):
            return self._bad("truncated", at)
        if (text.startswith(marks.CLOSER, at) or rest == "```") and self._reader.close():
            self._take()
            return at
        return self._bad(self._reader.fault, at)

    def _after(self, text: str, at: int, final: bool) -> int:
        begin = past(_JUNK, text, at)
        junk = text[at:begin]
        if junk.strip():
            self.recovered = True
        self._dropped = self._dropped or "}" in junk or "]" in junk
        rest = text[begin : begin + 3]
        if not rest:
            return self._complete(begin, closed=False) if final else self._wait(begin)
        if rest[0] in "{[":
            self._read = self._value
            return begin
        if rest[0] == "`":
            return self._fence_after(text, begin, final)
        if marks.may_become_one(text, begin):
            # At the end it is a closing tag that was cut off, most likely.
            return self._complete(len(text), closed=False) if final else self._wait(begin)
        if text.startswith(marks.CLOSER, begin):
            return self._complete(begin + len(marks.CLOSER), closed=True)
        if stop := marks.ANY_STOP.match(text, begin):
            return stop.end()
        if text.startswith(_NEXT, begin):
            return self._complete(begin, closed=False)
        return self._bad("invalid_json", begin)

    def _fence_after(self, text: str, at: int, final: bool) -> int:
        end = past(_TICKS, text, at)
        if end == len(text):
            return self._complete(end, closed=False) if final else self._wait(at)
        return end if end - at >= 3 else self._bad("invalid_json", at)

    def _complete(self, at: int, *, closed: bool) -> int:
        """The end of the body. Only a closing tag proves that no more than brackets is missing."""
        if self._repaired and not closed:
            return self._bad("truncated", at)
        if self._repaired and self._dropped:
            # One bracket is missing and another too many: one is wrong, and who knows which.
            return self._bad("invalid_json", at)
        self.recovered = self.recovered or self._repaired or not closed
        return self._end(Ending.COMPLETE, at)

    def _wait(self, at: int) -> int:
        """Stop at `at`, until there is more to see."""
        self._waits = True
        return at

    def _bad(self, fault: str, at: int) -> int:
        self.fault = fault
        return self._end(Ending.BAD, at)

    def _end(self, ending: Ending, at: int) -> int:
        self.ending = ending
        return at

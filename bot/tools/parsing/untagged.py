"""Calls that a model wrote without their tags: recognised only where nothing else can be meant."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from enum import Enum

from bot.tools.parsing import calls, marks
from bot.tools.parsing.calls import Call, NoCall
from bot.tools.parsing.literals import Reader, Status
from bot.tools.parsing.marks import past

_SPACE = re.compile(r"\s*")
# How much of the end of a thought may have arrived.
_LONGEST_END = max(len(end) for end in (*marks.PADS.values(), *marks.TURNS)) - 1
_TICKS = re.compile(r"`{0,16}")
_TAGS = ("function_call", "functioncall", "tool", "tools", "tool_calls", "response", "json", "JSON")
_ELEMENT = re.compile(
    rf"<(?P<tag>{'|'.join((*_TAGS, 'xml'))})>"
    r"|<function=(?P<bare>[^<>\s\"'/]{1,64})>"
    r"|<function name=\"(?P<quoted>[^<>\"]{1,64})\">"
)
_TAG_STARTS = frozenset(f"<{tag}>"[:n] for tag in (*_TAGS, "xml") for n in range(1, len(tag) + 2))
_BARE = re.compile(r"\{\s{0,32}(?=[\"'])|\[\s{0,32}(?=\{)")
# Behind an object's first name comes a colon. What has none is not worth an attempt.
_NAME = r"\{\s{0,32}([\"'])(?:(?!\1)[^\\]){0,64}"
_NO_OBJECT = re.compile(rf"{_NAME}\1\s{{0,32}}(?!\s|:|\1|\Z)")
_BARE_SO_FAR = re.compile(rf"[{{\[]\s{{0,32}}\Z|{_NAME}(?:\1\s{{0,32}})?\Z")
_FUNCTION = re.compile(
    r"<function(?:=[^<>\s\"'/]{0,64}| (?:n|na|nam|name|name=|name=\"[^<>]{0,65})?)"
)


class Verdict(Enum):
    """What an attempt came to."""

    CALLS = "these are calls"
    TEXT = "this is text for a person"


def _may_become_element(text: str, at: int) -> bool:
    rest = text[at : at + 96]
    if rest in _TAG_STARTS or "<function".startswith(rest):
        return True
    partial = _FUNCTION.fullmatch(rest)
    return partial is not None and len(rest) < 96


class Attempt:
    """Reads a code block, an element or bare JSON as calls of offered tools, if it can be.

    It has to reach to the end of the turn, and bare JSON has to be all that was said (`alone`).
    Bare JSON in front of a closing tag lacks nothing but the opening one: it is `tagged`. `whole`
    is how much of the text belongs to values that were complete. `thoughts` stood between the calls
    or behind them, and are no part of what was said.
    """

    def __init__(self, names: Collection[str], *, alone: bool) -> None:
        self.verdict: Verdict | None = None
        self.tagged = False
        self.whole = 0
        self.thoughts: list[str] = []
        self._names = names
        self._alone = alone
        self._found: list[Mapping[str, object]] = []
        # The ends of the code block and of the elements that are open, and the function named.
        self._ends: list[str] = []
        self._wrapped = False
        self._function = ""
        self._pad = ""
        self._thought: list[str] = []
        self._read = self._begin
        self._reader = Reader()
        self._waits = False
        # Where the text being read begins in all the text that was read.
        self._offset = 0

    def feed(self, text: str, at: int, *, final: bool) -> int:
        """Read on from `at`; return how far it came."""
        self._offset -= at
        self._waits = False
        while self.verdict is None and not self._waits:
            at = self._read(text, at, final)
        self._offset += at
        return at

    def calls(self) -> list[Call]:
        """The calls, once the verdict says that there are any."""
        return [calls.call(one, recovered=True) for one in self._found]

    def _begin(self, text: str, at: int, final: bool) -> int:
        at = past(_SPACE, text, at)
        if at == len(text):
            return self._text(at) if final else self._wait(at)
        if text[at] in "{[":
            return self._begin_value(at)
        if text[at] == "<":
            return self._element(text, at, final)
        if self._wrapped or not (fence := marks.FENCE.match(text, at)):
            return self._text(at)
        if fence.end() == len(text) and not final:
            return self._wait(at)
        self._ends.append("```")
        self._wrapped = True
        return fence.end()

    def _begin_value(self, at: int) -> int:
        # The body of a function's element is its arguments; they may have a name of their own.
        self._reader = Reader(None if self._function else self._names.__contains__)
        self._read = self._value
        return at

    def _element(self, text: str, at: int, final: bool) -> int:
        found = _ELEMENT.match(text, at)
        if found is None:
            waits = not final and _may_become_element(text, at)
            return self._wait(at) if waits else self._text(at)
        self._function = found["bare"] or found["quoted"] or ""
        if self._function and self._function not in self._names:
            return self._text(at)
        self._ends.append(f"</{found['tag'] or 'function'}>")
        self._wrapped = True
        self._read = self._begin
        return found.end()

    def _value(self, text: str, at: int, final: bool) -> int:
        at = self._reader.feed(text, at, final=final)
        if self._reader.status is Status.OPEN and not final:
            return self._wait(at)
        if self._reader.status is not Status.DONE or self._reader.repaired:
            return self._text(at)
        return self._take(at)

    def _take(self, at: int) -> int:
        self.whole = self._offset + at
        value = self._reader.value
        if self._function:
            value = {"name": self._function, "arguments": value}
        found = calls.objects([value])
        if found is None or not all(map(self._is_offered, found)):
            return self._text(at)
        self._found += found
        self._read = self._after
        return at

    def _is_offered(self, found: Mapping[str, object]) -> bool:
        try:
            return calls.call(found, recovered=True).name in self._names
        except NoCall:
            return False

    def _after(self, text: str, at: int, final: bool) -> int:
        at = past(_SPACE, text, at)
        if at == len(text):
            return self._over(at) if final else self._wait(at)
        if self._ends and (end := self._end(text, at, final)) is not None:
            return end
        if text[at] in "{[" and not self._function and (self._ends or not self._wrapped):
            return self._begin_value(at)
        if text[at] != "<":
            return self._text(at)
        if not final and marks.may_become_one(text, at):
            return self._wait(at)
        if text.startswith(marks.CLOSER, at):
            if not self._wrapped:
                self.tagged, self.verdict = True, Verdict.CALLS
            return at + len(marks.CLOSER)
        if pad := marks.PAD.match(text, at):
            self._pad, self._thought, self._read = pad[0], [], self._thinking
            return pad.end()
        if mark := marks.PASSED_OVER.match(text, at):
            return mark.end()
        if text.startswith((marks.RESPONSE, *marks.TURNS), at):
            return self._over(at)
        return self._element(text, at, final) if self._wrapped else self._text(at)

    def _thinking(self, text: str, at: int, final: bool) -> int:
        """Behind the tag that begins a thought: nobody is shown it, whatever it says."""
        found = marks.ENDS_OF_PAD[self._pad].search(text, at)
        end = found.start() if found else len(text) if final else max(at, len(text) - _LONGEST_END)
        self._thought.append(text[at:end])
        if found is None and not final:
            return self._wait(end)
        thought, self._read = "".join(self._thought), self._after
        if found is not None and found[0] == marks.PADS[self._pad]:
            self.thoughts.append(thought)
            return found.end()
        self.thoughts.append(marks.without_stops(thought))
        # It ends with the turn, or with a call that has its tags.
        return self._text(end) if marks.OPENER in thought else self._over(end)

    def _end(self, text: str, at: int, final: bool) -> int | None:
        """Go behind the end of what is open; None if it is not here."""
        end = self._ends[-1]
        if end == "```":
            ticks = past(_TICKS, text, at)
            if ticks == len(text) and not final:
                return self._wait(at)
            if ticks - at < 3:
                return None
        else:
            if not final and len(text) < at + len(end) and end.startswith(text[at:]):
                return self._wait(at)
            if not text.startswith(end, at):
                return None
            ticks = at + len(end)
        self._ends.pop()
        self._function = ""
        return ticks

    def _over(self, at: int) -> int:
        """The turn is over."""
        whole = self._read == self._after and (self._wrapped or self._alone)
        told = all(map(calls.has_arguments, self._found))
        self.verdict = Verdict.CALLS if whole and told else Verdict.TEXT
        return at

    def _wait(self, at: int) -> int:
        self._waits = True
        return at

    def _text(self, at: int) -> int:
        self.verdict = Verdict.TEXT
        return at


class Trials:
    """Where an attempt is worth while. Each question is answered None while more text has to tell.

    How much may be read in vain is limited by how much there is to read: the time stays linear.
    """

    def __init__(self, names: Collection[str]) -> None:
        self._names = names
        self._in_vain = 0
        # What is inside a value that was complete is no call behind which anything could end.
        self._inside = 0

    def are_allowed(self, place: int) -> bool:
        """Whether anything may be tried at a place in the text."""
        bounded = self._in_vain <= 2 * place + 4096
        return bool(self._names) and bounded and place >= self._inside

    def element(self, text: str, at: int, *, final: bool) -> bool | None:
        """Whether an element that may hold a call begins at `at`."""
        if _ELEMENT.match(text, at):
            return True
        return None if not final and _may_become_element(text, at) else False

    def bare(self, text: str, at: int, *, final: bool) -> bool | None:
        """Whether an object, or a list of them, may begin at `at`."""
        if not final and _BARE_SO_FAR.match(text, at):
            return None
        return _BARE.match(text, at) is not None and not _NO_OBJECT.match(text, at)

    def begin(self, *, alone: bool) -> Attempt:
        """A new attempt."""
        return Attempt(self._names, alone=alone)

    def failed(self, attempt: Attempt, place: int, length: int) -> None:
        """An attempt that began at a place has read so many characters in vain."""
        self._inside = max(self._inside, place + attempt.whole)
        self._in_vain += length

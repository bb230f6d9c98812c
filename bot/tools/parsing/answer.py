"""An answer taken apart: text for the person, calls, what was wrong with others, and thoughts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bot.tools.parsing import calls
from bot.tools.parsing.calls import Call, CallFault, NoCall
from bot.tools.parsing.content import Content


class Answer(NamedTuple):
    """A whole answer."""

    content: str
    calls: tuple[Call, ...]
    errors: tuple[CallFault, ...]
    reasoning: str


class Piece(NamedTuple):
    """What has become certain with a piece of a stream."""

    content: str
    calls: tuple[Call, ...]


_NOTHING_NEW = ()


class Findings:
    """Gathers the parts of an answer in the order in which they become certain."""

    def __init__(self) -> None:
        self.content = Content()
        self._calls: list[Call] = []
        self._delivered = 0
        self._faults: list[CallFault] = []
        self._thoughts: list[str] = []

    def add_calls(self, found: Iterable[Call]) -> None:
        """Add calls that are certain."""
        self._calls += found

    def add_values(self, values: list[object], *, recovered: bool) -> None:
        """Add the values of a tag as calls, or what is wrong with them."""
        found = calls.objects(values)
        if found is None:
            self.add_fault("invalid_json")
            return
        for one in found:
            try:
                self._calls.append(calls.call(one, recovered=recovered))
            except NoCall as error:
                self.add_fault(error.code)

    def add_fault(self, code: str) -> None:
        """Add what was wrong with a call."""
        self._faults.append(CallFault(code))

    def add_thought(self, thought: str) -> None:
        """Add a thought, which nobody is shown."""
        if thought := thought.strip():
            self._thoughts.append(thought)

    def take(self) -> Piece:
        """What has become certain since the last time."""
        if self._delivered == len(self._calls):
            return Piece(self.content.take(), _NOTHING_NEW)
        new = tuple(self._calls[self._delivered :])
        self._delivered += len(new)
        return Piece(self.content.take(), new)

    def answer(self) -> Answer:
        """All of it."""
        text, thoughts = self.content.text(), "\n".join(self._thoughts)
        return Answer(text, tuple(self._calls), tuple(self._faults), thoughts)

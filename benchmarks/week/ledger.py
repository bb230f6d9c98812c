"""The week's books: every question, and which messages answer it now."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.week.engine import MARK

_RETRY = re.compile(r"(?:retry:.{1,50}:\d+|again):(\d+)(?::\d+)?")

_STORY = 12


@dataclass(slots=True)
class Question:
    """One question: `answers` are the messages that answer it now, `retry` one that offers that.

    `words` are those of the answer. `moved_on` is the one ending without an answer: it failed, and
    when Retry was pressed another question had been asked there already, which the bot says.
    """

    number: int
    place: int
    asker: int
    message: int = 0
    answers: set[int] = field(default_factory=set)
    retry: int = 0
    retries: int = 0
    moved_on: bool = False
    words: str = ""
    story: list[str] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def answered(self) -> bool:
        return bool(self.answers)

    @property
    def settled(self) -> bool:
        """Whether it is answered, or its Retry says that somebody else's question came after it."""
        return self.answered or self.moved_on


class Ledger:
    """Listens to all that Discord announces, and keeps who was answered how often."""

    def __init__(self, bot_id: int) -> None:
        self.questions: list[Question] = []
        self.answered = 0
        self.errors: Counter[str] = Counter()
        self.trouble = ""
        self._began = time.monotonic()
        self._bot = str(bot_id)
        self._asked: dict[int, Question] = {}
        self._shown: dict[int, tuple[int, ...]] = {}
        self._offers: dict[int, int] = {}

    def ask(self, place: int, asker: int) -> Question:
        """Open an account for a question that is about to be asked."""
        question = Question(len(self.questions), place, asker)
        self.questions.append(question)
        return question

    def asked(self, question: Question, message: int) -> None:
        """Note the message that asks it."""
        question.message = message
        self._asked[message] = question
        self._tell(question, f"asked by {message}")

    def hear(self, event: str, payload: Mapping[str, Any]) -> None:
        """Take an event of the gateway."""
        if event in ("MESSAGE_CREATE", "MESSAGE_UPDATE"):
            if payload["author"]["id"] == self._bot or payload.get("webhook_id"):
                self._take(int(payload["id"]), payload)
        elif event == "MESSAGE_DELETE":
            self._forget(int(payload["id"]))

    def prune(self, messages: Iterator[int]) -> None:
        """Messages are no longer watched; what they answered stays answered."""
        for message in messages:
            self._shown.pop(message, None)
            self._offers.pop(message, None)
            self._asked.pop(message, None)

    def _take(self, message: int, payload: Mapping[str, Any]) -> None:
        text = str(payload["content"])
        now = tuple(int(number) for number in MARK.findall(text))
        before = self._shown.get(message, ())
        for number in {*before, *now}:
            if number < len(self.questions):
                reference = (payload.get("message_reference") or {}).get("message_id", "nothing")
                told = f"{text[-80:]!r}, to {reference}"
                self.questions[number].words = text.partition("[w")[0]
                self._change(self.questions[number], message, stands=number in now, told=told)
        if now:
            self._shown[message] = now
        else:
            self._shown.pop(message, None)
        self._offer(message, payload)

    def _offer(self, message: int, payload: Mapping[str, Any]) -> None:
        asked = retry_of(payload.get("components") or ())
        if not asked and message in self._offers:
            self._withdraw(message)
        question = self._asked.get(asked)
        if question is not None and question.retry != message:
            self.errors[_in_short(str(payload["content"]))] += 1
            self._offers[message] = asked
            question.retry = message
            question.news.set()
            self._tell(question, f"Retry under {message}")

    def _withdraw(self, message: int) -> None:
        question = self._asked.get(self._offers.pop(message))
        if question is not None and question.retry == message:
            question.retry = 0
            question.news.set()

    def _forget(self, message: int) -> None:
        for number in self._shown.pop(message, ()):
            self._change(self.questions[number], message, stands=False)
        if message in self._offers:
            self._withdraw(message)

    def _change(
        self, question: Question, message: int, *, stands: bool, told: str = "deleted"
    ) -> None:
        before = question.answered
        self._tell(question, f"{message} {'answers' if stands else 'answers no more'}: {told}")
        if stands:
            question.answers.add(message)
        else:
            question.answers.discard(message)
        self.answered += question.answered - before
        question.news.set()

    def _tell(self, question: Question, what: str) -> None:
        """Note what happened to a question, for the case that it ends badly."""
        if len(question.story) < _STORY:
            during = f" ({self.trouble})" if self.trouble else ""
            question.story.append(f"{time.monotonic() - self._began:.2f} s: {what}{during}")


def retry_of(components: Any) -> int:
    """The question that a message's Retry button is for, 0 without one."""
    for row in components:
        for button in row.get("components") or ():
            found = _RETRY.fullmatch(str(button.get("custom_id") or ""))
            if found:
                return int(found[1])
    return 0


def _in_short(text: str) -> str:
    """What went wrong, without what had been written before it."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:100] if lines else ""

"""Telling apart what a model thinks, says, and calls, while it writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.conversation.ports import End, Text
from bot.conversation.reply import Thought
from bot.models.profile import Profile
from bot.prompts.neutralise import restore_within
from bot.prompts.reasoning import ReasoningSplitter
from bot.tools.parsing import Answer, Parser

# Stands for the text that is there already; what comes behind it is not the beginning.
_SOMETHING = "."


class Listener:
    """Hears one generation after the other; each ends with an `End`.

    A model that knows no tools is taken at its word; from any other no markup reaches the user,
    whether tools are offered or not. `written` is the last generation as it came. `midway`: the
    first one goes on with a text, so that a blank at its beginning counts.
    """

    def __init__(
        self, profile: Profile, tools: Sequence[Mapping[str, Any]], *, midway: bool = False
    ) -> None:
        self._profile = profile
        self._tools = tools or None
        self.written = ""
        self._thought = ""
        self._answer: Answer | None = None
        self._begin()
        if midway:
            for _ in self._heard(*self._splitter.feed(_SOMETHING)):
                pass

    def hear(self, event: Text | End) -> Iterator[Text | Thought]:
        """What a piece of the stream adds to what is thought and said."""
        if isinstance(event, Text):
            thought, said = self._splitter.feed(event.text)
            yield from self._heard(thought, said)
            return
        yield from self._heard(*self._splitter.finish())
        if self._parser is None:
            self._answer = None
        else:
            self._answer = _as_meant(self._parser.finish())
            yield from self._rest(self._answer)
        self.written = self._written
        self._begin()

    def answer(self) -> Answer | None:
        """The calls of the last generation, or what was wrong with them; None if there are none."""
        found = self._answer
        return found if found and (found.calls or found.errors) else None

    def _begin(self) -> None:
        self._splitter = ReasoningSplitter(self._profile.reasoning)
        self._parser = Parser(self._tools) if self._profile.tools else None
        self._written = ""
        self._said = ""

    def _rest(self, answer: Answer) -> Iterator[Text | Thought]:
        """What the parser held back; a model that only thought aloud has said just that."""
        thought, rest = answer.reasoning, answer.content[len(self._said) :]
        if not (answer.content or answer.calls or answer.errors):
            thought, rest = "", thought
        yield from self._heard(thought, rest, plain=True)

    def _heard(self, thought: str, said: str, *, plain: bool = False) -> Iterator[Text | Thought]:
        if thought:
            yield Thought(thought)
        if not said:
            return
        if self._parser and not plain:
            self._written += said
            said = self._parser.feed(said).content
            self._said += said
        if said:
            yield Text(said)


def _as_meant(answer: Answer) -> Answer:
    """The answer whose calls quote people as these wrote it: tools take them literally."""
    calls = [replace(call, arguments=restore_within(call.arguments)) for call in answer.calls]
    return answer._replace(calls=tuple(calls))

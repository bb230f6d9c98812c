"""What a prompt format is: how turns are written, and what ends them.

A format says only how a turn looks. What must never be forgotten, that text from people is no
markup, is done here once for all of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.prompts.messages import Message, ToolCall, ToolStep
from bot.prompts.neutralise import neutralise
from bot.prompts.speakers import SEVERAL_PEOPLE

# A model's own tags stay as it wrote them, so that it sees its mistake; control tokens do not.
_CONTROL = re.compile(r"<(?=\|)")


@dataclass(frozen=True, slots=True)
class Format:
    """One way of writing a conversation down for a model; without BOS text.

    `opening` begins the reply, `stop` are the texts that end it. `write` renders one closed turn
    with its content as it is. `overhead` is how many tokens close and open the turns around a
    reply, a little too many rather than too few. `exchange` writes the rounds of tools that stand
    before an answer, None where the model knows no tools; its second argument tells whether the
    answer follows already, or is still to be written. `remark` writes what the bot adds to a
    question, behind it; without one that is a system turn before the question.
    """

    name: str
    opening: str
    stop: tuple[str, ...]
    overhead: int
    write: Callable[[Message], str]
    exchange: Callable[[Sequence[ToolStep], bool], str] | None = None
    remark: Callable[[str], str] | None = None

    def steps(self, steps: Sequence[ToolStep], *, answered: bool) -> str:
        """The rounds of tools before an answer; what came from people is neutralised here."""
        if not steps or self.exchange is None:
            return ""
        return self.exchange([_neutral(step) for step in steps], answered)

    def turn(self, role: str, content: str) -> str:
        """One closed turn; the content goes in as it is."""
        return self.write(Message(role, content))

    def block(self, role: str, content: str) -> str:
        """One closed turn of what people or the model wrote: it is neutralised here."""
        return self.turn(role, neutralise(content))

    def around_question(self, note: str) -> tuple[str, str]:
        """What stands before and behind a question so that the model knows the bot's `note`.

        Never in the person's own turn: it is not what they said. It is neutralised here.
        """
        if not note:
            return "", ""
        if self.remark is None:
            return self.block("system", note), ""
        return "", self.remark(neutralise(note))

    def script(self, lines: Iterable[Message]) -> str:
        """A piece of a talk with stage directions (role system) between; it is neutralised here.

        A format whose system text is no turn of its own would show a direction as the end of the
        turn before: there it is further context of a question, and an instruction behind an answer.
        """
        written: list[str] = []
        before = "system"
        for line in lines:
            direction = line.role == "system" and self.remark is not None
            if direction and before == "user" and self.remark is not None:
                written.append(self.remark(neutralise(line.content)))
            else:
                role = "user" if direction and before == "assistant" else line.role
                written.append(self.block(role, line.content))
            before = line.role
        return "".join(written)

    def head(
        self,
        system: str,
        *,
        named: bool = False,
        tool_text: str = "",
        recap: str = "",
        thinking: str = "",
    ) -> str:
        """Everything before the first turn.

        `tool_text`, which offers tools, stands in a system turn of its own before the channel's
        system prompt, as the `tool_use` template has it; it goes in as it is. `named` adds how
        speakers are told apart, `recap` what was said before the first turn. It comes last, since
        it changes more often than the rest. `thinking` asks the model to think first, in the words
        of its training: its tags mean something, so it goes in as it is.
        """
        parts = (system, SEVERAL_PEOPLE if named else "", recap)
        text = "\n\n".join(part for part in parts if part)
        offer = self.turn("system", tool_text) if tool_text else ""
        told = "\n\n".join(part for part in (neutralise(text), thinking) if part)
        return offer + (self.turn("system", told) if told else "")

    def render(self, messages: Iterable[Message], *, add_generation_prompt: bool = True) -> str:
        """Whole messages with their contents as they are, then the opening of the reply."""
        text = "".join(map(self.write, messages))
        return text + self.opening if add_generation_prompt else text


def _neutral(step: ToolStep) -> ToolStep:
    return ToolStep(
        tuple(ToolCall(call.name, _neutral_arguments(call.arguments)) for call in step.calls),
        tuple(map(neutralise, step.responses)),
        _CONTROL.sub("<\u200b|", step.raw),
    )


def _neutral_arguments(arguments: dict[str, Any] | str | None) -> str | None:
    if arguments is None or isinstance(arguments, str):
        return arguments and neutralise(arguments)
    return neutralise(json.dumps(arguments, ensure_ascii=False))

"""A conversation in JSON mode: the schema, the question, and answers that did not fit.

The form of the retry is Hermes-Function-Calling's (`jsonmode.py`), with what that leaves out: the
failed answer stands before the complaint about it, and the tags are closed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.prompts import json_mode
from bot.prompts.messages import Message
from bot.prompts.neutralise import neutralise

_NOT_JSON = "Json parsing failed"
_NOT_VALID = "Json schema validation failed"
_AGAIN = "Please return a correct json object that adheres to the schema, and nothing else."


@dataclass(frozen=True, slots=True)
class Failed:
    """An answer that is not what was asked for, and why.

    `readable` tells whether it was JSON at all; `errors` are clauses in words.
    """

    answer: str
    readable: bool
    errors: tuple[str, ...]


def messages(
    schema_text: str, question: str, failed: Iterable[Failed] = (), *, tools: bool
) -> list[Message]:
    """The messages to render, with whatever people or the model wrote neutralised.

    Tags in the schema can only stand inside its strings, where they are text. `tools` tells
    whether the model knows the role `tool`; else a user complains.
    """
    found = [
        Message("system", json_mode.system_text(neutralise(schema_text))),
        Message("user", neutralise(question)),
    ]
    for one in failed:
        found.append(Message("assistant", neutralise(one.answer)))
        found.append(_complaint(one, tools=tools))
    return found


def _complaint(failed: Failed, *, tools: bool) -> Message:
    what = _NOT_VALID if failed.readable else _NOT_JSON
    errors = neutralise("\n".join(failed.errors))
    text = f"{what}\nHere's the error: {errors}\n{_AGAIN}"
    if not tools:
        return Message("user", text)
    return Message("tool", f"<tool_response>\n{text}\n</tool_response>\n")

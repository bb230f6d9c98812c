"""From a case to the prompt that the bot would send. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from bot.evaluation.cases import Case
from bot.models.profile import Profile
from bot.prompts import json_mode, tool_use
from bot.prompts.chatml import CHATML
from bot.prompts.messages import Message, ToolCall
from bot.prompts.neutralise import neutralise


def can_be_asked(case: Case, profile: Profile) -> bool:
    """Whether the model was trained on what the case needs: the bot offers it nothing else."""
    return not _needs_tools(case) or profile.tools is not None


def prompt(case: Case, profile: Profile) -> str:
    """Render a case in the model's format, with everything from outside neutralised."""
    messages = [_safe(message, verbatim=case.verbatim) for message in case.messages]
    if case.verbatim:
        return profile.format.render(map(_written, messages))
    if case.schema is not None:
        schema = neutralise(json.dumps(case.schema, ensure_ascii=False))
        messages.insert(0, Message("system", json_mode.system_text(schema)))
        return profile.format.render(messages)
    if not case.tools:
        return profile.format.render(messages)
    if profile.format is CHATML and profile.tools == "tool_use":
        return tool_use.render(messages, case.tools)
    offer = Message("system", profile.tool_text(case.tools))
    return profile.format.render([offer, *_gathered(map(_written, messages))])


def _needs_tools(case: Case) -> bool:
    return bool(case.tools or case.expected.calls)


def _safe(message: Message, *, verbatim: bool) -> Message:
    if verbatim and message.role == "system":
        return message
    return replace(message, content=neutralise(message.content))


def _written(message: Message) -> Message:
    """Calls and results as text, for formats that have no template for them."""
    if message.role == "tool":
        return replace(message, content=f"<tool_response>\n{message.content}\n</tool_response>\n")
    if message.tool_calls is not None:
        text = "\n".join(map(_call, message.tool_calls))
        return replace(message, content=text, tool_calls=None)
    return message


def _call(call: ToolCall) -> str:
    text = json.dumps({"name": call.name, "arguments": call.arguments}, ensure_ascii=False)
    return f"<tool_call>\n{text}\n</tool_call>"


def _gathered(messages: Sequence[Message] | map[Message]) -> list[Message]:
    """Results in a row share one turn."""
    found: list[Message] = []
    for message in messages:
        if found and message.role == found[-1].role == "tool":
            found[-1] = replace(message, content=found[-1].content + message.content)
        else:
            found.append(message)
    return found

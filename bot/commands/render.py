"""`python -m bot render`: prompts as JSON Lines, for people who build them.

In: the fields of a case (`model`, `template`, `messages`, `tools`, `add_generation_prompt`,
`schema_text`; others are ignored, `id` is copied). Out: `prompt`, as the model's official template
writes it, and `sent`, as it goes to the engine; or `error`, and on with the next line. Needs no
settings and starts no part of the bot.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, BinaryIO

from bot.commands import lines
from bot.errors import BadInput
from bot.models import catalogue
from bot.models.generic import GENERIC
from bot.models.profile import Profile
from bot.prompts import incoming, json_mode, tool_use
from bot.prompts.alpaca import ALPACA
from bot.prompts.chatml import CHATML
from bot.prompts.messages import Message
from bot.prompts.neutralise import neutralise

Case = Mapping[str, Any]

# Whose contents people wrote, for each template: with tools the results come from outside too.
_FROM_PEOPLE: dict[str, tuple[str, ...]] = {
    "default": ("user",),
    "tool_use": ("user", "tool"),
    "alpaca": ("user",),
    "json_mode": ("user", "tool"),
}


def main(given: Iterable[bytes], out: BinaryIO) -> int:
    """Answer each line with one line, at once; return the exit code."""
    return lines.serve(given, out, rendered)


def rendered(case: Case) -> lines.Case:
    """Render a case; what it lacks or misspells is `BadInput`."""
    template = case.get("template") or "default"
    if not isinstance(template, str) or template not in _FROM_PEOPLE:
        raise BadInput(f"template: takes {', '.join(_FROM_PEOPLE)}")
    name = case.get("model")
    if not isinstance(name, str) or not name.strip():
        raise BadInput("model: takes the name of a model")
    profile = catalogue.recognise(name)
    messages = incoming.messages(case.get("messages"))
    write = _writer(case, template, profile)
    safe = [_neutral(message, _FROM_PEOPLE[template]) for message in messages]
    found = {
        "prompt": _bos(case, template, profile) + write(messages),
        # A lone surrogate cannot be sent.
        "sent": write(safe).encode("utf-8", "replace").decode(),
    }
    if profile is GENERIC and template != "alpaca":
        found["note"] = f"{name}: {GENERIC.note}"
    return found


def _writer(case: Case, template: str, profile: Profile) -> Callable[[Sequence[Message]], str]:
    """What turns the messages into the text behind BOS."""
    opened = bool(case.get("add_generation_prompt", True))
    if template == "alpaca":
        return lambda messages: ALPACA.render(messages, add_generation_prompt=opened)
    if template == "tool_use":
        if profile.format is not CHATML:
            raise BadInput(f"template: {profile.name} has no tool_use template")
        tools = incoming.tools(case.get("tools"))
        return lambda messages: tool_use.render(messages, tools, add_generation_prompt=opened)
    first: list[Message] = []
    if template == "json_mode":
        first = [Message("system", json_mode.system_text(_schema(case)))]

    def write(messages: Sequence[Message]) -> str:
        every = [*first, *messages]
        if profile.template_system and every and every[0].role != "system":
            every.insert(0, Message("system", profile.template_system))
        return profile.format.render(every, add_generation_prompt=opened)

    return write


def _schema(case: Case) -> str:
    schema = case.get("schema_text")
    if isinstance(schema, str):
        return schema
    if schema is None:
        raise BadInput("schema_text: json_mode takes the text of a JSON Schema")
    return json.dumps(schema)


def _bos(case: Case, template: str, profile: Profile) -> str:
    """The BOS text, where the model's template writes it."""
    if template == "alpaca" or not profile.tokens.template_writes_bos:
        return ""
    given = case.get("bos_token")
    return given if isinstance(given, str) else profile.tokens.bos


def _neutral(message: Message, roles: tuple[str, ...]) -> Message:
    if message.role not in roles:
        return message
    return replace(message, content=neutralise(message.content), input=neutralise(message.input))

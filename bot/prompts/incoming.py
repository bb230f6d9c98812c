"""Messages and tools out of JSON that anybody may have written, for the formats to render.

Where the official templates fail (a content that is null, calls that are null) this answers with
the nearest plain thing; what is no message at all is `BadInput`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from bot.errors import BadInput
from bot.prompts.messages import Message, ToolCall

Given = Mapping[str, Any]


def messages(value: object) -> list[Message]:
    """A JSON array of chat messages; unknown keys are ignored."""
    if not isinstance(value, list):
        raise BadInput("messages: takes an array of objects")
    return [_message(one, f"messages[{n}]") for n, one in enumerate(cast("list[object]", value))]


def tools(value: object) -> list[Given]:
    """A JSON array of function schemas, each bare or inside {"type", "function"}; null is none."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadInput("tools: takes an array of function schemas")
    found = cast("list[object]", value)
    if not all(isinstance(tool, Mapping) for tool in found):
        raise BadInput("tools: takes an array of function schemas")
    return cast("list[Given]", found)


def _message(value: object, where: str) -> Message:
    if not isinstance(value, Mapping):
        raise BadInput(f"{where}: takes an object with role and content")
    given = cast(Given, value)
    role = given.get("role")
    if not isinstance(role, str):
        raise BadInput(f"{where}: its role is missing")
    calls = given.get("tool_calls")
    return Message(
        role,
        _content(given, role),
        _calls(cast("list[object]", calls)) if isinstance(calls, list) else None,
        _text(given.get("input")),
    )


def _content(given: Given, role: str) -> str:
    content = given.get("content")
    # What a function gave back is printed as Python prints it, None too.
    return str(content) if role == "tool" and "content" in given else _text(content)


def _calls(values: list[object]) -> tuple[ToolCall, ...]:
    return tuple(_call(_given(value)) for value in values)


def _call(given: Given) -> ToolCall:
    if "function" in given:
        given = _given(given["function"])
    return ToolCall(_text(given.get("name")), _arguments(given))


def _arguments(given: Given) -> dict[str, Any] | str | None:
    if "arguments" not in given:
        return None
    arguments = given["arguments"]
    if isinstance(arguments, (dict, str)):
        return cast("dict[str, Any] | str", arguments)
    return json.dumps(arguments, ensure_ascii=False)


def _given(value: object) -> Given:
    return cast(Given, value) if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    """Text as it is, null as nothing, anything else as Python prints it."""
    return "" if value is None else str(value)

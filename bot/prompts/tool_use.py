"""The `tool_use` chat template of Hermes-2-Pro-Llama-3 and Hermes-3-Llama-3.1.

Byte-exact with the template that NousResearch ships, without the BOS text: also where that text
is not quite JSON (the description keeps its real newlines and quotes). Where the template
itself fails or recurses for ever (a type "null" or none at all, a tool without description), a
plain answer stands instead: the type `Any`, an empty description.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from bot.prompts.chatml import ASSISTANT, turn
from bot.prompts.messages import Message, ToolCall

PREFIX = (
    "You are a function calling AI model. You are provided with function signatures within "
    "<tools></tools> XML tags. You may call one or more functions to assist with the user query. "
    "Don't make assumptions about what values to plug into functions. Here are the available "
    "tools: <tools> "
)
SUFFIX = (
    " </tools>Use the following pydantic model json schema for each tool call you will make: "
    '{"properties": {"name": {"title": "Name", "type": "string"}, "arguments": {"title": '
    '"Arguments", "type": "object"}}, "required": ["name", "arguments"], "title": "FunctionCall", '
    '"type": "object"}}\nFor each function call return a json object with function name and '
    "arguments within <tool_call></tool_call> XML tags as follows:\n<tool_call>\n"
    '{"name": <function-name>, "arguments": <args-dict>}\n</tool_call>'
)

Schema = Mapping[str, Any]

_PYTHON_TYPES = {"string": "str", "number": "float", "integer": "int", "boolean": "bool"}


def render(
    messages: Sequence[Message],
    tools: Sequence[Schema],
    *,
    add_generation_prompt: bool = True,
) -> str:
    """Render messages behind a system turn that offers `tools` (OpenAI function schemas)."""
    parts = [turn("system", system_text(tools))]
    for index, message in enumerate(messages):
        if message.role == "tool":
            following = messages[index + 1].role if index + 1 < len(messages) else None
            previous = messages[index - 1].role if index else None
            parts.append(_tool_message(message.content, previous, following))
        elif message.role == "assistant" and message.tool_calls:
            parts.append(calls_turn(message.tool_calls))
        else:
            parts.append(turn(message.role, message.content))
    if add_generation_prompt:
        parts.append(ASSISTANT)
    return "".join(parts)


def system_text(tools: Sequence[Schema]) -> str:
    """The system text that offers `tools`."""
    return PREFIX + "\n".join(_tool_line(tool) for tool in tools) + SUFFIX


def calls_turn(calls: Sequence[ToolCall]) -> str:
    """The assistant's turn that makes `calls`; the template drops any text beside them."""
    return "<|im_start|>assistant" + "".join(map(_call, calls)) + "<|im_end|>\n"


def _call(call: ToolCall) -> str:
    arguments = call.arguments if isinstance(call.arguments, str) else _json(call.arguments)
    return f'\n<tool_call>\n{{"name": "{call.name}", "arguments": {arguments}}}\n</tool_call>'


def _tool_message(content: str, previous: str | None, following: str | None) -> str:
    """One result; results in a row share a turn, and the last message closes without a newline."""
    opening = "" if previous == "tool" else "<|im_start|>tool"
    closing = ""
    if following is None:
        closing = "<|im_end|>"
    elif following != "tool":
        closing = "\n<|im_end|>"
    return f"{opening}\n<tool_response>\n{content}\n</tool_response>{closing}"


def _tool_line(tool: Schema) -> str:
    function = cast(Schema, tool.get("function", tool))
    name = function["name"]
    parameters = cast(Schema, function.get("parameters") or {})
    properties = cast("Mapping[str, Schema]", parameters.get("properties") or {})
    returned = cast("Schema | None", function.get("return"))
    signature = ", ".join(f"{key}: {_type(schema)}" for key, schema in properties.items())
    text = f"{name}({signature})"
    if returned:
        text += f" -> {_type(returned)}"
    text += f" - {function.get('description') or ''}\n\n"
    if properties:
        text += "    Args:\n" + "".join(
            f"        {key}({_type(schema)}): {str(schema.get('description') or '').strip()}"
            for key, schema in properties.items()
        )
    if returned and returned.get("description"):
        text += f"\n    Returns:\n        {returned['description']}"
    shown = _json(parameters) if properties else "{}"
    return (
        f'{{"type": "function", "function": {{"name": "{name}", '
        f'"description": "{text}", "parameters": {shown}}}'
    )


def _type(schema: Schema) -> str:
    """The Python name that the template prints for a JSON Schema type."""
    kind = schema.get("type")
    if isinstance(kind, list):
        names = [_PYTHON_TYPES.get(str(one), "Any") for one in cast("list[object]", kind)]
        return f"Union[{','.join(names)}]"
    if kind == "array":
        return "list[Union[]]"
    if kind == "object":
        values = cast("Schema | None", schema.get("additionalProperties"))
        return f"dict[str, {_type(values)}]" if isinstance(values, Mapping) else "dict"
    if kind is None:
        return "Union[]"
    return _PYTHON_TYPES.get(str(kind), "Any")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)

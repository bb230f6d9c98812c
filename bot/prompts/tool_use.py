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
from bot.prompts.messages import Message, ToolCall, ToolStep

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

# A message with any other role is left out by the template.
_ROLES = ("system", "user", "assistant")

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
        following = messages[index + 1].role if index + 1 < len(messages) else None
        if message.role == "tool":
            previous = messages[index - 1].role if index else None
            parts.append(_tool_message(message.content, previous, following))
        elif message.role == "assistant" and message.tool_calls is not None:
            parts.append(calls_turn(message.tool_calls))
        elif message.role in _ROLES:
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


def exchange(steps: Sequence[ToolStep], answered: bool) -> str:
    """The rounds of tools before an answer that is written already (`answered`), or comes next."""
    parts: list[str] = []
    for number, step in enumerate(steps, 1):
        parts.append(turn("assistant", step.raw) if step.raw else calls_turn(step.calls))
        after = "assistant" if answered or number < len(steps) else None
        previous = "assistant"
        for index, response in enumerate(step.responses, 1):
            following = "tool" if index < len(step.responses) else after
            parts.append(_tool_message(response, previous, following))
            previous = "tool"
    return "".join(parts)


def _call(call: ToolCall) -> str:
    arguments = call.arguments
    if arguments is not None:
        # A call without arguments leaves a comma behind: so does the template.
        text = arguments if isinstance(arguments, str) else _json(arguments)
        return f'\n<tool_call>\n{{"name": "{call.name}", "arguments": {text}}}\n</tool_call>'
    return f'\n<tool_call>\n{{"name": "{call.name}", }}\n</tool_call>'


def _tool_message(content: str, previous: str | None, following: str | None) -> str:
    """One result; results in a row share a turn, and the last message closes without a newline.

    Where the very first message is a result, the template opens no turn for it.
    """
    opening = "" if previous is None else "\n" if previous == "tool" else "<|im_start|>tool\n"
    closing = ""
    if following is None:
        closing = "<|im_end|>"
    elif following != "tool":
        closing = "\n<|im_end|>"
    return f"{opening}<tool_response>\n{content}\n</tool_response>{closing}"


def _tool_line(tool: Schema) -> str:
    function = _mapping(tool["function"]) if "function" in tool else tool
    name = function.get("name") or ""
    parameters = _mapping(function.get("parameters"))
    properties = _mapping(parameters.get("properties"))
    text = f"{name}({', '.join(f'{key}: {_type(spec)}' for key, spec in properties.items())})"
    if "return" in function:
        text += f" -> {_type(function['return'])}"
    text += f" - {_text(function.get('description'))}\n\n"
    if properties:
        text += "    Args:\n" + "".join(
            f"        {key}({_type(spec)}): {_description(spec)}"
            for key, spec in properties.items()
        )
    returned = _mapping(function.get("return"))
    if "description" in returned:
        text += f"\n    Returns:\n        {_text(returned['description'])}"
    shown = _json(parameters) if properties else "{}"
    return (
        f'{{"type": "function", "function": {{"name": "{name}", '
        f'"description": "{text}", "parameters": {shown}}}'
    )


def _description(spec: object) -> str:
    # Unlike other fields it is printed whatever it is: a null comes out as None.
    return str(_mapping(spec).get("description", "")).strip()


def _type(spec: object) -> str:
    """The Python name that the template prints for a JSON Schema type.

    It knows no "null" and no unknown name, and would look at their letters for ever: `Any`.
    """
    schema = _mapping(spec)
    kind = schema.get("type", "")
    if kind == "":
        return "Union[]"
    if isinstance(kind, list):
        return f"Union[{','.join(_type({'type': one}) for one in cast('list[object]', kind))}]"
    if kind == "array":
        return "list[Union[]]"
    if kind == "object":
        if "additionalProperties" in schema:
            return f"dict[str, {_type(schema['additionalProperties'])}]"
        return "dict"
    return _PYTHON_TYPES.get(kind, "Any") if isinstance(kind, str) else "Any"


def _mapping(value: object) -> Schema:
    return cast(Schema, value) if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)

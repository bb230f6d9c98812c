"""The tool text of the model cards of Hermes 2 Theta and of the first Hermes 2 Pro.

Their cards print one system text, made here for any number of tools. It differs from the
`tool_use` template in the order of the keys, in the space behind `</tools>`, and in that the
tools are JSON (Theta's card, "Prompt Format for Function Calling").
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from bot.prompts.chatml import turn
from bot.prompts.messages import ToolCall, ToolStep
from bot.prompts.tool_use import PREFIX, Schema

SUFFIX = (
    " </tools> Use the following pydantic model json schema for each tool call you will make: "
    '{"properties": {"arguments": {"title": "Arguments", "type": "object"}, "name": {"title": '
    '"Name", "type": "string"}}, "required": ["arguments", "name"], "title": "FunctionCall", '
    '"type": "object"} For each function call return a json object with function name and '
    "arguments within <tool_call></tool_call> XML tags as follows:\n<tool_call>\n"
    '{"arguments": <args-dict>, "name": <function-name>}\n</tool_call>'
)


def system_text(tools: Sequence[Schema]) -> str:
    """The system text that offers `tools`; the card shows one, more are divided by a newline."""
    return PREFIX + "\n".join(_tool(tool) for tool in tools) + SUFFIX


def exchange(steps: Sequence[ToolStep], _answered: bool) -> str:
    """The rounds of tools before an answer; the card closes all of them in one way."""
    return "".join(map(_step, steps))


def _step(step: ToolStep) -> str:
    calls = "\n".join(map(_call, step.calls))
    responses = "\n".join(
        f"<tool_response>\n{response}\n</tool_response>" for response in step.responses
    )
    return turn("assistant", step.raw or calls) + turn("tool", f"{responses}\n")


def _call(call: ToolCall) -> str:
    arguments = call.arguments
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    name = json.dumps(call.name, ensure_ascii=False)
    return f'<tool_call>\n{{"arguments": {text}, "name": {name}}}\n</tool_call>'


def _tool(tool: Schema) -> str:
    function = tool["function"] if isinstance(tool.get("function"), Mapping) else tool
    return json.dumps({"type": "function", "function": function}, ensure_ascii=False)

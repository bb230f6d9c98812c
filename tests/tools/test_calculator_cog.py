"""The calculator as the model calls it."""

from __future__ import annotations

import json

import pytest

from bot.settings import load
from bot.tools.context import ToolContext
from bot.tools.kit import Kit
from bot.tools.tool import Tool, ToolError, tools_of
from cogs.tools.calculator import Calculator


@pytest.fixture
def calculate() -> Tool:
    # Nobody is asked for a sum, so there is nobody to fetch from.
    (tool,) = tools_of(Calculator(Kit(load({}, dotenv=None), fetch=None, store=None)))
    return tool


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("(3 + 4) * 2", {"result": 14}),
        ("0.1 + 0.2", {"result": 0.3}),
        ("2^200", {"result": 2**200}),
        ("1 / 3", {"result": 0.333333333333, "rounded": True}),
        ("5 ft in cm", {"result": "152.4 cm"}),
        ("5 km in miles", {"result": "≈ 3.10685596119 miles", "rounded": True}),
        ("1000!", {"result": "≈ 4.02387260077e2567", "rounded": True}),
    ],
)
async def test_the_model_is_told_the_result(calculate, expression, told):
    found = await calculate.call(ToolContext("test"), {"expression": expression})
    assert found == {"expression": expression, **told}
    assert json.loads(json.dumps(found)) == found


async def test_what_is_wrong_is_told(calculate):
    with pytest.raises(ToolError, match="division by zero"):
        await calculate.call(ToolContext("test"), {"expression": "1/0"})


def test_the_tool_is_the_one_that_the_bundled_model_knows(calculate):
    assert calculate.schema == {
        "type": "function",
        "function": {
            "name": "calculate",
            "description": "Work out an arithmetic expression.",
            "parameters": {
                "type": "object",
                "properties": {
                    "expression": {
                        "type": "string",
                        "description": "The expression, such as (3 + 4) * 2.",
                    }
                },
                "required": ["expression"],
            },
        },
    }
    assert not calculate.reaches_out
    assert not calculate.needs_discord

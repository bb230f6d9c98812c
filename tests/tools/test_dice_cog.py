"""The dice as the model calls them."""

from __future__ import annotations

import json

import pytest

from bot.settings import load
from bot.tools.context import ToolContext
from bot.tools.kit import Kit
from bot.tools.tool import Tool, ToolError, tools_of
from cogs.tools.dice import Dice

CONTEXT = ToolContext("test")


@pytest.fixture
def tools() -> dict[str, Tool]:
    # Dice reach out to nobody, so there is nobody to fetch from.
    cog = Dice(Kit(load({}, dotenv=None), fetch=None, store=None))
    return {tool.name: tool for tool in tools_of(cog)}


async def test_dice_are_rolled(tools):
    told = await tools["roll_dice"].call(CONTEXT, {"notation": "2d6+1"})
    assert told["notation"] == "2d6+1"
    assert len(told["rolls"]) == 2
    assert told["total"] == sum(told["rolls"]) + 1
    first, second = told["rolls"]
    assert told["words"] == f"2d6+1: [{first}, {second}] + 1 = {told['total']}"


async def test_several_rolls_are_told_one_by_one(tools):
    told = await tools["roll_dice"].call(CONTEXT, {"notation": "6x 4d6dl1"})
    assert len(told["results"]) == 6
    assert told["total"] == sum(one["total"] for one in told["results"])
    assert all("dropped" in one["words"] for one in told["results"])


async def test_a_goal_is_answered(tools):
    told = await tools["roll_dice"].call(CONTEXT, {"notation": "1d20+20 >= 21"})
    assert told["success"] is True


@pytest.mark.parametrize("notation", ["1000d1000000", "100x 10d1000000", "500d6!, 500d6"])
async def test_a_heap_of_dice_does_not_fill_the_models_window(tools, notation):
    told = await tools["roll_dice"].call(CONTEXT, {"notation": notation})
    assert len(json.dumps(told)) < 20_000
    assert told["total"] > 0


async def test_wrong_notation_is_told(tools):
    with pytest.raises(ToolError, match="at character 3"):
        await tools["roll_dice"].call(CONTEXT, {"notation": "2dd6"})


async def test_a_coin_falls_on_both_sides(tools):
    sides = {(await tools["flip_coin"].call(CONTEXT, {}))["side"] for _ in range(200)}
    assert sides == {"heads", "tails"}


def test_the_tools_are_those_that_the_bundled_model_knows(tools):
    assert tools["roll_dice"].schema == {
        "type": "function",
        "function": {
            "name": "roll_dice",
            "description": "Roll dice.",
            "parameters": {
                "type": "object",
                "properties": {
                    "notation": {
                        "type": "string",
                        "description": "The dice to roll, such as 2d6+1.",
                    }
                },
                "required": ["notation"],
            },
        },
    }
    assert tools["flip_coin"].schema["function"]["description"] == "Flip a coin."
    assert tools["flip_coin"].schema["function"]["parameters"]["properties"] == {}
    assert tools["roll_dice"].line({"notation": "2d6"}) == "dice: 2d6"

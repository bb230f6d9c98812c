"""Real inference calls real tools: the bundled model, llama.cpp, the store; weather is local."""

from __future__ import annotations

import re
from contextlib import aclosing

import pytest_asyncio

from bot.conversation.ask import Ask
from bot.conversation.model import Model
from bot.conversation.reply import Reply, Trace
from bot.conversation.service import Conversations
from bot.conversation.tool_rules import ToolRules
from bot.conversation.toolbox import Toolbox
from bot.engine.embedded import EmbeddedEngine
from bot.store.history import RedisStore
from bot.tools.kit import Kit
from bot.tools.tool import ToolError, tool, tools_of
from cogs.tools import ToolCog
from cogs.tools.calculator import Calculator
from cogs.tools.dice import Dice
from cogs.tools.memory import Memory
from cogs.tools.weather import Weather
from tests.tools.geography import search
from tests.tools.test_weather import forecast

ON = frozenset({"get_current_temperature", "get_current_time"})


class Clock(ToolCog):
    """A clock that has stopped."""

    @tool(reaches_out=True)
    async def get_current_time(self, location: str) -> object:
        """Get the current date and time at a location.

        Args:
            location: The city and, optionally, the country.
        """
        raise ToolError("not available")


class Tiny:
    """Somebody who talks with the bundled model."""

    def __init__(self, conversations: Conversations) -> None:
        self.conversations = conversations
        self.count = 0

    async def say(self, text: str) -> Reply:
        self.count += 1
        ask = Ask(f"play:{self.count}", str(self.count), "1", text)
        async with self.conversations.turn(ask) as reply:
            assert reply is not None
            await reply.finished()
            await reply.commit()
            return reply


@pytest_asyncio.fixture
async def tiny(outside, store: RedisStore, tmp_path):
    outside.answers = {"/geocoding/v1/search": search, "/forecast/v1/forecast": forecast}
    kit: Kit = outside.kit()
    kit.store = store
    cogs = [kind(kit) for kind in (Calculator, Clock, Dice, Memory, Weather)]
    tools = [one for cog in cogs for one in tools_of(cog)]
    async with aclosing(await EmbeddedEngine.start(None, tmp_path)) as engine:
        toolbox = Toolbox(tools, store, ToolRules(store, ON), in_discord=False)
        yield Tiny(Conversations(engine, store, Model(engine, None, 512), (), toolbox))


async def test_roll_3d6_plus_2(tiny: Tiny):
    reply = await tiny.say("roll 3d6+2")
    assert reply.parts[0] == Trace("dice: 3d6+2")
    (run,) = reply.steps[0].runs
    assert str(run.content["total"]) in reply.text


async def test_what_is_the_temperature_in_paris(tiny: Tiny):
    reply = await tiny.say("what is the temperature in Paris?")
    assert reply.parts[0] == Trace("weather: Paris")
    assert "22.4" in reply.text
    assert "tool_call" not in reply.text


async def test_two_tools_in_one_turn(tiny: Tiny):
    reply = await tiny.say("what is 6 * 7? Also, roll 2d6")
    assert [run.name for step in reply.steps for run in step.runs] == ["calculate", "roll_dice"]
    total = reply.steps[0].runs[1].content["total"]
    assert "42" in reply.text
    assert re.search(rf"\b{total}\b", reply.text)


async def test_a_failing_tool(tiny: Tiny):
    reply = await tiny.say("what time is it in Paris?")
    assert reply.steps[0].runs[0].failed
    assert "not available" in reply.text


async def test_a_greeting_needs_no_tool(tiny: Tiny):
    reply = await tiny.say("hello!")
    assert reply.steps == []
    assert reply.text

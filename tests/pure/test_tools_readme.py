"""The example in cogs/tools/README.md, copied and run as its readers do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import cogs.tools
from bot.net.fetch import Fetcher
from bot.settings import Settings
from bot.tools.context import ToolContext
from bot.tools.kit import Kit
from bot.tools.tool import Tool, ToolError, tool, tools_of
from cogs.tools import ToolCog

README = Path(cogs.tools.__file__).with_name("README.md").read_text("utf-8")
HERE = ToolContext(conversation="1")


def example() -> str:
    (found,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    return found


def lots() -> Tool:
    names: dict[str, Any] = {"__name__": "cogs.tools.lots"}
    exec(compile(example(), "lots.py", "exec"), names)
    cog = names["Lots"](Kit(settings=Settings(engine_url=None), fetch=Fetcher(), store=None))
    assert isinstance(cog, ToolCog)
    (found,) = tools_of(cog)
    return found


def test_the_example_takes_less_than_twenty_lines():
    assert len(example().splitlines()) < 20


def test_the_example_is_offered_with_what_its_docstring_says():
    function = lots().schema["function"]
    assert (function["name"], function["description"]) == ("draw_lot", "Draw one name by lot.")
    names = {"type": "array", "items": {"type": "string"}}
    assert function["parameters"] == {
        "type": "object",
        "properties": {"names": {**names, "description": "Everybody who takes part."}},
        "required": ["names"],
    }


async def test_the_example_works():
    made = lots()
    drawn = {str(await made.call(HERE, {"names": ["Ada", "Bob"]})) for _ in range(64)}
    assert drawn == {"Ada", "Bob"}
    assert made.line({"names": ["Ada", "Bob"]}) == "drawing from Ada, Bob"
    with pytest.raises(ToolError, match="“names” is missing"):
        await made.call(HERE, {})


def test_the_readme_names_every_option_of_the_decorator():
    documented = re.findall(r"^\| `(\w+)=", README, re.MULTILINE)
    options = {option: True for option in ("reaches_out", "changes", "needs_discord")}
    others = {"shows": "it", "timeout": 1.0, "name": "it"}
    assert sorted(documented) == sorted({**options, **others})

    class Every:
        @tool(**{**options, **others})
        async def every(self):
            """Have every option."""

    (made,) = tools_of(Every())
    assert (made.name, made.timeout, made.line({})) == ("it", 1.0, "it")
    assert (made.reaches_out, made.changes, made.needs_discord) == (True, True, True)

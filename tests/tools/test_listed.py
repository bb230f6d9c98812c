"""docs/tools.md lists every tool, and says truly which are on at first."""

from __future__ import annotations

from bot.net.fetch import Fetcher
from bot.settings import load
from bot.store.history import RedisStore
from bot.tools import discovery
from bot.tools.kit import Kit
from bot.tools.tool import Tool, tools_of
from tests.structure.tree import ROOT


def row(file: str, tool: Tool) -> str:
    """The line that the page has for a tool."""
    function = tool.schema["function"]
    arguments = ", ".join(function["parameters"]["properties"])
    does = function["description"].splitlines()[0]
    on = "off" if tool.reaches_out or tool.changes else "on"
    remarks = ["asks first"] * tool.changes + ["Discord only"] * tool.needs_discord
    return f"| `{file}` | `{tool.name}({arguments})` | {does} | {on} | {', '.join(remarks)} |"


async def test_the_page_lists_all_tools(store: RedisStore) -> None:
    cogs = discovery.build(Kit(load({}), Fetcher(), store))
    rows = [
        row(type(cog).__module__.rpartition(".")[2], tool)
        for cog in sorted(cogs, key=lambda cog: type(cog).__module__)
        for tool in tools_of(cog)
    ]
    page = (ROOT / "docs/tools.md").read_text("utf-8")
    listed = [line for line in page.splitlines() if line.startswith("| `")]
    assert listed == rows

"""What the bundled model was trained on: names, descriptions and arguments must stay the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bot.tools.tool import tools_of

CASES = Path(__file__).parents[2] / "bot" / "evaluation" / "cases" / "tools.json"


def schemas(cog: object) -> dict[str, dict[str, Any]]:
    """What the model is told of a cog's tools, apart from which arguments it may leave out."""
    found = {}
    for tool in tools_of(cog):
        function = json.loads(json.dumps(tool.schema["function"]))
        function["parameters"].pop("required", None)
        found[tool.name] = function
    return found


def trained(name: str) -> dict[str, Any]:
    function = json.loads(CASES.read_text("utf-8"))[name]["function"]
    function["parameters"].pop("required", None)
    return function

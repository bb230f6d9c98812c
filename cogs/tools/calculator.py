"""A calculator: models guess at figures, this one does not."""

from __future__ import annotations

from typing import Any

from bot.language import later
from bot.tools.arithmetic import calculate
from bot.tools.tool import tool
from cogs.tools import ToolCog


class Calculator(ToolCog):
    """Tools that calculate."""

    @tool(shows=later("calculating: {expression}"))
    async def calculate(self, expression: str) -> object:
        """Work out an arithmetic expression.

        Args:
            expression: The expression, such as (3 + 4) * 2.
        """
        result = calculate(expression)
        told = result.text if result.number is None else result.number
        found: dict[str, Any] = {"expression": expression, "result": told}
        # The sign ≈ is lost in a bare number.
        return found if result.exact else {**found, "rounded": True}

"""A calculator for text from strangers: exact, bounded, and nothing is ever evaluated. Pure.

`calculate("5 km in miles")` is the whole of it; `Result` is what came out.
"""

from __future__ import annotations

from bot.tools.arithmetic.reader import calculate
from bot.tools.arithmetic.writing import Result

__all__ = ["Result", "calculate"]

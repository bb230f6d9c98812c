"""The ChatML format under its former name, for the training of the bundled model."""

from __future__ import annotations

from collections.abc import Sequence

from bot.prompts import tool_use
from bot.prompts.chatml import ASSISTANT, CHATML

OPENING = ASSISTANT


def head(system: str, *, named: bool = False, tools: Sequence[tool_use.Schema] = ()) -> str:
    """See `Format.head`; `tools` are offered as the `tool_use` template does."""
    return CHATML.head(system, named=named, tool_text=tool_use.system_text(tools) if tools else "")


def block(role: str, content: str) -> str:
    """See `Format.block`."""
    return CHATML.block(role, content)

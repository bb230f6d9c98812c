"""How the parts of a conversation stand in a prompt.

Byte-stable parts come first (tools, system prompt), then the turns, one block each, so that a
prompt differs from the one before it only at its end and the engine's prefix cache holds.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.prompts import chatml, tool_use
from bot.prompts.neutralise import neutralise
from bot.prompts.speakers import SEVERAL_PEOPLE

OPENING = chatml.ASSISTANT


def head(system: str, *, named: bool = False, tools: Sequence[tool_use.Schema] = ()) -> str:
    """Everything before the first turn.

    The tools stand in a system turn of their own, before the channel's own system prompt, as the
    `tool_use` template puts them. `named` adds how speakers are told apart.
    """
    text = "\n\n".join(part for part in (system, SEVERAL_PEOPLE if named else "") if part)
    parts = [chatml.turn("system", tool_use.system_text(tools))] if tools else []
    if text:
        parts.append(chatml.turn("system", neutralise(text)))
    return "".join(parts)


def block(role: str, content: str) -> str:
    """One turn; whatever people or the model wrote is neutralised here."""
    return chatml.turn(role, neutralise(content))

"""The message that every format renders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model made.

    `arguments` may be a JSON text, which is kept verbatim; None: the call has none at all.
    """

    name: str
    arguments: dict[str, Any] | str | None


@dataclass(frozen=True, slots=True)
class ToolStep:
    """One round of tools within an answer: the calls, and what came back, as JSON texts.

    `raw` is what the model wrote, where it could not be read as calls; then there are none.
    """

    calls: tuple[ToolCall, ...]
    responses: tuple[str, ...]
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message, as chat templates know it: role (system, user, assistant, tool) and content.

    `tool_calls` is None where a message is no call; an empty tuple is a call of nothing, which
    the official template renders as an empty turn. `input` is the further context that Alpaca
    has a section for.
    """

    role: str
    content: str
    tool_calls: tuple[ToolCall, ...] | None = None
    input: str = ""

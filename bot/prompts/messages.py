"""The message that every format renders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model made. `arguments` may be a JSON text, which is then kept verbatim."""

    name: str
    arguments: dict[str, Any] | str


@dataclass(frozen=True, slots=True)
class Message:
    """One message, as chat templates know it: role (system, user, assistant, tool) and content."""

    role: str
    content: str
    tool_calls: tuple[ToolCall, ...] = ()

"""What a profile says about a model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from bot.conversation.ports import Sampling

Format = Literal["chatml"]
ToolFormat = Literal["tool_use"]


@dataclass(frozen=True, slots=True)
class Profile:
    """One model: how it is spoken to and what it can do.

    `name` is the value of the `MODEL` setting. `matches` are lower-case parts of a model id by
    which an engine's answer is recognised. `context` is prompt plus answer in tokens. `stop` ends
    a turn. `tools` is the form in which tools are offered, None if the model was not trained on
    any. `persona` is the default system prompt.
    """

    name: str
    matches: tuple[str, ...]
    format: Format
    context: int
    stop: tuple[str, ...]
    persona: str
    sampling: Sampling = field(default_factory=Sampling)
    tools: ToolFormat | None = None
    json_mode: bool = False
    note: str = ""

"""What a profile says about a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from bot.conversation.ports import Sampling
from bot.prompts import card_tools, tool_use
from bot.prompts.format import Format

ToolText = Literal["tool_use", "card"]
Quantisation = Literal["gguf", "fp8", "awq", "gptq"]


@dataclass(frozen=True, slots=True)
class Tokens:
    """A tokenizer's tokens around a prompt.

    `bos` is the text of the first token and `bos_id` its id, "" and None where a model has none
    or it is not known. `template_writes_bos`: the official chat template writes it as text (the
    bot never does: engines add the token). `eos_ids` are all ids that end a turn, the model's own
    first; empty where no source tells.
    """

    bos: str = ""
    bos_id: int | None = None
    template_writes_bos: bool = False
    eos: str = ""
    eos_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Quantised:
    """A repository with smaller weights of a model; `file` only where a source names it."""

    kind: Quantisation
    repository: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """One model: how it is spoken to, what it can do, and what it takes to run it.

    `name` is the value of the `MODEL` setting. `matches` are the parts of a model id by which an
    engine's answer is recognised, in lower case with single dashes (see `catalogue.recognise`).
    `context` is prompt plus answer in tokens, as trained. `stop` ends a turn. `tools` is the form
    in which tools are offered, None if the model was not trained on any. `persona` is the default
    system prompt; `template_system` what the official template inserts where there is none.
    `reasoning` are the tags around what the model thinks before it answers, if it does; `thinking`
    is the system text that has it think, `planning` the one that has it plan before it calls tools.
    `parameters` counts weights, `kv_bytes` the memory that one token of context takes (16 bit);
    both are 0 where unknown. `summaries`: it can sum up what was said. `repository` is on the
    Hugging Face Hub.
    """

    name: str
    matches: tuple[str, ...]
    format: Format
    context: int
    stop: tuple[str, ...]
    persona: str
    sampling: Sampling = field(default_factory=Sampling)
    tools: ToolText | None = None
    json_mode: bool = False
    tokens: Tokens = field(default_factory=Tokens)
    template_system: str = ""
    reasoning: tuple[str, str] | None = None
    thinking: str = ""
    planning: str = ""
    summaries: bool = True
    parameters: float = 0
    kv_bytes: int = 0
    repository: str = ""
    quantised: tuple[Quantised, ...] = ()
    note: str = ""

    @property
    def is_generic(self) -> bool:
        """Whether it only says how to speak, to a model of which nothing else is known."""
        return not self.matches

    @property
    def script(self) -> Format:
        """The format, with the calls and results of tools as the model was trained on them."""
        exchanges = {"tool_use": tool_use.exchange, "card": card_tools.exchange}
        return replace(self.format, exchange=exchanges[self.tools]) if self.tools else self.format

    def thinking_text(self, *, tools: bool) -> str:
        """The system text that has the model think first; "" where it never learnt to."""
        return self.thinking or (self.planning if tools else "")

    def tool_text(self, tools: Sequence[tool_use.Schema]) -> str:
        """The system text that offers `tools`; "" without tools, or where the model knows none."""
        if not tools or self.tools is None:
            return ""
        texts = {"tool_use": tool_use.system_text, "card": card_tools.system_text}
        return texts[self.tools](tools)

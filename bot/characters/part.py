"""What a model is told for one reply that it writes as a character."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.prompts.messages import Message

Voice = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Injection:
    """A text that stands inside the history: before the last `depth` turns, 0 behind all of them.

    `role` is the turn that it is put into.
    """

    text: str
    depth: int = 4
    role: Voice = "system"


@dataclass(frozen=True, slots=True)
class Part:
    """One character, ready to speak.

    `character` is its id and `name` what people see. `system` is the whole system text, the same
    bytes for as long as nothing about the scene is changed. `examples` are blocks of example turns
    behind it, each whole or not at all; the last ones are dropped first when the history needs
    room. `injections` stand within the history, `last` behind it. `prefill` begins the reply.
    `own` are further names that it goes by, `others` those of all for whom it must not speak.
    `shared` tells that several characters are on stage: then each line of theirs begins with its
    name. `trim` drops an unfinished last sentence. `timers` are what lorebook entries with a memory
    of their own have to remember until the next reply. Nothing in it is neutralised yet.
    """

    character: str
    name: str
    system: str
    examples: tuple[tuple[Message, ...], ...] = ()
    injections: tuple[Injection, ...] = ()
    last: str = ""
    prefill: str = ""
    own: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    shared: bool = False
    trim: bool = False
    timers: Mapping[str, int] = field(default_factory=dict[str, int])

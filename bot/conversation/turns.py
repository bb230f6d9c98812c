"""What a conversation is made of: turns, the channel's state, and a reply that is still owed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from bot.tools.run import Step

Role = Literal["user", "assistant"]
Status = Literal["", "stopped", "interrupted"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation, as it was written (nothing neutralised yet).

    `id` is the front's own id of the message (a Discord snowflake) or the reply's id; `n` orders
    the turns of a conversation. `tokens` is what the turn costs inside a rendered prompt, 0 while
    it has not been counted, and `counted_by` the mark of the engine that counted ("": the default).
    `shown` are the ids of the front's messages that show the turn. `steps` are the rounds of tools
    that led to the text.
    """

    id: str
    n: int
    role: Role
    text: str
    speaker: str = ""
    author: str = ""
    tokens: int = 0
    shown: tuple[str, ...] = ()
    status: Status = ""
    counted_by: str = ""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Pending:
    """A reply that was promised but is not committed yet: the journal's entry.

    `asks` are the ids of the user turns that it answers, `origin` is whatever the front needs to
    find the place of the answer again after a restart, `since` is a Unix time in seconds.
    """

    reply: str
    n: int
    asks: tuple[str, ...]
    since: float
    origin: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Usage:
    """What the last prompt of a conversation cost, for `/context`.

    All counts are tokens but `cut`, the number of turns that were left out so far. `cached` is
    None where the engine does not tell.
    """

    prompt: int = 0
    cached: int | None = None
    generated: int = 0
    limit: int = 0
    cut: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """What belongs to a conversation beside its turns.

    `start` is the `n` of the first turn that is still sent to the model (turns before it were
    cut), `system` the channel's own system prompt (None: the model's default), `base_tokens` the
    cost of everything before the first turn (0: unknown). `engine` is the mark of the engine that
    answered last and counted it.
    """

    start: int = 0
    system: str | None = None
    base_tokens: int = 0
    cut: int = 0
    usage: Usage = field(default_factory=Usage)
    engine: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One conversation as one read of the store gives it: turns in order, state, owed replies."""

    turns: tuple[Turn, ...] = ()
    state: State = field(default_factory=State)
    pending: tuple[Pending, ...] = ()

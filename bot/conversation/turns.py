"""What a conversation is made of: turns, the channel's state, and a reply that is still owed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.characters.stage import Stage
from bot.conversation.facts import Fact
from bot.tools.run import Step

Role = Literal["user", "assistant"]
Status = Literal["", "stopped", "interrupted"]


@dataclass(frozen=True, slots=True)
class Variant:
    """One of several texts that were written for the same reply."""

    text: str
    status: Status = ""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation, as it was written (nothing neutralised yet).

    `id` is the front's own id of the message (a Discord snowflake) or the reply's id; `n` orders
    the turns of a conversation. `tokens` is what the turn costs inside a rendered prompt, 0 while
    it has not been counted, and `counted_by` the mark of the engine that counted ("": the default).
    `shown` are the ids of the front's messages that show the turn. `steps` are the rounds of tools
    that led to the text. `variants` are all texts of a reply that was written more than once, in
    order; the one at `variant` is what people see, and it alone is the turn's own text. `speaker`
    of a reply is the name of the character that said it, and `character` its id.
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
    variants: tuple[Variant, ...] = ()
    variant: int = 0
    character: str = ""

    @property
    def is_brought(self) -> bool:
        """Whether it came out of a file: its `author` has brought it, not said it."""
        return is_brought(self.id)

    @property
    def is_hidden(self) -> bool:
        """Whether it came out of a file that hides it: it is kept, but no model is sent it."""
        return self.is_brought and self.id.endswith(HIDDEN)


BROUGHT = "file."
"""How the ids of turns begin that came out of a file: no message shows them, and whoever their
`author` is has brought them, not said them. Behind it stand what tells one file from another, when
the line was said (Unix milliseconds, 0: not known) and its number, with dots between.
"""

HIDDEN = ".hidden"
"""How they end where the file hides the line."""


def is_brought(turn: str) -> bool:
    """Whether the turn with this id came out of a file."""
    return turn.startswith(BROUGHT)


Replacing = Literal["", "instead", "variant", "continue"]
"""What a reply does with the one that was there before it: takes its place, joins it as one more
variant, or goes on with its text."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A reply that was promised but is not committed yet: the journal's entry.

    `asks` are the ids of the user turns that it answers, `origin` is whatever the front needs to
    find the place of the answer again after a restart, `since` is a Unix time in seconds.
    `replaces` is the id of a reply that was there before, `how` what becomes of it. `by` is the
    process that writes it, as the store names it; "" where nothing was noted.
    """

    reply: str
    n: int
    asks: tuple[str, ...]
    since: float
    origin: dict[str, str] = field(default_factory=dict[str, str])
    replaces: str = ""
    how: Replacing = ""
    by: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Recalled:
    """Where something of the memory stands in the last prompt, in characters from its beginning.

    `person` is the only one who may see it, "" for everybody. `fact` is False for what a tool
    recalled, which is hidden in the same way but no line of its own.
    """

    start: int
    end: int
    person: str = ""
    fact: bool = True


@dataclass(frozen=True, slots=True)
class Usage:
    """What the last prompt of a conversation cost, for `/context`.

    All counts are tokens but `cut`, the number of turns that were left out so far. `cached` is
    None where the engine does not tell. `recalled` tells where memories stand in the prompt whose
    `recalling.mark_of` is `sent`.
    """

    prompt: int = 0
    cached: int | None = None
    generated: int = 0
    limit: int = 0
    cut: int = 0
    recalled: tuple[Recalled, ...] = ()
    sent: int = 0


LANGUAGE = "language"
"""In a reply's origin: the language of who asks, where the bot talks with nobody else."""


@dataclass(frozen=True, slots=True)
class State:
    """What belongs to a conversation beside its turns.

    `start` is the `n` of the first turn that is still sent to the model (turns before it were
    cut), `system` the channel's own system prompt (None: the model's default), `base_tokens` the
    cost of everything before the first turn (0: unknown), of which `examples` blocks of a
    character's example dialogue are left (-1: all). `engine` is the mark of the engine that
    answered last and counted it, `recap` that of the summary which stood there, and of the part
    that was played ("": neither). `erased` is how often something was erased from the conversation
    for good; what was begun before must not bring it back. `timers` are what lorebook entries
    remember from one reply to the next. `language` is that of the person of a direct message, as
    far as it was told ("": not).
    """

    start: int = 0
    system: str | None = None
    base_tokens: int = 0
    cut: int = 0
    usage: Usage = field(default_factory=Usage)
    engine: str = ""
    erased: int = 0
    recap: str = ""
    timers: Mapping[str, int] = field(default_factory=dict[str, int])
    examples: int = -1
    language: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What was said up to the turn with the number `through`, in short.

    `own` tells that a person wrote or changed it; "" is to tell nothing of these turns. It holds
    only as long as none of the turns that it covers is changed or taken away.
    """

    text: str
    through: int
    own: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One conversation as one read of the store gives it: turns in order, state, owed replies.

    `changes` counts how often something that was said, or the summary, has been changed or taken
    away. `facts` are those that were asked for with it, by owner. `stage` is what is set up there
    for roleplay, None where nothing is.
    """

    turns: tuple[Turn, ...] = ()
    state: State = field(default_factory=State)
    pending: tuple[Pending, ...] = ()
    summary: Summary | None = None
    changes: int = field(default=0, compare=False)
    facts: Mapping[str, Sequence[Fact]] = field(default_factory=dict[str, Sequence[Fact]])
    stage: Stage | None = None

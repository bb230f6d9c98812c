"""What every chat file comes down to: who said what, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.errors import BadInput
from bot.language import later

Side = Literal["person", "character", "narrator"]

Mark = Literal["", "bare", "bot"]
"""What only a file of our own says of a line: that nobody is named before it (`bare`), or that the
bot itself said it, as no character (`bot`)."""

LeftOut = Literal["unreadable", "notices", "system", "tools"]
"""Lines that do not come along: those that are none, what a program told its user, the system
prompt, and calls of tools with their results."""

NARRATOR = "Narrator"
"""In whose name stands what nobody in the story says."""


MOST_LINES = 100_000
"""How many lines a file can have; far fewer are kept."""

_TOO_MANY = later(
    "That file has more than {most:,} messages. Please cut off its beginning.", most=MOST_LINES
)


@dataclass(frozen=True, slots=True)
class Line:
    """One message. `name` is as the file has it, "" if it names nobody.

    `at` is when it was said, in Unix milliseconds, 0 if that is not known. `variants` are all texts
    of one that was written more than once; the one at `variant` is `text`. `hidden`: it belongs to
    the story, but the model is not to be sent it.
    """

    side: Side
    name: str
    text: str
    at: int = 0
    variants: tuple[str, ...] = ()
    variant: int = 0
    hidden: bool = False
    mark: Mark = ""


def add(lines: list[Line], line: Line) -> None:
    """Add a line, or raise `BadInput` where there are too many."""
    if len(lines) == MOST_LINES:
        raise BadInput(_TOO_MANY)
    lines.append(line)


@dataclass(frozen=True, slots=True)
class Chat:
    """A whole chat, the oldest line first.

    `user` and `character` are who talks with whom, as the file says it, "" if it does not.
    `left_out` counts what is not among the lines. `note`: the file has an author's note.
    """

    lines: Sequence[Line]
    user: str = ""
    character: str = ""
    left_out: Mapping[LeftOut, int] = field(default_factory=dict[LeftOut, int])
    note: bool = False

"""What is known when a character is about to speak: who is there, what was said, what is set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.characters.card import Card
from bot.characters.lore import book as lorebook
from bot.characters.lore.entry import Book
from bot.characters.stage import Stage
from bot.errors import BadInput

NOBODY = "the user"
"""What `{{user}}` says before the conversation where several people take part in it."""


@dataclass(frozen=True, slots=True)
class Player:
    """A character on stage: its id, its name in this place, its card, and the card's lorebook.

    `book` is best read once with `book_of` and kept: a large one takes its time. `greeting` is the
    number of the greeting that it began with.
    """

    id: str
    name: str
    card: Card
    book: Book | None = None
    greeting: int | None = None


@dataclass(frozen=True, slots=True)
class Listener:
    """A person in the conversation: the name of their persona, or their own, and who that is."""

    name: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the history, as plain text; `is_person` is false for characters' lines."""

    name: str
    text: str
    is_person: bool = True


@dataclass(frozen=True, slots=True)
class Talk:
    """What was said, the oldest first.

    `before` counts the messages that are not among `lines` any more, `replies_before` those of them
    that characters said. `idle` is how many seconds the talk had rested before the newest message.
    """

    lines: Sequence[Line] = ()
    before: int = 0
    replies_before: int = 0
    idle: float | None = None

    @property
    def messages(self) -> int:
        """How many messages there were in all."""
        return self.before + len(self.lines)

    @property
    def replies(self) -> int:
        """How many of all messages characters said."""
        return self.replies_before + sum(not line.is_person for line in self.lines)


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that one character's next prompt is made of.

    `speaker` is the id of the one in `cast` who speaks. `asker` is who is being answered, None if
    nobody in particular; `others` are the other people who take part. `worlds` are the lorebooks
    that are switched on, by id, beside those of the cards. `base` is the operator's system prompt.
    `limit` is how many tokens a prompt can have, `count` tells how many a text has. `seed` is the
    conversation's own: chance is decided by it. `named`: what people say begins with their names.
    `timers` is what the part before gave.
    """

    cast: Sequence[Player]
    speaker: str
    count: Callable[[str], int]
    limit: int
    stage: Stage = field(default_factory=Stage)
    asker: Listener | None = None
    others: Sequence[Listener] = ()
    talk: Talk = field(default_factory=Talk)
    worlds: Sequence[tuple[str, Book]] = ()
    base: str = ""
    seed: str = ""
    now: datetime | None = None
    named: bool = False
    timers: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def player(self) -> Player:
        """Who speaks."""
        return next((one for one in self.cast if one.id == self.speaker), self.cast[0])

    @property
    def shared(self) -> bool:
        """Whether several characters are to be told apart."""
        return len(self.cast) > 1

    @property
    def people(self) -> tuple[Listener, ...]:
        """All people who take part, each once, in an order that does not tell who asks."""
        found = {one.name.casefold(): one for one in self.others}
        if self.asker:
            found[self.asker.name.casefold()] = self.asker
        return tuple(found[name] for name in sorted(found))


def book_of(card: Card) -> Book | None:
    """The lorebook within a card, if there is one that can be read."""
    if not card.character_book:
        return None
    try:
        return lorebook.read(card.character_book)
    except BadInput:
        return None

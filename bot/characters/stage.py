"""What is set up in one conversation for roleplay: who is on stage, and how the scene is played."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.characters.part import Voice

Order = Literal["natural", "list", "model", "manual"]
"""Who speaks next: by address and talkativeness, all in turn, the model's choice, or by command."""

ROUNDS = 2
"""How many lines characters speak to each other before a person has to say something."""


@dataclass(frozen=True, slots=True)
class Member:
    """A character on stage.

    `library` is whose library has it, `character` its id there, `card` the digest of its card as it
    was brought here. `name` is what people see and call it. `greeting` tells which of its greetings
    was used. `muted`: it hears but does not speak. `adult`: only in age-restricted channels.
    """

    library: str
    character: str
    card: str
    name: str
    picture: str = ""
    talkativeness: float = 0.5
    greeting: int = 0
    muted: bool = False
    adult: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """An author's note: said with every so many messages of people, `depth` turns from the end."""

    text: str
    depth: int = 4
    every: int = 1
    role: Voice = "system"


@dataclass(frozen=True, slots=True)
class Stage:
    """The setting of a conversation in which characters play.

    `scenario` comes in the stead of the cards' own. `lore` are the lorebooks of the library that
    are switched on beside those of the cards, as (library, id); `lore_off` are single entries that
    are switched off, by `book/entry`. `rounds` bounds how long characters talk among themselves.
    `tools`: characters may use tools. `trim`: unfinished last sentences are dropped. `host` is the
    id of the person who began the scene.
    """

    cast: tuple[Member, ...] = ()
    title: str = ""
    scenario: str = ""
    mood: str = ""
    note: Note | None = None
    order: Order = "natural"
    rounds: int = ROUNDS
    paused: bool = False
    lore: tuple[tuple[str, str], ...] = ()
    lore_off: tuple[str, ...] = ()
    tools: bool = False
    trim: bool = False
    host: str = ""

    @property
    def several(self) -> bool:
        """Whether more than one character is there to be told apart."""
        return len(self.cast) > 1

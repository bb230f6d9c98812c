"""Where characters, lorebooks and people's personas are kept: a part of the store's port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from bot.characters.stage import Stage

Visibility = Literal["private", "server"]

MAX_CHARACTERS = 200
"""How many characters a library can have."""

MAX_WORLDS = 50
"""How many lorebooks a library can have beside those within cards."""

MAX_BYTES = 256 * 2**20
"""How much a library can hold: all cards, pictures and lorebooks together."""


@dataclass(frozen=True, slots=True)
class Character:
    """A character in a library, without its card.

    `library` is a server's or a person's (`discord:server:111`, `discord:user:42`). `card` and
    `picture` are digests under which the bytes are kept ("" if there is no picture). `owner` is the
    id of who brought it; a `private` one is found and used by that person only. `adult`: it plays
    in age-restricted channels only. `talkativeness` is between 0 and 1. `created` and `updated` are
    Unix times.
    """

    id: str
    library: str
    name: str
    owner: str
    card: str
    picture: str = ""
    visibility: Visibility = "server"
    adult: bool = False
    talkativeness: float = 0.5
    tags: tuple[str, ...] = ()
    created: float = 0.0
    updated: float = 0.0


@dataclass(frozen=True, slots=True)
class World:
    """A lorebook of its own in a library; `book` is the digest of its JSON."""

    id: str
    library: str
    name: str
    owner: str
    book: str
    entries: int = 0


@dataclass(frozen=True, slots=True)
class Persona:
    """Who a person is in a server's stories: a name, and what characters know of them."""

    name: str = ""
    text: str = ""


class Library(Protocol):
    """Characters, lorebooks, personas and stages. Errors are `bot.errors.StoreUnavailable`."""

    async def characters(self, library: str) -> Sequence[Character]:
        """All characters of a library, by name."""
        ...

    async def characters_of(self, libraries: Sequence[str]) -> Mapping[str, Sequence[Character]]:
        """All characters of several libraries, by name, in one round trip."""
        ...

    async def character(self, library: str, character: str) -> Character | None:
        """One character by its id."""
        ...

    async def save_character(
        self, character: Character, card: bytes | None = None, picture: bytes | None = None
    ) -> bool:
        """Save a character, with its card and its picture if they are new.

        Returns False, and changes nothing, if the library has `MAX_CHARACTERS` others, or would
        hold more than `MAX_BYTES`.
        """
        ...

    async def delete_character(self, library: str, character: str) -> bool:
        """Forget a character; returns whether there was one.

        Its card and picture are kept for as long as a story is told with them.
        """
        ...

    async def blob(self, library: str, digest: str) -> bytes | None:
        """A card, a lorebook or a picture, by the digest under which it was saved.

        None once it was erased. What no character names any more is kept longer with each use.
        """
        ...

    async def worlds(self, library: str) -> Sequence[World]:
        """All lorebooks of a library, by name."""
        ...

    async def save_world(self, world: World, book: bytes | None = None) -> bool:
        """Save a lorebook; False, and nothing is changed, if there is no room for another one."""
        ...

    async def delete_world(self, library: str, world: str) -> bool:
        """Forget a lorebook; returns whether there was one."""
        ...

    async def personas(self, library: str, people: Sequence[str]) -> Mapping[str, Persona]:
        """The personas that people have set in a server, by person."""
        ...

    async def set_persona(self, library: str, person: str, persona: Persona | None) -> None:
        """Keep a person's persona, None to forget it."""
        ...

    async def save_stage(self, conversation: str, stage: Stage | None) -> None:
        """Set a conversation's stage, None to clear it. One round trip."""
        ...

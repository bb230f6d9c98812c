"""What people asked the bot to remember: the facts, and whose they are.

A fact belongs to an owner, which is a scope and the place where it was told. Nothing but the
owners that apply to a question is ever read for it, so what was told elsewhere cannot leak.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Scope = Literal["person", "channel", "server"]

MAX_FACTS = 200
"""How many facts an owner keeps; the newest and the pinned ones stay."""

MAX_PINNED = 5
"""How many facts of an owner can be pinned: they are in every prompt."""

LONGEST_FACT = 500
"""Characters of a fact at most."""

_FIELD = "facts"
_SCOPES: tuple[Scope, ...] = ("person", "channel", "server")


@dataclass(frozen=True, slots=True)
class Fact:
    """What somebody asked the bot to remember: who, called what, and when (Unix time).

    `id` tells it from the other facts of its owner. `pinned` is the name of who pinned it, ""
    if nobody did. `updated` is when it was last changed, 0 if it never was.
    """

    text: str
    asker: str
    name: str
    at: float
    id: str = ""
    pinned: str = ""
    updated: float = 0.0


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose facts: those of one person there, of a channel, or of a server.

    `name` is the front's own and has no blanks in it. A person's facts are for that person only.
    """

    scope: Scope
    name: str


class FactStore(Protocol):
    """What the store does with facts; each call is one round trip."""

    async def remember(self, owner: str, fact: Fact) -> None:
        """Keep a fact, in place of the oldest that is not pinned if there are `MAX_FACTS`.

        The same words of the same person are kept once, as they were told last.
        """
        ...

    async def facts(self, owner: str) -> Sequence[Fact]:
        """All facts of an owner, newest first."""
        ...

    async def facts_of(self, owners: Sequence[str]) -> Mapping[str, Sequence[Fact]]:
        """All facts of several owners, newest first."""
        ...

    async def change_fact(self, owner: str, fact: Fact) -> bool:
        """Write the fact with this id again; returns whether it is still there."""
        ...

    async def forget_fact(self, owner: str, fact: str) -> bool:
        """Forget the fact with an id; returns whether there was one."""
        ...


def new_id() -> str:
    """An id for a new fact."""
    return secrets.token_hex(4)


def one_line(text: str) -> str:
    """A fact's text as it is kept: on one line."""
    return " ".join(text.split())


def note_owners(owners: Sequence[Owner]) -> dict[str, str]:
    """What a front adds to a reply's origin, so that the same facts apply after a restart."""
    said = " ".join(f"{owner.scope}={owner.name}" for owner in owners)
    return {_FIELD: said} if said else {}


def owners_in(origin: Mapping[str, str], conversation: str) -> tuple[Owner, ...]:
    """Whose facts apply to a reply; where its front noted none, those of the conversation."""
    if _FIELD not in origin:
        return (Owner("channel", conversation),)
    parts = (part.partition("=") for part in origin[_FIELD].split())
    return tuple(
        Owner(known, name) for scope, _, name in parts for known in _SCOPES if known == scope
    )

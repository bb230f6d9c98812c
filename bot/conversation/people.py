"""What the store can tell and forget about people, and for how long servers want things kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(slots=True)
class Held:
    """What is kept of one person, as data for them to read; everything is as it was written.

    `conversations` are their turns and the replies to them, oldest first, by conversation;
    `system_prompts` and `schemas` those of their own talks, by conversation and by name.
    `characters` and `lorebooks` are what they brought into libraries (`place`), `personas` who they
    are in stories; `pictures` are those of the characters by their digests. `other` is what has no
    place of its own here.
    """

    conversations: dict[str, list[dict[str, Any]]] = field(
        default_factory=dict[str, list[dict[str, Any]]]
    )
    facts: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    reminders: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    schemas: dict[str, str] = field(default_factory=dict[str, str])
    system_prompts: dict[str, str] = field(default_factory=dict[str, str])
    tool_calls: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    characters: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    lorebooks: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    personas: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    pictures: dict[str, bytes] = field(default_factory=dict[str, bytes])
    other: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    @property
    def turns(self) -> int:
        """How many messages of the person there are."""
        return sum(turn["role"] == "user" for turn in self._every)

    @property
    def replies(self) -> int:
        """How many replies to them there are."""
        return sum(turn["role"] != "user" for turn in self._every)

    @property
    def _every(self) -> list[dict[str, Any]]:
        return [turn for turns in self.conversations.values() for turn in turns]


class People(Protocol):
    """The part of the store that is about people."""

    async def about(self, person: str, own: Sequence[str] = (), *, files: bool = False) -> Held:
        """All that is kept of a person and their talks; `own` are conversations of theirs alone.

        With `files` what they brought into libraries is there as a whole: cards and lorebooks have
        their JSON in the place of its digest, and there are the pictures.
        """
        ...

    async def erase(self, person: str, own: Sequence[str] = ()) -> Held:
        """Erase all that is kept about a person; returns what there was.

        Replies that were begun before write nothing any more.
        """
        ...

    async def opted_out(self) -> frozenset[str]:
        """The marks of those who want to be left alone (`OptOuts` makes them)."""
        ...

    async def set_opted_out(self, mark: str, out: bool) -> None:
        """Add or remove somebody's mark."""
        ...

    async def retention(self, server: str) -> int | None:
        """For how many days a server wants its conversations kept; None: as long as others."""
        ...

    async def set_retention(
        self, server: str, days: int | None, conversations: Iterable[str] = ()
    ) -> int:
        """Keep a server's conversations for `days` after their last write, None for no own limit.

        Holds at once, also for `conversations`, which are the server's too. Returns how many were
        old enough to go.
        """
        ...

"""The part of the store's port that changes what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from bot.conversation.turns import Summary, Turn

RESTORE_SECONDS = 86_400
"""How long what was taken back, or forgotten by a reset, can be brought again."""


Where = Literal["unknown", "live", "archived", "taken back"]


@dataclass(frozen=True, slots=True)
class Edited:
    """What came of a message's edit.

    `where` its turn is: nowhere, in the window, in the archive, or among those that were taken
    back. `changed` tells whether its text is another one now, `turns` are those of the window.
    """

    where: Where = "unknown"
    changed: bool = False
    turns: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class Brought:
    """Turns out of a file, as they are put into a conversation.

    `window` are those that the model is sent, at least one, `cut` those that count as cut.
    `dropped` are the ids of turns of the window that are cut to make room, `start` is the number
    of the first turn that the model is sent then. `instead`: they come in the place of what was
    said there, else behind it.
    """

    window: Sequence[Turn]
    cut: Sequence[Turn] = ()
    dropped: Sequence[str] = ()
    start: int = 1
    instead: bool = True


class Revising(Protocol):
    """What can be done to turns that are there. Errors are `bot.errors.StoreUnavailable`."""

    async def clear(
        self,
        conversation: str,
        *,
        restorable: bool = False,
        heard: str = "",
        settings: bool = False,
    ) -> int:
        """Forget a conversation's turns, archived ones too, and what is owed there.

        Its system prompt and its stage stay, but with `settings`. Returns how many turns there
        were. `restorable` keeps them aside for `RESTORE_SECONDS`. For as long the message with the
        id `heard` stays known to be.
        """
        ...

    async def bring(self, conversation: str, brought: Brought, server: str = "") -> None:
        """Put turns out of a file into a conversation, all or nothing.

        What stood there is kept aside for `RESTORE_SECONDS`. `server` is whose conversation it is,
        "" if it is none's.
        """
        ...

    async def is_brought(self, conversation: str) -> bool:
        """Whether turns out of a file stand there, and nothing was said since they came."""
        ...

    async def restore(self, conversation: str) -> int:
        """Bring back what a restorable `clear` forgot, or what stood there before a `bring`.

        Returns how many turns that are; 0 if something was said since, or if there was nothing.
        """
        ...

    async def edit(self, conversation: str, message: str, text: str) -> Edited:
        """Give a user's turn another text, wherever it is kept."""
        ...

    async def remove(self, conversation: str, messages: Sequence[str]) -> tuple[Turn, ...]:
        """Forget the turns that these messages show, wherever they are kept; returns them."""
        ...

    async def amend(self, conversation: str, before: Turn, turn: Turn) -> bool:
        """Write a turn of the window again, if its text is still that of `before`."""
        ...

    async def add(self, conversation: str, turns: Sequence[Turn]) -> None:
        """Put turns into the window that nobody owes an answer to."""
        ...

    async def undo(self, conversation: str, turns: Sequence[str]) -> int:
        """Take turns out of the window, as one step; returns how many there were.

        `redo` brings them back, until something new is said or `RESTORE_SECONDS` have passed.
        """
        ...

    async def undone(self, conversation: str) -> tuple[Turn, ...]:
        """The turns that `redo` would bring back."""
        ...

    async def redo(self, conversation: str) -> tuple[Turn, ...]:
        """Bring back what the newest `undo` took; returns the turns, none if there is nothing."""
        ...

    async def heard(self, conversation: str, messages: Sequence[str]) -> frozenset[str]:
        """Which messages are known: said, cut, taken back, or forgotten by a recent reset."""
        ...

    async def archive(self, conversation: str) -> tuple[Turn, ...]:
        """The turns that were cut from the window, oldest first."""
        ...

    async def summarise(self, conversation: str, summary: Summary | None, changes: int) -> bool:
        """Store a summary, None for none.

        Refused (False) if something was changed since the snapshot with so many `changes`.
        """
        ...

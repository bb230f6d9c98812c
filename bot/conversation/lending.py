"""What a channel lends to the talks in its threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.characters.stage import Stage


@dataclass(frozen=True, slots=True)
class Loan:
    """What was set up in a conversation itself: its system prompt and its stage, None for none."""

    system: str | None = None
    stage: Stage | None = None

    def __bool__(self) -> bool:
        return bool(self.system) or self.stage is not None


class Lending(Protocol):
    """What a store knows of loans. Errors are `bot.errors.StoreUnavailable`."""

    async def loan(self, conversation: str) -> Loan:
        """What a conversation can lend. One round trip."""
        ...

    async def lend(self, loan: Loan, to: str) -> None:
        """Set it up in another conversation, unless anything was ever set up there.

        Until somebody changes it there, it is forgotten with what is said.
        """
        ...

"""What goes on in the conversations of this process: who writes there, and who waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.conversation.ask import Ask
from bot.conversation.reply import Reply


@dataclass(slots=True)
class Place:
    """One conversation of this process: whoever holds `lock` may change it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: list[Ask] = field(default_factory=list[Ask])
    reply: Reply | None = None
    visitors: int = 0


class Places:
    """The conversations in which something goes on; the others take no memory."""

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}

    @asynccontextmanager
    async def visit(self, conversation: str) -> AsyncGenerator[Place, None]:
        """The place of a conversation; it is dropped when the last visitor leaves."""
        place = self._places.setdefault(conversation, Place())
        place.visitors += 1
        try:
            yield place
        finally:
            place.visitors -= 1
            if not place.visitors:
                self._places.pop(conversation, None)

    @asynccontextmanager
    async def alone(self, conversation: str) -> AsyncGenerator[Place, None]:
        """The same, when nobody else writes or changes anything there."""
        async with self.visit(conversation) as place, place.lock:
            yield place

    def writing(self, conversation: str) -> Reply | None:
        """The reply that is being written there right now."""
        place = self._places.get(conversation)
        return place.reply if place and place.reply and not place.reply.done else None

    def __len__(self) -> int:
        return len(self._places)

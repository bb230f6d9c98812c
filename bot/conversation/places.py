"""What goes on in the conversations of this process: who writes there, and who waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.conversation.ask import Ask
from bot.conversation.reply import Reply

# How many deleted messages are remembered, so that none of them is answered: it may be on its way.
_REMEMBERED = 1_000


@dataclass(slots=True)
class Place:
    """One conversation of this process: whoever holds `lock` may change it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: list[Ask] = field(default_factory=list[Ask])
    reply: Reply | None = None
    visitors: int = 0
    beginning: tuple[Ask, ...] = ()
    unwanted: set[str] = field(default_factory=set[str])

    def awaits(self, message: str) -> bool:
        """Whether a message waits to be answered; its text may be another one by now."""
        return any(ask.id == message for ask in self.waiting)

    def drop(self, messages: Collection[str]) -> None:
        """Let messages wait no more."""
        self.waiting[:] = [ask for ask in self.waiting if ask.id not in messages]

    def let_go(self, person: str) -> bool:
        """Drop what a person has asked; returns whether something of it is under way already."""
        self.waiting[:] = [ask for ask in self.waiting if ask.author != person]
        begins = any(ask.author == person for ask in self.beginning)
        if begins:
            self.unwanted.add(person)
        answered = self.reply is not None and person in self.reply.askers
        if self.reply and answered:
            self.reply.withdraw()
        return begins or answered


class Places:
    """The conversations in which something goes on; the others take no memory."""

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}
        self._lost: dict[str, None] = {}

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

    def let_go(self, person: str) -> list[str]:
        """Drop everywhere what a person has asked; returns where something is just ending."""
        return [name for name, place in self._places.items() if place.let_go(person)]

    def close(self) -> list[str]:
        """Drop all messages that wait to be answered, and return them."""
        dropped: list[str] = []
        for place in self._places.values():
            messages = [ask.id for ask in place.waiting if "interaction" not in ask.origin]
            place.drop(messages)
            dropped += messages
        return dropped

    def replies(self) -> list[tuple[str, Reply]]:
        """What is being written, with its conversation."""
        found = ((name, self.writing(name)) for name in self._places)
        return [(name, reply) for name, reply in found if reply]

    def writes_in(self, place: str) -> bool:
        """Whether anything is written in a conversation, or one whose name begins with it."""
        return any(name == place or name.startswith(f"{place}:") for name, _ in self.replies())

    def lose(self, messages: Iterable[str]) -> None:
        """Remember that messages are gone."""
        self._lost.update(dict.fromkeys(messages))
        while len(self._lost) > _REMEMBERED:
            del self._lost[next(iter(self._lost))]

    def is_lost(self, message: str) -> bool:
        """Whether a message went a short while ago."""
        return message in self._lost

    def __contains__(self, conversation: str) -> bool:
        return conversation in self._places

    def __len__(self) -> int:
        return len(self._places)

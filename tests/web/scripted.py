"""An engine that writes what a test tells it to."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator

from bot.conversation.ports import End, EngineInfo, Generation, Text
from bot.errors import EngineUnreachable

Piece = str | asyncio.Event | Exception


class ScriptedEngine:
    """Answers in order: pieces of text, events to wait for, errors to raise.

    Without a script it says "Hello!". `pause` is the time between two pieces, in seconds.
    """

    def __init__(self) -> None:
        self.answers: deque[tuple[Piece, ...]] = deque()
        self.prompts: list[str] = []
        self.pause = 0.0
        self.closed = 0
        self.is_up = True

    def will_say(self, *pieces: Piece) -> None:
        self.answers.append(pieces)

    async def stream(self, request: Generation) -> AsyncGenerator[Text | End, None]:
        if not self.is_up:
            raise EngineUnreachable
        self.prompts.append(request.prompt)
        pieces = self.answers.popleft() if self.answers else ("Hello!",)
        written = 0
        try:
            for piece in pieces:
                if isinstance(piece, Exception):
                    raise piece
                if isinstance(piece, asyncio.Event):
                    await piece.wait()
                    continue
                await asyncio.sleep(self.pause)
                written += 1
                yield Text(piece)
        except GeneratorExit:
            self.closed += 1
            raise
        except asyncio.CancelledError:
            self.closed += 1
            raise
        size = len(request.prompt) // 4
        yield End("stop", size, size // 2, written)

    async def count_tokens(self, text: str) -> int | None:
        return len(text) // 4 + 1

    async def describe(self) -> EngineInfo:
        if not self.is_up:
            raise EngineUnreachable
        return EngineInfo("scripted", "hermes-tiny", 2048)

    async def aclose(self) -> None:
        pass

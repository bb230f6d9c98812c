"""What an engine's own writing tells of it, beside what it says when it is asked."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator
from contextlib import aclosing

from bot.conversation.ports import End, Engine, EngineInfo, Generation, Text
from bot.errors import EngineBusy, EngineChanged, EngineError, PromptTooLong

# For so many seconds an engine's own writing tells more of it than what it says, or does not say.
_FRESH = 300.0

# One answer may fail for many reasons; so many in a row are the engine's.
_IN_A_ROW = 3

# Refusals of a server that is well.
_NO_FAULT = (EngineBusy, EngineChanged, PromptTooLong)


class Pulse:
    """When an engine wrote last, and how often it has failed to write since then."""

    def __init__(self) -> None:
        self._newest: EngineError | None = None
        self._failures = 0
        self._at = -math.inf

    @property
    def fault(self) -> EngineError | None:
        """Its newest failure if it fails with every answer, and not long ago; else None."""
        return self._newest if self._failures >= _IN_A_ROW and self._is_fresh else None

    @property
    def beats(self) -> bool:
        """Whether its newest answer came, and that not long ago."""
        return self._failures == 0 and self._is_fresh

    @property
    def _is_fresh(self) -> bool:
        return _now() - self._at < _FRESH

    def wrote(self) -> None:
        """Note that a piece of an answer has come."""
        self._newest, self._failures, self._at = None, 0, _now()

    def failed(self, error: EngineError) -> None:
        """Note that an answer has failed."""
        if not isinstance(error, _NO_FAULT):
            self._newest, self._failures, self._at = error, self._failures + 1, _now()


class Heeded:
    """An engine whose answers and failures are noted in `pulse`."""

    def __init__(self, engine: Engine, pulse: Pulse) -> None:
        self._engine = engine
        self._pulse = pulse

    async def stream(self, request: Generation) -> AsyncGenerator[Text | End, None]:
        """The engine's stream."""
        try:
            async with aclosing(self._engine.stream(request)) as parts:
                async for part in parts:
                    self._pulse.wrote()
                    yield part
        except EngineError as error:
            self._pulse.failed(error)
            raise

    async def count_tokens(self, text: str) -> int | None:
        """What the engine counts."""
        return await self._engine.count_tokens(text)

    async def describe(self) -> EngineInfo:
        """What the engine says."""
        return await self._engine.describe()

    async def aclose(self) -> None:
        """Close the engine."""
        await self._engine.aclose()


def _now() -> float:
    return asyncio.get_running_loop().time()

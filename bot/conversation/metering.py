"""Counting the tokens that an engine writes beside replies: for JSON, recaps and summaries.

The tokens of a reply are counted by its commit. What is written here has none, so it is counted
by a round trip of its own, and only where tokens are limited.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace

from bot.conversation.fair_order import Asker
from bot.conversation.limits import Limits
from bot.conversation.models import Served
from bot.conversation.ports import End, EngineInfo, Generation, Store, Text
from bot.errors import StoreUnavailable


class Metering:
    """Gives engines away, and counts what they write for those to whom they were given."""

    def __init__(self, store: Store, limits: Limits) -> None:
        self._store = store
        self._limits = limits

    @asynccontextmanager
    async def of(self, served: Served, asker: Asker, name: str) -> AsyncGenerator[Served, None]:
        """What is served; all that its engine writes inside is counted, under a name of its own.

        While the store is away nothing is counted.
        """
        meter = Meter(served)
        try:
            yield replace(served, engine=meter)
        finally:
            if spent := self._limits.spend([asker], meter.written):
                with suppress(StoreUnavailable):
                    await self._store.spend(spent, name)


class Meter:
    """An engine that counts what it writes; what it did not come to the end of is estimated."""

    def __init__(self, served: Served) -> None:
        self._engine = served.engine
        self._model = served.model
        self.written = 0

    async def stream(self, request: Generation) -> AsyncGenerator[Text | End, None]:
        """The engine's stream."""
        uncounted, counted = "", 0
        try:
            async with aclosing(self._engine.stream(request)) as events:
                async for event in events:
                    if isinstance(event, Text):
                        uncounted += event.text
                    else:
                        counted = event.generated_tokens
                    yield event
        finally:
            self.written += counted or (self._model.estimate(uncounted) if uncounted else 0)

    async def count_tokens(self, text: str) -> int | None:
        """What the engine counts."""
        return await self._engine.count_tokens(text)

    async def describe(self) -> EngineInfo:
        """What the engine says."""
        return await self._engine.describe()

    async def aclose(self) -> None:
        """Nothing: the engine goes on."""

"""Looking after the engines: which of them answer, and who is told when one does not."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

from bot import metrics
from bot.conversation.absence import Absence, Away, Back
from bot.conversation.life import failure_of
from bot.conversation.models import Served
from bot.conversation.ports import EngineInfo
from bot.errors import EngineError, EngineTimeout

log = logging.getLogger(__name__)

PAUSE = 15.0
"""Seconds between two looks."""

_PATIENCE = 5.0

T = TypeVar("T")

Listener = Callable[[str, Away | Back], None]
"""Is told an engine's name and the news of it; may not wait. `Away.since` is a Unix time."""


class EngineWatch:
    """Looks at all engines every now and then. `after` is how long one is away before it is news.

    `run` is the loop; without it, `look` looks once.
    """

    def __init__(self, engines: Iterable[Served], after: float) -> None:
        self._engines = tuple(engines)
        self._absences = {served.name: Absence(after) for served in self._engines}
        self._known: dict[str, EngineInfo] = {}
        self._listeners: list[Listener] = []
        self._asking: dict[str, asyncio.Task[Any]] = {}

    def listen(self, listener: Listener) -> None:
        """Have `listener` told of all that is news."""
        self._listeners.append(listener)

    def ignore(self, listener: Listener) -> None:
        """Tell `listener` no more."""
        self._listeners.remove(listener)

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        try:
            while True:
                try:
                    await self.look()
                except Exception:  # a defect in one round must not end the watch
                    log.exception("looking after the engines: a round failed")
                await asyncio.sleep(PAUSE)
        finally:
            for asking in self._asking.values():
                asking.cancel()

    async def look(self) -> None:
        """Look at every engine once, and tell what is news."""
        found = await asyncio.gather(*map(self._look_at, self._engines))
        for served, (info, answers) in zip(self._engines, found, strict=True):
            self._show(served.name, info, answers=answers)
            now = asyncio.get_running_loop().time()
            news = self._absences[served.name].note(answers=answers, now=now)
            if isinstance(news, Away):
                log.warning("engine %s is away", served.name)
                news = Away(time.time() - (now - news.since))
            elif isinstance(news, Back):
                log.info("engine %s is back after %.0f s", served.name, news.seconds)
            if news is not None:
                for listener in self._listeners:
                    listener(served.name, news)

    async def _look_at(self, served: Served) -> tuple[EngineInfo | None, bool]:
        """What an engine says of itself, None if it does not; and whether it answers."""
        said = await self._soon(_described(served), f"look at {served.name}")
        if said is None:
            said = EngineTimeout(detail="it does not say what it serves")
        if isinstance(said, EngineError):
            return None, failure_of(served, said) is None
        return said, failure_of(served, None) is None

    async def _soon(self, work: Coroutine[Any, Any, T], name: str) -> T | None:
        """What comes of some work; None if it does not come soon enough."""
        asking = self._asking.pop(name, None)
        if asking is None:
            asking = asyncio.create_task(work, name=name)
        else:
            work.close()
        # Not cancelled when it takes too long: an engine that is just being started (the embedded
        # one) would never get any further. The next look waits for the same answer.
        done, _ = await asyncio.wait([asking], timeout=_PATIENCE)
        if not done:
            self._asking[name] = asking
            return None
        return asking.result()

    def _show(self, engine: str, info: EngineInfo | None, *, answers: bool) -> None:
        metrics.ENGINE_UP.labels(engine).set(answers)
        if info is None or info == self._known.get(engine):
            return
        if before := self._known.get(engine):
            metrics.ENGINE_INFO.remove(engine, before.kind, before.model)
        self._known[engine] = info
        metrics.ENGINE_INFO.labels(engine, info.kind, info.model).set(1)


async def _described(served: Served) -> EngineInfo | EngineError:
    try:
        # Also the model learns it: an engine may be restarted with another one between questions.
        return await served.model.look()
    except EngineError as error:
        log.debug("engine %s: %s", served.name, error)
        return error

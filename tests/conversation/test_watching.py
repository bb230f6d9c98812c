"""Engines that are looked after, on a clock that jumps: each absence is news once, and its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress

import pytest

from bot.checks.engine import first_word
from bot.conversation.absence import STEADY, Absence, Away, Back
from bot.conversation.model import Model
from bot.conversation.models import Served
from bot.conversation.ports import End, EngineInfo, Generation, Text
from bot.conversation.watching import PAUSE, EngineWatch
from bot.errors import EngineError, EngineTimeout, EngineUnreachable
from tests.stand_ins.clock import run
from tests.stand_ins.engine import ScriptedEngine

AFTER = 120.0
Weather = Callable[[float], bool]


class Fickle(ScriptedEngine):
    """An engine that answers when the weather is fine; `slow` is how long that takes.

    `told` is when it says what it serves, `written` when it writes; both are `fine` unless given.
    """

    def __init__(
        self,
        fine: Weather,
        slow: float = 0.0,
        *,
        told: Weather | None = None,
        written: Weather | None = None,
    ) -> None:
        super().__init__()
        self.told, self.written, self.slow, self.asked = told or fine, written or fine, slow, 0

    async def describe(self) -> EngineInfo:
        self.asked += 1
        await self._weather(self.told, EngineTimeout if self.told is not self.written else None)
        return self.info

    async def stream(self, request: Generation) -> AsyncGenerator[Text | End, None]:
        await self._weather(self.written)
        async with aclosing(super().stream(request)) as parts:
            async for part in parts:
                yield part

    async def _weather(self, fine: Weather, bad: type[EngineError] | None = None) -> None:
        await asyncio.sleep(self.slow)
        if not fine(asyncio.get_running_loop().time()):
            raise bad or EngineUnreachable


def watched(engine: Fickle, seconds: float, every: float = 0) -> list[tuple[float, Away | Back]]:
    """What is news while an engine is watched for so long, and when it becomes news.

    `every` is how often somebody asks it for an answer; 0: nobody does.
    """
    news: list[tuple[float, Away | Back]] = []

    async def watch() -> None:
        loop = asyncio.get_running_loop()
        served = Served("default", engine, Model(engine, None, 64)).heeded()
        watching = EngineWatch([served], AFTER)
        watching.listen(lambda _, one: news.append((loop.time(), one)))
        task = asyncio.create_task(watching.run())
        for _ in range(int(seconds / every)) if every else ():
            await asyncio.sleep(every)
            with suppress(EngineError):
                await first_word(served)
        await asyncio.sleep(seconds % every if every else seconds)
        task.cancel()

    run(watch())
    return news


def kinds(news: list[tuple[float, Away | Back]]) -> list[type]:
    return [type(one) for _, one in news]


def test_an_engine_that_answers_is_no_news():
    assert watched(Fickle(lambda _: True), 86_400) == []


def test_a_short_absence_is_no_news():
    assert watched(Fickle(lambda now: not 100 < now < 200), 3_600) == []


def test_an_absence_is_told_once_and_its_end_with_how_long_it_was():
    news = watched(Fickle(lambda now: not 300 <= now < 7_500), 86_400)
    assert kinds(news) == [Away, Back]
    (told, _), (ended, back) = news
    assert AFTER <= told - 300 <= AFTER + PAUSE
    assert STEADY <= ended - 7_500 <= STEADY + 2 * PAUSE
    assert back.seconds == pytest.approx(7_200, abs=2 * PAUSE)


def test_each_absence_is_told():
    news = watched(Fickle(lambda now: now % 7_200 < 3_600), 5 * 7_200 - 1)
    assert kinds(news) == [Away, Back] * 4 + [Away]


def test_an_engine_that_comes_and_goes_is_told_once():
    # Of each minute it answers for twenty seconds, for six hours; then it is well again.
    flapping = Fickle(lambda now: now % 60 < 20 if 1_000 < now < 22_600 else True)
    assert kinds(watched(flapping, 86_400)) == [Away, Back]


def test_a_single_miss_now_and_then_is_no_absence():
    assert watched(Fickle(lambda now: now % 60 > 5), 86_400) == []


def test_an_engine_that_is_slow_to_start_is_asked_once_and_found_in_the_end():
    slow = Fickle(lambda _: True, slow=100.0)
    assert watched(slow, 101) == []
    assert slow.asked == 1


def test_one_that_writes_is_not_away_whatever_it_says_of_itself():
    silent = Fickle(lambda _: True, told=lambda _: False)
    assert watched(silent, 7_200, every=60) == []
    assert len(silent.requests) == 7_200 / 60, "nobody has it write just to see"


def test_one_that_says_nothing_and_is_asked_nothing_is_away():
    [(_, news)] = watched(Fickle(lambda _: True, told=lambda _: False), 7_200)
    assert isinstance(news, Away)


def test_one_that_says_what_it_serves_and_writes_nothing_is_away():
    polite = Fickle(lambda _: True, written=lambda now: not 1_000 < now < 4_600)
    news = watched(polite, 7_200, every=60)
    assert kinds(news) == [Away, Back]
    assert news[0][0] < 1_000 + 3 * 60 + AFTER + 2 * PAUSE


def test_one_answer_that_fails_is_no_absence():
    once = Fickle(lambda _: True, written=lambda now: not 99 < now < 101)
    assert watched(once, 3_600, every=50) == []


def test_a_failure_of_ours_does_not_end_the_watch(caplog: pytest.LogCaptureFixture):
    broken = Fickle(lambda now: now > 100 or 1 / 0 > 0)
    assert watched(broken, 3_600) == []
    assert "a round failed" in caplog.text
    assert broken.asked > 200


def test_news_comes_once_whatever_the_looker_s_clock_begins_with():
    absence = Absence(10)
    found = [absence.note(answers=False, now=now) for now in (5_000, 5_005, 5_011, 5_020)]
    assert found == [None, None, Away(5_000), None]
    assert absence.note(answers=True, now=5_030) is None
    assert absence.note(answers=True, now=5_030 + STEADY) == Back(30)

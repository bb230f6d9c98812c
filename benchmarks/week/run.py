"""A week from Monday to the verdict."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis import asyncio as redis_asyncio

from benchmarks import machine
from benchmarks.machine import cpu_seconds
from benchmarks.week import samples, troubles, verdict
from benchmarks.week.people import Crowd
from benchmarks.week.samples import Sample
from benchmarks.week.stage import WeekStage, until
from benchmarks.week.verdict import Finding
from bot.store.keys import OWED

# If nothing is answered for so long, the week is over.
_STANDSTILL = 240.0

_WORTH_A_WORD = 20.0

_LOOKS_A_DAY = 6
_NIGHT = 1.5
_LAST_QUESTIONS = 90.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How large a week is: questions, days, people, places and restarts on the first day.

    `percent` shortens all troubles.
    """

    questions: int = 100_000
    days: int = 7
    people: int = 48
    busy: int = 96
    quiet: int = 480
    restarts: int = 6
    seed: int = 1
    percent: int = 100


@dataclass
class Report:
    """What a week has shown."""

    plan: Plan
    findings: list[Finding] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return all(finding.passed is not False for finding in self.findings)


async def run(plan: Plan, say: Say = print, directory: Path | None = None) -> Report:
    """Live through a week."""
    async with WeekStage(plan.seed, directory) as stage:
        await stage.furnish(plan.people, plan.busy, plan.quiet)
        await stage.open()
        await asyncio.sleep(2.5)  # discord.py waits for servers; the first answers come before
        return await _Week(plan, stage, say).live()


class _Week:
    def __init__(self, plan: Plan, stage: WeekStage, say: Say) -> None:
        self.plan, self.stage = plan, stage
        self.report = Report(plan)
        self._say = say
        self._crowd = Crowd(stage, plan.people, plan.seed)
        self._troubles = troubles.Troubles(stage, plan.seed, plan.percent)
        self._began = time.monotonic()
        self._between_looks = plan.questions // plan.days // _LOOKS_A_DAY
        self._next_look = self._between_looks

    async def live(self) -> Report:
        plan = self.plan
        days = troubles.calendar(plan.questions, plan.days, plan.restarts, plan.seed)
        await self._look("the start", inside=True)
        crowd = self._people = asyncio.create_task(self._all_week())
        try:
            for number, day in enumerate(days, start=1):
                self._crowd.most = plan.questions * number // plan.days
                await self._day(number, day)
        finally:
            self._crowd.wake()
            crowd.cancel()
            await asyncio.gather(crowd, return_exceptions=True)
        stuck = await self._one_more_everywhere()
        self.report.findings = verdict.judge(
            self.stage.ledger.questions, self.report.samples, stuck, await self._owed()
        )
        self._account()
        return self.report

    async def _all_week(self) -> None:
        """People who have nothing left to do today go on tomorrow."""
        while True:
            await self._crowd.run()
            await asyncio.sleep(0.05)

    async def _day(self, number: int, day: list[troubles.Appointment]) -> None:
        for appointment in day:
            if not await self._reaches(appointment.at):
                break
            self._tell(f"day {number}: {appointment.name}")
            self._crowd.trouble(begins=True)
            self.stage.ledger.trouble = appointment.name
            await self._troubles.bring(appointment.name)
            self._crowd.trouble(begins=False)
            self.stage.ledger.trouble = ""
        await self._reaches(self._crowd.most)
        await self._crowd.rest()
        await self._crowd.come_back()
        await asyncio.sleep(_NIGHT)
        await self._look(f"night {number}", inside=True)
        self.stage.tidy()
        self._crowd.wake()

    async def _reaches(self, answered: int) -> bool:
        """Wait until so many questions are answered, or all of the day; False at a standstill."""
        ledger, last, since, told = self.stage.ledger, -1, time.monotonic(), False
        while ledger.answered < answered:
            if ledger.answered != last:
                last, since, told = ledger.answered, time.monotonic(), False
            if time.monotonic() - since > _WORTH_A_WORD and not told:
                told = True
                self._tell_what_is_open()
            if time.monotonic() - since > _STANDSTILL:
                return False
            if self._people.done():
                self._people.result()  # a defect of this benchmark is no finding
            if self._crowd.idle:
                return True
            if ledger.answered >= self._next_look:
                self._next_look = ledger.answered + self._between_looks
                await self._look("by day", inside=False)
            await asyncio.sleep(0.05)
        return True

    def _tell_what_is_open(self) -> None:
        """Why nothing goes on: the questions that wait for an answer."""
        for question in self.stage.ledger.questions:
            if not question.settled:
                story = "; ".join(question.story)
                self._tell(f"w{question.number} in {question.place} waits: {story}")

    async def _look(self, at: str, *, inside: bool) -> None:
        sample = await samples.take(self.stage, at, inside=inside)
        self.report.samples.append(sample)
        more = f", {sample.tasks} tasks, {sample.objects:,} objects" if inside else ""
        self._tell(
            f"{at}: process {sample.life}, {sample.resident_mb} MB, {sample.files} files"
            f"{more}; Redis {sample.redis_mb} MB, {sample.redis_keys} keys"
        )

    async def _one_more_everywhere(self) -> list[str]:
        """One more question in each place, to a process that comes after a sudden end."""
        await self._troubles.bring("kill -9")
        asked = []
        for place in self.stage.places:
            question = self.stage.ledger.ask(place.channel, place.people[0])
            text = f"{self.stage.discord.mention} Are you there? [w{question.number}]"
            sent = self.stage.discord.send(place.channel, question.asker, text)
            self.stage.ledger.asked(question, sent)
            asked.append(question)
            await asyncio.sleep(0.005)
        await until(lambda: all(question.answered for question in asked), _LAST_QUESTIONS)
        await self._crowd.come_back()
        await until_nothing_is_owed(self._owed)
        return [f"{question.place}" for question in asked if not question.answered]

    async def _owed(self) -> int:
        async with redis_asyncio.Redis(port=self.stage.valkey.port) as redis:
            return int(await redis.zcard(OWED))

    def _account(self) -> None:
        stage, seconds = self.stage, time.monotonic() - self._began
        questions = stage.ledger.questions
        kinds = {place.channel: place.kind for place in stage.places}
        self.report.figures = {
            "machine": machine.describe(),
            "seconds": round(seconds),
            "questions": len(questions),
            "answers_a_second": round(stage.ledger.answered / seconds, 1),
            "processes": stage.lives,
            "engine_requests": stage.engine.requests,
            "cpu_ms_per_answer_outside": round(
                cpu_seconds(os.getpid()) * 1e3 / max(stage.ledger.answered, 1), 2
            ),
            "cpu_ms_per_answer_in_the_longest_life": _cpu_per_answer(self.report.samples),
            "retries_pressed": sum(question.retries for question in questions),
            "had_to_retry": sum(bool(question.retries) for question in questions),
            "moved_on": sum(one.moved_on and not one.answers for one in questions),
            "deeds": dict(self._crowd.deeds.most_common()),
            "disappointed": dict(self._crowd.disappointed),
            "troubles": dict(self._troubles.had),
            "errors_shown": dict(stage.ledger.errors.most_common(20)),
            "ended_badly": {
                f"w{question.number} ({kinds[question.place]})": question.story
                for question in questions
                if len(question.answers) > 1 or not question.settled
            },
            "not_in_the_stand_in": sorted(set(stage.discord.rest.unsupported))[:10],
        }

    def _tell(self, text: str) -> None:
        seconds = time.monotonic() - self._began
        self._say(f"{seconds:7.1f} s  {self.stage.ledger.answered:6,} answered  {text}")


def _cpu_per_answer(looks: list[Sample]) -> float:
    life = verdict.longest(looks)
    answers = life[-1].answered - life[0].answered
    return round((life[-1].cpu_s - life[0].cpu_s) * 1e3 / max(answers, 1), 2)


async def until_nothing_is_owed(owed) -> None:
    """What is answered is stored a moment later."""
    for _ in range(50):
        if not await owed():
            return
        await asyncio.sleep(0.1)

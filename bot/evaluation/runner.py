"""Asks the engine every case, a few at a time, and judges the answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from time import monotonic

from bot.conversation.model import ModelInUse
from bot.conversation.ports import Engine, Generation, Sampling, Text
from bot.errors import EngineError, EngineUnreachable
from bot.evaluation import asking, scoring
from bot.evaluation.cases import Case
from bot.prompts.neutralise import restore
from bot.prompts.reasoning import ReasoningSplitter

# What NousResearch's evaluator allows for an answer.
_LONGEST = 512


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one case. `failed` tells that the engine gave no answer to judge."""

    id: str
    category: str
    prompt: str
    answer: str
    passed: bool
    reason: str
    seconds: float
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Runner:
    """An engine with the model that it serves; `forced`: JSON is held to its schema."""

    engine: Engine
    model: ModelInUse
    forced: bool = False

    async def run(
        self, cases: Iterable[Case], done: Callable[[Result], None], *, concurrency: int
    ) -> None:
        """Ask every case and hand each result to `done` as it comes.

        An engine that does not answer on one case is a failed case; one that is gone ends the run
        with `EngineUnreachable`.
        """
        waiting = iter(cases)

        async def work() -> None:
            for case in waiting:
                done(await self.ask(case))

        workers = [asyncio.create_task(work()) for _ in range(concurrency)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def ask(self, case: Case) -> Result:
        """Ask one case."""
        prompt = asking.prompt(case, self.model.profile)
        began = monotonic()
        try:
            answer = await self._answer(case, prompt)
        except EngineUnreachable:
            raise
        except EngineError as error:
            reason = f"the engine failed: {error}"
            taken = round(monotonic() - began, 3)
            return Result(case.id, case.category, prompt, "", False, reason, taken, failed=True)
        verdict = scoring.judge(case, answer)
        return Result(
            case.id,
            case.category,
            prompt,
            answer,
            verdict.passed,
            verdict.reason,
            round(monotonic() - began, 3),
        )

    async def _answer(self, case: Case, prompt: str) -> str:
        """What the model says, without what it thinks first."""
        profile = self.model.profile
        request = Generation(
            prompt=prompt,
            max_tokens=min(self.model.max_reply, _LONGEST),
            stop=profile.stop,
            # Greedy, so that two runs can be compared.
            sampling=Sampling(temperature=0.0),
            schema=case.schema if self.forced else None,
        )
        splitter = ReasoningSplitter(profile.reasoning)
        said = ""
        async with aclosing(self.engine.stream(request)) as events:
            async for event in events:
                if isinstance(event, Text):
                    said += splitter.feed(event.text).said
        return restore((said + splitter.finish().said).strip())

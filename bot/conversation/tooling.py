"""The rounds of tools within one reply: what is run, what is refused, and when it is enough."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from bot import metrics, tracing
from bot.conversation.toolbox import MAX_ROUNDS, PlannedCall, Toolbox
from bot.tools import runner
from bot.tools.context import ToolContext
from bot.tools.parsing import Answer, Call, validate
from bot.tools.run import Step, ToolRun
from bot.tools.tool import Tool

MAX_CALLS = 16
"""The most calls of one reply."""

MAX_SECONDS = 90.0
"""How long the tools of one reply may take together."""

_ENOUGH = "No more tools can be used for this answer. Answer now with what you have."
_AGAIN = "This very call has failed before. Change it, or answer without it."
_NOT_OFFERED = "There is no tool {name}. Answer without it, or use one of: {tools}."
_NO_TOOLS = "There are no tools here. Answer the user without any."
_MISFIT = "{problems}. Call the tool again with corrected arguments."
_UNREADABLE = "{fault}. Write the call again within <tool_call></tool_call>, as one JSON object."
_TRUNCATED = "{fault}. Make the call again with shorter arguments, or split it into several."

Choose = Callable[[], Awaitable[tuple[Sequence[Tool], str]]]
"""Chooses tools, and writes the text that tells the model of them."""


class Rounds:
    """Runs the calls of one reply, round by round.

    `tools` are the ones that are offered, `text` is how the model is told of them. `notices` are
    what people are to be told under the reply. Where the model was not known when the reply began,
    `choose` chooses the tools once it is (`settle`).
    """

    def __init__(
        self,
        toolbox: Toolbox | None,
        context: ToolContext,
        tools: Sequence[Tool],
        text: str = "",
        choose: Choose | None = None,
    ) -> None:
        self._toolbox = toolbox
        self._most_rounds = toolbox.rounds if toolbox else MAX_ROUNDS
        self._context = context
        self._choose = choose
        self._offer(tools, text)
        self._failed: set[str] = set()
        self._calls = 0
        self._until: float | None = None
        self._ended = False
        self.steps: list[Step] = []
        self.notices: list[str] = []

    async def settle(self) -> None:
        """Have the tools chosen that were not chosen yet; whoever asks knows the model by now."""
        if self._choose:
            self._offer(*await self._choose())
            self._choose = None

    def _offer(self, tools: Sequence[Tool], text: str) -> None:
        self.tools = tools
        self.text = text
        self._tools = {tool.name: tool for tool in tools}
        self._schemas = [tool.schema for tool in tools]

    @property
    def over(self) -> bool:
        """Whether the model was told to answer now."""
        return self._ended

    def end(self) -> None:
        """Have the model told with the last result that it has to answer now."""
        if not self._ended:
            self._ended = True
            last = self.steps[-1]
            runs = (*last.runs[:-1], _told_to_end(last.runs[-1]))
            self.steps[-1] = replace(last, runs=runs)

    def lines(self, answer: Answer) -> list[str]:
        """What is shown while the calls of an answer run."""
        known = (call for call in answer.calls if call.name in self._tools)
        return [self._tools[call.name].line(call.arguments) for call in known]

    async def run(self, answer: Answer, written: str) -> Step:
        """Run an answer's calls side by side; what cannot be run is said in its place.

        `written` is the answer as the model wrote it.
        """
        if self._until is None:
            self._until = time.monotonic() + MAX_SECONDS
        runs = list(await self._runs(answer.calls))
        runs += [_misread(fault.code, fault.text) for fault in answer.errors]
        for run in runs:
            self._count(run)
        self.steps.append(Step(tuple(runs), "" if answer.calls else written))
        if len(self.steps) >= self._most_rounds:
            self.end()
        return self.steps[-1]

    def _count(self, run: ToolRun) -> None:
        name, outcome = self._label(run.name), _outcome(run)
        metrics.TOOL_CALLS.labels(name, outcome).inc()
        if run.seconds or outcome == "done":
            metrics.TOOL_SECONDS.labels(name).observe(run.seconds)

    def _label(self, name: str) -> str:
        # What a model makes up is no label: there is no end to that.
        return name if name in self._tools else "unknown"

    async def _runs(self, calls: Sequence[Call]) -> Sequence[ToolRun]:
        planned = [self._plan(number, calls) for number in range(len(calls))]
        ready = [one for one in planned if isinstance(one, PlannedCall)]
        refusal = ""
        if ready and self._toolbox:
            refusal, notice = await self._toolbox.prepare(self._context, ready)
            if notice and self._context.asker and notice not in self.notices:
                self.notices.append(notice)
        return await asyncio.gather(*(self._traced(one, refusal) for one in planned))

    async def _traced(self, planned: PlannedCall | ToolRun, refusal: str) -> ToolRun:
        name = planned.name if isinstance(planned, ToolRun) else planned.tool.name
        with tracing.tool(self._label(name)):
            run = await self._one(planned, refusal)
            tracing.tool_ended(_outcome(run))
        return run

    async def _one(self, planned: PlannedCall | ToolRun, refusal: str) -> ToolRun:
        if isinstance(planned, ToolRun):
            return planned
        name, arguments = planned.tool.name, planned.arguments
        left = (self._until or 0) - time.monotonic()
        if refusal or left <= 0 or self._toolbox is None:
            return _failed(name, arguments, refusal or _ENOUGH)
        try:
            async with asyncio.timeout(left):
                run = await self._toolbox.run(self._context, planned)
        except TimeoutError:
            run = _failed(name, arguments, _ENOUGH, planned.tool.line(arguments))
        if run.failed:
            self._failed.add(_key(name, arguments))
        return run

    def _plan(self, number: int, calls: Sequence[Call]) -> PlannedCall | ToolRun:
        """The call with its tool, or the answer that it gets without being run."""
        call = calls[number]
        self._calls += 1
        tool = self._tools.get(call.name)
        if self._calls > MAX_CALLS:
            return _failed(call.name, call.arguments, _ENOUGH)
        if tool is None:
            known = ", ".join(self._tools)
            text = _NOT_OFFERED.format(name=call.name, tools=known) if known else _NO_TOOLS
            return _failed(call.name, call.arguments, text)
        if problems := validate([call], self._schemas):
            said = "; ".join(problem.message for problem in problems)
            text = _MISFIT.format(problems=said[:1].upper() + said[1:])
            return _failed(call.name, call.arguments, text, tool.line(call.arguments))
        if _key(call.name, call.arguments) in self._failed:
            return _failed(call.name, call.arguments, _AGAIN, tool.line(call.arguments))
        return PlannedCall(tool, call.arguments)


def _outcome(run: ToolRun) -> str:
    return "failed" if run.failed else "waiting" if run.action else "done"


def _failed(name: str, arguments: dict[str, Any], text: str, line: str = "") -> ToolRun:
    return ToolRun(name, arguments, runner.error(text), line or name, failed=True)


def _misread(code: str, fault: str) -> ToolRun:
    told = _TRUNCATED if code == "truncated" else _UNREADABLE
    text = told.format(fault=fault[:1].upper() + fault[1:])
    return ToolRun("", {}, runner.error(text), failed=True)


def _told_to_end(run: ToolRun) -> ToolRun:
    """The result, behind the word that it was the last one: of a long result the end is cut off."""
    return replace(run, content={"note": _ENOUGH, "result": run.content})


def _key(name: str, arguments: dict[str, Any]) -> str:
    return json.dumps([name, arguments], sort_keys=True, ensure_ascii=False)

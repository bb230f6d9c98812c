"""The tools of this process: which ones a question may use, and what its calls come to."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot import metrics
from bot.conversation.fair_order import Asker
from bot.conversation.ports import Action, LoggedCall, Store
from bot.conversation.quotas import Allowed, Kind, OwnLimits, Quota, refusal
from bot.conversation.tool_rules import ToolRules
from bot.errors import StoreUnavailable
from bot.language import Text
from bot.tools import runner
from bot.tools.context import ToolContext
from bot.tools.run import ToolRun
from bot.tools.tool import Tool

MAX_ROUNDS = 6
"""After so many rounds of calls a model has to answer with what it has, unless set otherwise."""

CALLS_PER_HOUR = 60
"""How many calls one person may cause in an hour, in one server, unless set otherwise."""

_WAITING = (
    "Nothing was done yet: the user was asked to press Confirm below this answer. "
    "Say what you are about to do, and that it waits for the confirmation."
)
_NO_LOG = "Tools cannot be used right now: their log cannot be written."
_SERVER_TOO_MANY = (
    "This server has used up the {most} tool calls of this hour. Answer without tools."
)
_TOO_MANY = "This user has used up the {most} tool calls of this hour. Answer without tools."


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A call that fits its tool's schema."""

    tool: Tool
    arguments: dict[str, Any]


class Toolbox:
    """All tools that this process has.

    `in_discord` tells whether it is connected to Discord. `foreign` gives the tools of other
    servers, which may change at any time. After `rounds` of calls a model has to answer.
    `calls_per_hour` are one person's in one server,
    `calls_per_server` a whole server's (0 is any number); `own` tells what a server allows less.
    """

    def __init__(
        self,
        tools: Iterable[Tool],
        store: Store,
        rules: ToolRules,
        *,
        in_discord: bool,
        rounds: int = MAX_ROUNDS,
        calls_per_hour: int = CALLS_PER_HOUR,
        calls_per_server: int = 0,
        foreign: Callable[[], Iterable[Tool]] = tuple,
    ) -> None:
        self._own = [tool for tool in tools if in_discord or not tool.needs_discord]
        self._foreign = foreign
        self.rounds = rounds
        self.rules = rules
        self._store = store
        self._most = calls_per_hour
        self._most_of_server = calls_per_server
        self.own: OwnLimits = _no_limits

    @property
    def tools(self) -> Mapping[str, Tool]:
        """Every tool by its name, in the order of the names; the bot's own come first in doubt."""
        every = {tool.name: tool for tool in (*self._foreign(), *self._own)}
        return dict(sorted(every.items()))

    async def offered(self, context: ToolContext) -> tuple[Tool, ...]:
        """The tools that may be used for a question, always in the same order."""
        # As a guest the bot has no channel that such a tool could read or write.
        tools = [one for one in self.tools.values() if not (context.guest and one.needs_discord)]
        standings = await self.rules.of_all(tools, context.places)
        return tuple(
            tool
            for tool, standing in zip(tools, standings, strict=True)
            if standing.allows(context.roles)
        )

    @property
    def allowed(self) -> Allowed:
        """What the operator allows one person in one server, and a whole server (0 is any)."""
        return self._most, self._most_of_server

    def quotas(self, asker: Asker) -> tuple[Quota, ...]:
        """What limits somebody's calls; one person's are counted in each server for itself."""
        person, whole = self.own("calls", asker)
        if not asker.server:
            return (Quota("calls", "everywhere", f"user:{asker.person}", self._most),)
        server = f"server:{asker.server}"
        mine = min(person, self._most) if person else self._most
        found = [Quota("calls", "here", f"{server}:user:{asker.person}", mine)]
        if limits := [most for most in (self._most_of_server, whole) if most]:
            found.append(Quota("calls", "server", server, min(limits)))
        return tuple(found)

    async def prepare(
        self, context: ToolContext, calls: Sequence[PlannedCall]
    ) -> tuple[str, Text | None]:
        """Log a round of calls and count them; "" if they may run.

        Else why not: for the model, and for people if they are to know.
        """
        logged = [
            LoggedCall(
                time.time(),
                context.asker,
                context.channel,
                call.tool.name,
                # What only the asker was to see is not for the log either.
                {} if context.private else call.arguments,
            )
            for call in calls
        ]
        quotas = self.quotas(Asker(context.asker, context.server, context.roles))
        owners, at = [one.owner for one in quotas], logged[0].at
        try:
            counts = await self._store.log_calls(
                context.server or context.conversation, logged, owners
            )
            for quota, count in zip(quotas, counts, strict=True):
                if count > quota.most:
                    # Else who goes on asking would use up what the others of a server have.
                    await self._store.forgive_calls(at, len(logged), owners)
                    told = _SERVER_TOO_MANY if quota.share == "server" else _TOO_MANY
                    return told.format(most=quota.most), refusal(quota, at)
        except StoreUnavailable:
            return _NO_LOG, None
        return "", None

    async def run(self, context: ToolContext, call: PlannedCall) -> ToolRun:
        """Run one call, or ask the asker first if it changes something."""
        if call.tool.changes:
            return await self._wait(context, call)
        return await runner.run(call.tool, context, call.arguments)

    async def confirmed(self, action: Action) -> ToolRun:
        """Run what the asker has confirmed."""
        tool = self.tools.get(action.tool)
        if tool is None:
            content = runner.error(f"there is no tool {action.tool} any more")
            return ToolRun(action.tool, action.arguments, content, failed=True)
        run = await runner.run(tool, action.context, action.arguments)
        metrics.TOOL_CALLS.labels(tool.name, "failed" if run.failed else "done").inc()
        metrics.TOOL_SECONDS.labels(tool.name).observe(run.seconds)
        return run

    async def _wait(self, context: ToolContext, call: PlannedCall) -> ToolRun:
        action = Action(secrets.token_hex(8), call.tool.name, call.arguments, context, time.time())
        try:
            await self._store.save_action(action)
        except StoreUnavailable as error:
            content = runner.error(error.text)
            return ToolRun(call.tool.name, call.arguments, content, failed=True)
        content = {"status": "waiting for confirmation", "note": _WAITING}
        waiting = ToolRun(call.tool.name, call.arguments, content, call.tool.line(call.arguments))
        return replace(waiting, action=action.id)


def _no_limits(_: Kind, __: Asker) -> Allowed:
    return 0, 0

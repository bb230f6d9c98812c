"""What many ask of Redis in the same moment travels in one round trip.

A busy moment (200 people mention the bot, a server restarts and all catch up) is many small calls
that know nothing of each other. What one call costs is mostly the trip: a connection of the pool, a
write, a wake-up, a read. Calls that are made within one turn of the event loop share it here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

Command = tuple[str | bytes | int | float, ...]
Send = Callable[[Sequence[Command]], Awaitable[list[Any]]]
"""Sends commands and returns an answer for each; that of a refused command is its exception."""

_MOST = 32  # calls that share a trip; the first of them waits for the last one's answer


@dataclass(frozen=True, slots=True)
class _Call:
    commands: Sequence[Command]
    answers: asyncio.Future[list[Any]]


class Batching:
    """Gathers calls and sends them with `send`."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._waiting: list[_Call] = []
        self._trips: set[asyncio.Task[None]] = set()

    async def run(self, commands: Sequence[Command]) -> list[Any]:
        """Return the answers, in order; raise the first error among them, or that of the trip.

        Whoever is cancelled no longer waits; the commands are carried out all the same.
        """
        loop = asyncio.get_running_loop()
        call = _Call(commands, loop.create_future())
        self._waiting.append(call)
        if len(self._waiting) == 1:
            loop.call_soon(self._set_out)
        answers = await call.answers
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers

    def _set_out(self) -> None:
        calls, self._waiting = self._waiting, []
        for first in range(0, len(calls), _MOST):
            trip = asyncio.get_running_loop().create_task(
                self._travel(calls[first : first + _MOST])
            )
            self._trips.add(trip)
            trip.add_done_callback(self._trips.discard)

    async def _travel(self, calls: Sequence[_Call]) -> None:
        try:
            answers = iter(await self._send([one for call in calls for one in call.commands]))
        except Exception as error:
            for call in calls:
                if not call.answers.done():
                    call.answers.set_exception(error)
            return
        for call in calls:
            found = [next(answers) for _ in call.commands]
            if not call.answers.done():
                call.answers.set_result(found)

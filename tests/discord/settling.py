"""Two things that simcord is taught here.

Waiting for an asyncio.Event or Lock is a wait like any other. simcord calls a bot settled when each
of its tasks sleeps or is done; a task that waits for an Event which another, sleeping task will set
counts as stuck. Here such a wait is as good as the task it waits for: if that one still works (on a
socket, say), it is itself not settled.

How long a pause has to be to be left to the virtual clock (the horizon), and how long the bot may
work before the test gives up on it (the patience), are two things. simcord has one number for
both, so that a test of short pauses fails where the machine is slow.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
from typing import Any

from simcord import _settlement, env

_WAITS = frozenset({asyncio.Event.wait.__code__, asyncio.Lock.acquire.__code__})
_PATIENCE = 15.0
_known_reason = _settlement._park_reason
_beyond_horizon = 0.0


def install() -> None:
    """Patch simcord for this process; doing it again changes nothing."""
    _settlement._park_reason = _park_reason
    env._is_parked = _is_parked
    env._callback_is_parked = _callback_is_parked


def patience(horizon: float) -> float:
    """The `settle_timeout` in seconds for an Env with that horizon; each Env needs its own."""
    global _beyond_horizon
    _beyond_horizon = max(0.0, _PATIENCE - horizon)
    return horizon + _beyond_horizon


def _is_parked(state: Any, task: Any, deadline: float) -> bool:
    return _settlement._is_parked(state, task, deadline - _beyond_horizon)


def _callback_is_parked(state: Any, record: Any, deadline: float) -> bool:
    return _settlement._callback_is_parked(state, record, deadline - _beyond_horizon)


def _park_reason(state: Any, task: Any, deadline: float, seen: set[int] | None = None) -> Any:
    reason = _known_reason(state, task, deadline, seen)
    if reason is None and not task.done() and _waits_for_another_task(task):
        return "waits for another task of the bot"
    return reason


def _waits_for_another_task(task: asyncio.Task[Any]) -> bool:
    waiter = getattr(task, "_fut_waiter", None)
    if waiter is None or waiter.done():
        return False
    awaited: Any = task.get_coro()
    while awaited is not None:
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "ag_frame", None)
        if frame is not None and frame.f_code in _WAITS:
            return True
        awaited = _awaited_by(awaited, frame)
    return False


def _awaited_by(awaited: Any, frame: Any) -> Any:
    """The next awaitable inwards; a step of an asynchronous generator hides which one it is of."""
    inner = getattr(awaited, "cr_await", None) or getattr(awaited, "ag_await", None)
    if frame is not None and type(inner).__name__ == "async_generator_asend":
        return next(filter(inspect.isasyncgen, gc.get_referents(inner)), None)
    return inner

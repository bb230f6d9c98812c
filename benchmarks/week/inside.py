"""The bot as a process that counts what it holds: `python -m benchmarks.week.inside run`.

It is `python -m bot`, but for forms that it waits for less long, until SIGUSR1 asks it; then it
writes what the garbage collector knows into the file that WEEK_PROBE names. With WEEK_TRACE the
lines that made what is held are among it.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
import tracemalloc
from collections import Counter, deque
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import cogs.forms
from bot.__main__ import main

_LARGE = 50
_CONTAINERS = (dict, list, set, deque, WeakValueDictionary)
_OURS = ("bot.", "cogs.", "discord.", "aiohttp.", "redis.")


def held() -> dict[str, Any]:
    """Tasks by name, objects by type, and the large containers of long-lived things."""
    gc.collect()
    objects = gc.get_objects()
    tasks = Counter(_kind(task) for task in asyncio.all_tasks())
    found = {
        "tasks": sum(tasks.values()),
        "tasks_by_name": dict(tasks.most_common(30)),
        "objects": len(objects),
        "types": dict(Counter(_type(thing) for thing in objects).most_common(40)),
        "containers": dict(_containers(objects).most_common(60)),
    }
    if tracemalloc.is_tracing():
        lines = tracemalloc.take_snapshot().statistics("lineno")[:40]
        found["lines"] = {str(line.traceback): line.size for line in lines}
    return found


def _type(thing: object) -> str:
    return f"{type(thing).__module__}.{type(thing).__qualname__}"


def _kind(task: asyncio.Task[Any]) -> str:
    name = task.get_name()
    if name.startswith("Task-"):
        return getattr(task.get_coro(), "__qualname__", "?")
    return " ".join(word for word in name.split() if not any(c.isdigit() for c in word))


def _containers(objects: list[Any]) -> Counter[str]:
    """How many things each attribute holds, the largest of each class.

    What was there before `gc.freeze` is not among `objects`, so it is reached from them.
    """
    largest: Counter[str] = Counter()
    known: dict[int, Any] = {id(thing): thing for thing in objects if _is_ours(thing)}
    waiting = list(known.values())
    while waiting:
        thing = waiting.pop()
        for name in _attributes(thing):
            value = getattr(thing, name, None)
            if _is_ours(value) and id(value) not in known:
                known[id(value)] = value
                waiting.append(value)
            elif isinstance(value, _CONTAINERS) and len(value) >= _LARGE:
                key = f"{_type(thing)}.{name}"
                largest[key] = max(largest[key], len(value))
    return largest


def _is_ours(thing: object) -> bool:
    return type(thing).__module__.startswith(_OURS)


def _attributes(thing: object) -> list[str]:
    slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
    return [*getattr(thing, "__dict__", ()), *slots]


def _answer(*_: object) -> None:
    file = Path(os.environ["WEEK_PROBE"])
    try:
        text = json.dumps(held())
    except Exception as error:  # a probe that fails must not change what it looks at
        text = json.dumps({"error": f"{type(error).__name__}: {error}"})
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


if __name__ == "__main__":
    # As everything else: in a week that is pressed into half an hour, an hour is some seconds.
    cogs.forms.FORM_SECONDS /= 180
    if os.environ.get("WEEK_TRACE"):
        tracemalloc.start(1)
    signal.signal(signal.SIGUSR1, _answer)
    sys.exit(main())

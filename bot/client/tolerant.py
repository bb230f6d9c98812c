"""Events of Discord that cannot be read cost no more than themselves.

discord.py (2.7.1) ends the whole client over an event that it fails to read, such as a message with
a field that is null for the first time. Its sender could do that again and again.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from functools import partial
from typing import Any

from bot.client import failures
from bot.client.sparse import complete_event

Parser = Callable[[Any], Any]

# Without these there is no connection that is worth keeping.
_NEEDED = frozenset(("READY", "RESUMED"))


def leave_out_unreadable(parsers: MutableMapping[str, Parser]) -> None:
    """Let `parsers` (by event) log what they raise, with a reference, instead of raising it.

    What is only missing is filled in.
    """
    for event, parse in parsers.items():
        read = partial(_complete, event, parse)
        parsers[event] = read if event in _NEEDED else tolerant(event, read)


def tolerant(event: str, parse: Parser) -> Parser:
    """`parse` for an event, which logs what it raises."""
    return partial(_try, event, parse)


def _complete(event: str, parse: Parser, data: Any) -> None:
    parse(complete_event(event, data))


def _try(event: str, parse: Parser, data: Any) -> None:
    try:
        parse(data)
    except Exception as error:
        failures.note(error, f"reading {event}")

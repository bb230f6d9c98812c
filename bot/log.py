"""Logging: readable lines for people, JSON lines for machines."""

from __future__ import annotations

import json
import linecache
import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal

# What every LogRecord carries; anything else was given with `extra` and belongs into the line.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

# Where our own lines come from. Only these say more at DEBUG: discord.py would log there whatever
# people write, and every request with its body.
_OURS = ("bot", "cogs")

# Libraries that talk at INFO about what our own lines say already.
_QUIET = ("discord", "aiohttp.access", "httpx", "httpx2", "httpcore", "huggingface_hub", "asyncio")


# The id of the reply that the running task works on, "" if none.
_REPLY: ContextVar[str] = ContextVar("reply", default="")


@contextmanager
def about_reply(reply: str) -> Generator[None, None, None]:
    """Have every line that is logged inside, also by tasks begun there, name a reply."""
    before = _REPLY.get()
    _REPLY.set(reply)
    try:
        yield
    finally:
        # Not by a token: a generator around this may be closed in another task than began it.
        _REPLY.set(before)


_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class _Formatter(logging.Formatter):
    """Keeps nothing of the source files whose lines stand in a traceback."""

    def formatException(self, ei: _ExcInfo) -> str:
        """Format an exception with its traceback."""
        text = super().formatException(ei)
        # Python keeps whole files for the next traceback: 3 MB after one of 15 modules.
        linecache.clearcache()
        return text


class PrettyFormatter(_Formatter):
    """Lines for people; one about a reply ends with its id, unless its words name it already."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Format a record's first line."""
        line, reply = super().formatMessage(record), _REPLY.get()
        return line if not reply or reply in record.message else f"{line} reply={reply}"


class JsonFormatter(_Formatter):
    """One JSON object a line: time, level, logger, message, the reply that it is about if any.

    Whatever `extra` held is in it, too.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Format a record."""
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if reply := _REPLY.get():
            entry["reply"] = reply
        entry.update((k, v) for k, v in vars(record).items() if k not in _STANDARD)
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


def set_up(style: Literal["pretty", "json"], level: str) -> None:
    """Send all log lines to standard error, in one style."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else PrettyFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper() if level != "debug" else logging.INFO)
    if level == "debug":
        for name in _OURS:
            logging.getLogger(name).setLevel(logging.DEBUG)
    else:
        for name in _QUIET:
            logging.getLogger(name).setLevel(logging.WARNING)

"""Runs one call: bounded in time and size, and whatever happens, there is a result."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from dataclasses import replace
from typing import Any

from pydantic_core import to_json

from bot.errors import UserError
from bot.language import Text, later
from bot.tools.context import ToolContext
from bot.tools.run import ForAsker, Step, ToolRun
from bot.tools.tool import Tool

log = logging.getLogger(__name__)

MAX_RESULT = 6_000
"""Characters of a result, as JSON, that the model is given at most."""

SHORTEST_RESULT = 200
"""Characters that are left of it at least, where there is too little room for more."""

_TRIMMED = " [… {left} more characters were left out]"


async def run(tool: Tool, context: ToolContext, arguments: dict[str, Any]) -> ToolRun:
    """Call a tool whose arguments are known to fit its schema."""
    began, for_asker = time.monotonic(), False
    try:
        async with asyncio.timeout(tool.timeout):
            given = await tool.call(context, arguments)
            for_asker = isinstance(given, ForAsker)
            content = jsonable(given.content if isinstance(given, ForAsker) else given)
            failed = False
    except TimeoutError:
        content, failed = error(_slow(tool)), True
    except UserError as told:
        log.info("tool %s: %s", tool.name, told)
        content, failed = error(told.text), True
    except Exception:
        reference = secrets.token_hex(3)
        log.exception("ref %s: tool %s failed", reference, tool.name)
        content, failed = (
            error(
                later(
                    "{tool} failed; the log has the reason (ref {reference})",
                    tool=tool.name,
                    reference=reference,
                )
            ),
            True,
        )
    return ToolRun(
        name=tool.name,
        arguments=arguments,
        content=trimmed(content),
        line=tool.line(arguments),
        seconds=round(time.monotonic() - began, 3),
        failed=failed,
        for_asker=for_asker,
    )


def _slow(tool: Tool) -> Text:
    return later(
        "{tool} did not answer within {seconds:g} seconds", tool=tool.name, seconds=tool.timeout
    )


def error(text: str) -> dict[str, str]:
    """What went wrong, as a result."""
    return {"error": text}


def jsonable(value: object) -> Any:
    """A tool's result as JSON values."""
    return json.loads(to_json(value, inf_nan_mode="strings", serialize_unknown=True))


def shortened(step: Step, most: int) -> Step:
    """A round whose results have at most so many characters each."""
    return replace(
        step, runs=tuple(replace(run, content=trimmed(run.content, most)) for run in step.runs)
    )


def trimmed(content: Any, most: int = MAX_RESULT) -> Any:
    """`content` itself, or its beginning with a notice if it is too long."""
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    if len(text) <= most:
        return content
    kept = text[:most]
    return kept + _TRIMMED.format(left=len(text) - len(kept))

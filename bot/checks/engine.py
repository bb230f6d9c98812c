"""What is wrong with an engine and the model that it serves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from time import monotonic

from bot.checks.finding import Finding, fine, problem, warning
from bot.conversation.model import ModelInUse
from bot.conversation.models import Served
from bot.conversation.ports import Generation
from bot.errors import EngineError
from bot.prompts.messages import Message

_DESCRIBE_SECONDS = 60
_GENERATE_SECONDS = 90

# Longer than this, and people wonder whether the bot has noticed them.
_SLOW = 5.0

# The model's own end, and the next names in a room: fewer end answers late, and cost tokens.
_FEW_STOPS = 4


async def findings(served: Served, address: str) -> AsyncIterator[Finding]:
    """Look at one engine; `address` is how its operator knows it. Never fails."""
    # With one engine nobody needs to read its name.
    which, setting = (f" {served.name}", "ENGINES") if served.mark else ("", "ENGINE_URL")
    model = served.model
    try:
        current = await asyncio.wait_for(model.current(), _DESCRIBE_SECONDS)
    except TimeoutError:
        yield problem(
            "engine.reachable",
            f"engine{which}",
            f"{address} does not answer within a minute",
            "look at its log",
        )
        return
    if current.info is None:
        yield problem(
            "engine.reachable",
            f"engine{which}",
            f"{address} does not answer",
            f"start it (a large model loads for minutes), or correct {setting}",
        )
        return
    yield fine(
        "engine.reachable",
        f"engine{which}",
        f"{current.info.kind} serves {current.info.model or 'a model'}",
    )
    yield fine("engine.model", f"model{which}", _named(current))
    yield _context(current, model.remark(current), which)
    for fault in await model.check():
        advice = "docs/models.md says how each model is set up"
        yield problem("engine.model", f"model{which}", fault, advice)
    if current.info.max_stops is not None:
        yield _stops(current.info.max_stops, which)
    yield await _first_word(served, current, which)


def _named(current: ModelInUse) -> str:
    note = f" ({current.profile.note})" if current.profile.note else ""
    return f"{current.profile.name}{note}"


def _context(current: ModelInUse, remark: str, which: str) -> Finding:
    return fine(
        "engine.context",
        f"context{which}",
        f"{current.context:,} tokens, {current.max_reply:,} of them for a reply"
        + (f"; {remark}" if remark else ""),
    )


def _stops(allowed: int, which: str) -> Finding:
    check, subject = "engine.stops", f"stop strings{which}"
    if allowed <= _FEW_STOPS:
        return warning(
            check,
            subject,
            f"the engine takes {allowed} in a request: in rooms of several speakers it goes on "
            "writing what is thrown away",
            "start Text Generation Inference with MAX_STOP_SEQUENCES=16",
        )
    return fine(check, subject, f"the engine takes {allowed} in a request")


async def _first_word(served: Served, current: ModelInUse, which: str) -> Finding:
    """Have the engine write one token, as a reply begins."""
    check, subject = "engine.generates", f"first word{which}"
    prompt = current.profile.format.render([Message("user", "Hi")], add_generation_prompt=True)
    request = Generation(prompt, max_tokens=1, stop=current.profile.stop)
    began = monotonic()
    try:
        async with (
            asyncio.timeout(_GENERATE_SECONDS),
            aclosing(served.engine.stream(request)) as parts,
        ):
            await anext(parts)
    except (EngineError, TimeoutError) as error:
        why = error.text if isinstance(error, EngineError) else "It was silent for a minute."
        return problem(check, subject, f"there is none: {why}", "look at the engine's log")
    took = monotonic() - began
    text = f"after {took:.2f} s, for a prompt of a few words"
    if took > _SLOW:
        return warning(
            check,
            subject,
            text,
            "the engine is busy, or the model is too large for the machine: docs/models.md",
        )
    return fine(check, subject, text)

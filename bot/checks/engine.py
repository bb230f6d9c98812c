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
from bot.errors import (
    EngineBusy,
    EngineChanged,
    EngineError,
    EngineRefused,
    EngineTimeout,
    PromptTooLong,
)
from bot.language import Text, later
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
    which, setting = (served.name, "ENGINES") if served.mark else ("", "ENGINE_URL")
    model = served.model
    fault = await _absence(served, _about(later("engine"), which), address, setting)
    current = await model.current()
    if fault is not None:
        yield fault
        if fault.state == "warning":
            yield await _first_word(served, which)
    if fault is not None or current.info is None:
        return
    yield fine(
        "engine.reachable",
        _about(later("engine"), which),
        later(
            "{engine} serves {model}",
            engine=current.info.kind,
            model=current.info.model or later("a model"),
        ),
    )
    subject = _about(later("model"), which)
    yield fine("engine.model", subject, _named(current))
    yield _context(current, model.remark(current), which)
    for fault in await model.check():
        advice = later("docs/models.md says how each model is set up")
        yield problem("engine.model", subject, fault, advice)
    if current.info.max_stops is not None:
        yield _stops(current.info.max_stops, which)
    yield await _first_word(served, which)


async def _absence(served: Served, subject: str, address: str, setting: str) -> Finding | None:
    """What is wrong with an engine that does not say what it serves; None if it says it."""
    check = "engine.reachable"
    try:
        await asyncio.wait_for(served.model.look(), _DESCRIBE_SECONDS)
    except EngineError as error:
        # A proxy may hide what an engine says of itself, and pass its answers on.
        hidden = isinstance(error, EngineRefused) and await _writes(served)
        if hidden or isinstance(error, EngineTimeout):
            return warning(
                check,
                subject,
                later("{address} is there, but does not say what it serves", address=address),
                later(
                    "look at its log, and set its model until then: prompts are written for that"
                ),
            )
        advice = later(
            "start it (a large model loads for minutes), or correct {setting}", setting=setting
        )
        return problem(check, subject, later("{address} does not answer", address=address), advice)
    except TimeoutError:
        text = later("{address} does not answer within a minute", address=address)
        return problem(check, subject, text, later("look at its log"))
    return None


def _named(current: ModelInUse) -> str:
    profile = current.profile
    if not profile.note:
        return profile.name
    return later("{model} ({note})", model=profile.name, note=profile.note)


def _about(what: Text, engine: str) -> Text:
    """What a finding is about; `engine` is "" where there is only one."""
    return later("{what} {engine}", what=what, engine=engine) if engine else what


def _context(current: ModelInUse, remark: str, which: str) -> Finding:
    room = later(
        "{context:,} tokens, {reply:,} of them for a reply",
        context=current.context,
        reply=current.max_reply,
    )
    return fine(
        "engine.context",
        _about(later("context"), which),
        later("{room}; {remark}", room=room, remark=remark) if remark else room,
    )


def _stops(allowed: int, which: str) -> Finding:
    check, subject = "engine.stops", _about(later("stop strings"), which)
    if allowed <= _FEW_STOPS:
        return warning(
            check,
            subject,
            later(
                "the engine takes {count} in a request: in rooms of several speakers it goes on "
                "writing what is thrown away",
                count=allowed,
            ),
            later("start Text Generation Inference with MAX_STOP_SEQUENCES=16"),
        )
    return fine(check, subject, later("the engine takes {count} in a request", count=allowed))


async def first_word(served: Served) -> None:
    """Have the engine write one token, as a reply begins; raises its errors."""
    model = served.model.supposed()
    prompt = model.profile.format.render([Message("user", "Hi")], add_generation_prompt=True)
    request = Generation(prompt, max_tokens=1, stop=model.profile.stop)
    async with aclosing(served.engine.stream(request)) as parts:
        async for _ in parts:
            return


async def _writes(served: Served) -> bool:
    """Whether the engine writes when it is asked to; one that is busy does."""
    try:
        await first_word(served)
    except (EngineBusy, EngineChanged, PromptTooLong):
        return True
    except EngineError:
        return False
    return True


async def _first_word(served: Served, which: str) -> Finding:
    """Have the engine write one token, as a reply begins."""
    check, subject = "engine.generates", _about(later("first word"), which)
    began = monotonic()
    try:
        async with asyncio.timeout(_GENERATE_SECONDS):
            await first_word(served)
    except (EngineError, TimeoutError) as error:
        silent = later("It was silent for a minute.")
        why = error.text if isinstance(error, EngineError) else silent
        return problem(
            check,
            subject,
            later("there is none: {why}", why=why),
            later("look at the engine's log"),
        )
    took = monotonic() - began
    text = later("after {seconds:.2f} s, for a prompt of a few words", seconds=took)
    if took > _SLOW:
        return warning(
            check,
            subject,
            text,
            later("the engine is busy, or the model is too large for the machine: docs/models.md"),
        )
    return fine(check, subject, text)

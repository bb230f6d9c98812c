"""Reading engines' streams: what the tests of this folder share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

from bot.conversation.ports import End, Engine, Generation, Sampling, Text
from bot.engine.limits import Limits
from bot.errors import EngineError

QUICK = Limits(
    connect=10, first_token=20, silence=20, total=40, question=20, backoff=0.02, patience=20
)
"""Asks again soon, and waits for longer than a busy machine takes for what a test is not about."""
GREEDY = Sampling(temperature=0.0)


def ask(prompt: str = "Hello there", max_tokens: int = 200, **more) -> Generation:
    return Generation(prompt, max_tokens, **{"sampling": GREEDY, **more})


async def read(engine: Engine, request: Generation) -> tuple[str, End]:
    """A whole answer; checks that nothing follows the end and no text is empty."""
    async with aclosing(engine.stream(request)) as parts:
        found = [part async for part in parts]
    *texts, end = found
    assert isinstance(end, End)
    assert all(isinstance(part, Text) and part.text for part in texts)
    return "".join(part.text for part in texts), end


async def read_until_error(engine: Engine, request: Generation) -> tuple[str, EngineError]:
    """What is shown before an answer fails, and how it fails."""
    text = ""
    try:
        async for part in engine.stream(request):
            assert isinstance(part, Text), "the answer was whole"
            text += part.text
    except EngineError as error:
        return text, error
    raise AssertionError("the answer ended without an end")


async def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - a server's state has no event
            await asyncio.sleep(0.005)

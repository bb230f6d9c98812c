"""One whole answer out of calls to an engine: what TGI and the OpenAI-like engines share.

An engine only knows how to make one call (`Call`). Here are the rest of the promises of the
`Engine` port: asking again while nothing was said, time limits, stop strings, and going on
where a call's token limit cut the answer.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from bot.conversation.ports import End, FinishReason, Generation, Text
from bot.engine.limits import Limits
from bot.engine.tokens import plain_prompt
from bot.errors import (
    EngineBusy,
    EngineError,
    EngineInterrupted,
    EngineTimeout,
    EngineUnreachable,
    PromptTooLong,
)
from bot.prompts.stops import StopMatcher

log = logging.getLogger(__name__)

# How long the rest of a finished body may take, so that its connection can be used again.
_DRAIN = 0.25


@dataclass(frozen=True, slots=True)
class Finish:
    """How a call ended; counts as in `End`."""

    reason: FinishReason
    generated_tokens: int
    prompt_tokens: int | None = None
    cached_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """What one event of a call brings: text (perhaps empty), or the finish, or both."""

    text: str
    finish: Finish | None = None


# (prompt, max_tokens) -> the events of one request to the engine. It raises `EngineError`s, and
# `EngineInterrupted` if the stream ends without a finish. Closing it closes the connection.
Call = Callable[[str, int], AsyncGenerator[Piece, None]]


async def answer(
    request: Generation, call: Call, limits: Limits, per_call: int | None = None
) -> AsyncGenerator[Text | End, None]:
    """Stream the whole answer to `request` over as many calls as it takes.

    `per_call` is the largest number of tokens that the engine takes in one call.
    """
    deadline = asyncio.get_running_loop().time() + limits.total
    matcher = StopMatcher(request.stop)
    prompt, left = plain_prompt(request.prompt), request.max_tokens
    first: Finish | None = None
    generated, shown = 0, False
    while True:
        asked = min(left, per_call or left)
        finish: Finish | None = None
        said: list[str] = []
        pieces = _asked_again(lambda p=prompt, n=asked: call(p, n), limits, deadline)
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    finish = finish or piece.finish
                    said.append(piece.text)
                    if text := matcher.feed(piece.text):
                        shown = True
                        yield Text(text)
                    if matcher.hit is not None and finish is None:
                        break
        except PromptTooLong:
            if first is None:
                raise
            # The answer has filled the context: there is no room to go on.
            yield _end(matcher, "length", first, generated)
            return
        except (EngineBusy, EngineUnreachable) as error:
            if shown:
                raise EngineInterrupted(detail=error.detail) from error
            raise
        if finish is None:
            finish = Finish("stop", sum(map(bool, said)))
        first = first or finish
        generated += finish.generated_tokens
        left -= finish.generated_tokens
        # Fewer tokens than asked for although "length": the context is full.
        cut = finish.reason == "length" and matcher.hit is None
        if cut and left > 0 and finish.generated_tokens >= asked:
            prompt += "".join(said)
            continue
        if text := matcher.finish():
            yield Text(text)
        yield _end(matcher, finish.reason, first, generated)
        return


def _end(matcher: StopMatcher, reason: FinishReason, first: Finish, generated: int) -> End:
    # Tokens after the first call's prompt are the answer itself, so only the first call counts.
    reason = "stop" if matcher.hit is not None else reason
    return End(reason, first.prompt_tokens, first.cached_tokens, generated)


async def _asked_again(
    call: Callable[[], AsyncGenerator[Piece, None]], limits: Limits, deadline: float
) -> AsyncGenerator[Piece, None]:
    """Make the call, and make it anew while it fails before its first text."""
    loop = asyncio.get_running_loop()
    give_up = loop.time() + limits.patience
    attempt = 0
    while True:
        attempt += 1
        said = False
        try:
            async with aclosing(_timed(call(), limits, deadline)) as pieces:
                async for piece in pieces:
                    said = said or bool(piece.text)
                    yield piece
            return
        except (EngineBusy, EngineUnreachable, EngineInterrupted) as error:
            # Jitter spreads the channels that were refused together.
            wait = limits.backoff * 2 ** (attempt - 1) * random.uniform(0.5, 1.0)
            if said or attempt >= limits.attempts or loop.time() + wait > give_up:
                raise
            log.info("engine: %s; asking again in %.1f s", error.detail or error, wait)
        await asyncio.sleep(wait)


async def _timed(
    pieces: AsyncGenerator[Piece, None], limits: Limits, deadline: float
) -> AsyncGenerator[Piece, None]:
    """Pass pieces on, but not wait for one longer than allowed.

    The limits are on tokens, not on bytes: keep-alive comments are no sign of life.
    """
    loop = asyncio.get_running_loop()
    limit, finished = limits.first_token, False
    async with aclosing(pieces):
        while True:
            try:
                async with asyncio.timeout(min(limit, deadline - loop.time())):
                    piece = await anext(pieces)
            except StopAsyncIteration:
                return
            except TimeoutError:
                if finished:
                    return
                raise EngineTimeout(detail=f"no token for {limit:.0f} s, or too long") from None
            except EngineError:
                if finished:
                    return
                raise
            yield piece
            finished = finished or piece.finish is not None
            limit = _DRAIN if finished else limits.silence

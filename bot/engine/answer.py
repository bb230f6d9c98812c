"""One whole answer out of calls to an engine: what TGI and the OpenAI-like engines share.

An engine only knows how to make one call (`Call`). Here are the rest of the promises of the
`Engine` port: asking again while nothing was said, time limits, stop strings, and going on
where a call's token limit cut the answer.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, NamedTuple

from bot.conversation.ports import End, FinishReason, Generation, Text
from bot.engine.limits import Limits
from bot.engine.tokens import Halves, plain_prompt
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

# How many characters the tokens may have on average that were asked for: whoever sends more is no
# model, and all of it would be posted. What a few tokens may have is the second figure.
_LONGEST_TOKEN = 64
_AT_LEAST = 4096
_TOO_MUCH = "far more text than the tokens asked for; is that a model's server? check ENGINE_URL"

# How long a token of blanks can be, in bytes; and how many tokens may stand around a prompt.
_LONGEST_BLANK = 256
_TEMPLATE = 512


@dataclass(frozen=True, slots=True)
class Finish:
    """How a call ended; counts as in `End`."""

    reason: FinishReason
    generated_tokens: int
    prompt_tokens: int | None = None
    cached_tokens: int | None = None


class Piece(NamedTuple):
    """What one event of a call brings: text (perhaps empty), or the finish, or both."""

    text: str
    finish: Finish | None = None


# What several events bring that came together.
Pieces = Sequence[Piece]

# (prompt, max_tokens) -> the events of one request to the engine. It raises `EngineError`s, and
# `EngineInterrupted` if the stream ends without a finish. Closing it closes the connection.
Call = Callable[[str, int], AsyncGenerator[Pieces, None]]


def together(pieces: Iterable[Piece]) -> Iterator[Pieces]:
    """All pieces at once, if there are any; an error comes behind those before it."""
    found: list[Piece] = []
    try:
        found.extend(pieces)
    finally:
        if found:
            yield found


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
        halves = Halves()
        room = max(asked * _LONGEST_TOKEN, _AT_LEAST)
        pieces = _asked_again(lambda p=prompt, n=asked: call(p, n), limits, deadline)
        try:
            async with aclosing(pieces):
                async for some in pieces:
                    text = ""
                    for piece in some:
                        if finish:
                            # What comes behind the end is no part of it.
                            break
                        finish = piece.finish
                        # A token without text is one as well.
                        room -= len(piece.text) or 1
                        if room < 0:
                            break
                        said.append(halves.join(piece.text))
                        text += matcher.feed(said[-1])
                        if matcher.hit is not None:
                            break
                    if text:
                        shown = True
                        yield Text(text)
                    if room < 0:
                        raise EngineInterrupted(detail=_TOO_MUCH)
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
        finish = _credible(finish, prompt, max(asked, len(said)))
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


def _credible(told: Finish, prompt: str, most: int) -> Finish:
    """A finish without counts that cannot be true; `most` tokens were generated at most.

    Later prompts are cut by these counts, and people pay for them.
    """
    size = len(prompt.encode())
    prompt_tokens, cached = told.prompt_tokens, told.cached_tokens
    # No token is shorter than a byte, and few are longer than what the tokens of blanks have; a
    # server may write a template of its own around the prompt.
    if not size // _LONGEST_BLANK < (prompt_tokens or 0) <= size + _TEMPLATE:
        prompt_tokens = None
    if prompt_tokens is None or (cached or 0) > prompt_tokens:
        cached = None
    return Finish(told.reason, min(told.generated_tokens, most), prompt_tokens, cached)


def _end(matcher: StopMatcher, reason: FinishReason, first: Finish, generated: int) -> End:
    # Tokens after the first call's prompt are the answer itself, so only the first call counts.
    reason = "stop" if matcher.hit is not None else reason
    return End(reason, first.prompt_tokens, first.cached_tokens, generated)


async def _asked_again(
    call: Callable[[], AsyncGenerator[Pieces, None]], limits: Limits, deadline: float
) -> AsyncGenerator[Pieces, None]:
    """Make the call, and make it anew while it fails before its first text."""
    loop = asyncio.get_running_loop()
    give_up = loop.time() + limits.patience
    latest = min(loop.time() + limits.first_token, deadline)
    attempt = 1
    while True:
        said = False
        try:
            async with aclosing(_timed(call(), limits, deadline)) as pieces:
                async for some in pieces:
                    said = said or any(piece.text for piece in some)
                    yield some
            return
        except (EngineBusy, EngineUnreachable, EngineInterrupted) as error:
            # Jitter spreads the channels that were refused together.
            wait = limits.backoff * 2 ** (attempt - 1) * random.uniform(0.5, 1.0)
            told = error.after is not None and error.after > wait
            if told:
                wait = (error.after or 0.0) * random.uniform(1.0, 1.1)
                # Where many wait for a busy engine there is a line in front of it, for longer.
                give_up += 0.0 if isinstance(error, EngineBusy) else wait
            else:
                attempt += 1
            due = loop.time() + wait
            if said or attempt > limits.attempts or due > min(give_up, latest):
                raise
            log.info("engine: %s; asking again in %.1f s", error.detail or error, wait)
        await asyncio.sleep(wait)


async def _timed(
    pieces: AsyncGenerator[Pieces, None], limits: Limits, deadline: float
) -> AsyncGenerator[Pieces, None]:
    """Pass pieces on, but not wait for one longer than allowed.

    The limits are on tokens, not on bytes: keep-alive comments are no sign of life.
    """
    finished = False
    async with aclosing(pieces):
        with _Patience(limits.first_token, deadline) as patience:
            while True:
                try:
                    some = await patience.wait_for(pieces)
                except StopAsyncIteration:
                    return
                except EngineError:
                    if finished:
                        return
                    raise
                yield some
                finished = finished or any(piece.finish for piece in some)
                patience.limit = _DRAIN if finished else limits.silence


class _Patience:
    """Interrupts a wait that lasts too long.

    What `asyncio.timeout` does, with one timer for a whole answer: setting and clearing one for
    every token costs more than reading the token. `limit` is seconds, `deadline` a time of the
    event loop.
    """

    def __init__(self, limit: float, deadline: float) -> None:
        self.limit = limit
        self._deadline = deadline
        self._loop = asyncio.get_running_loop()
        self._since = self._loop.time()
        self._waiting: asyncio.Task[Any] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._expired = False

    def __enter__(self) -> _Patience:
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer:
            self._timer.cancel()

    async def wait_for(self, pieces: AsyncGenerator[Pieces, None]) -> Pieces:
        """The next pieces; raises `EngineTimeout` if it does not come in time."""
        self._since = self._loop.time()
        if self._timer is None or self._timer.when() > self._due():
            self._set_timer()
        self._waiting = asyncio.current_task()
        try:
            return await anext(pieces)
        except asyncio.CancelledError:
            if not self._expired or self._waiting is None or self._waiting.uncancel() > 0:
                raise
            detail = f"no token for {self.limit:g} s, or too long in all"
            raise EngineTimeout(detail=detail) from None
        finally:
            self._waiting = None

    def _due(self) -> float:
        return min(self._since + self.limit, self._deadline)

    def _set_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._due(), self._look)

    def _look(self) -> None:
        """Time may be up; more often tokens have come since, and there is more of it."""
        if self._waiting and self._loop.time() >= self._due():
            self._expired = True
            self._waiting.cancel()
        else:
            self._timer = self._loop.call_at(max(self._due(), self._loop.time() + 0.01), self._look)

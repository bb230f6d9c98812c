"""An engine whose answers are written down in the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable

from bot.conversation.ports import End, EngineInfo, Generation, Text
from bot.errors import EngineUnreachable

# Text, a pause in seconds, or the error with which the answer breaks off.
Piece = str | float | BaseException
Answer = str | Iterable[Piece]


class ScriptedEngine:
    """Gives its answers in turn, then `default`; a callable gets the request.

    `requests` are all requests so far, `ended` those whose stream was read to its end, `closed`
    counts the streams that were left before. `prompt_tokens` are words, plain and repeatable.
    While it is `away`, it neither writes nor says what it is.
    """

    def __init__(
        self,
        *answers: Answer | Callable[[Generation], Answer],
        default: Answer | Callable[[Generation], Answer] = "All right.",
        info: EngineInfo | None = None,
    ) -> None:
        self.answers = list(answers)
        self.default = default
        self.info = info or EngineInfo(kind="scripted", model="hermes-2-pro-llama-3-8b")
        self.requests: list[Generation] = []
        self.ended: list[Generation] = []
        self.closed = 0
        self.away = False

    @property
    def prompts(self) -> list[str]:
        return [request.prompt for request in self.requests]

    async def stream(self, request: Generation) -> AsyncGenerator[Text | End, None]:
        if self.away:
            raise EngineUnreachable
        self.requests.append(request)
        answer = self.answers.pop(0) if self.answers else self.default
        if callable(answer):
            answer = answer(request)
        written = 0
        try:
            for piece in [answer] if isinstance(answer, str) else answer:
                if isinstance(piece, BaseException):
                    raise piece
                if isinstance(piece, str):
                    written += 1
                    yield Text(piece)
                else:
                    await asyncio.sleep(piece)
        except GeneratorExit:
            self.closed += 1
            raise
        except asyncio.CancelledError:
            self.closed += 1
            raise
        self.ended.append(request)
        yield End(
            "stop",
            prompt_tokens=len(request.prompt.split()) + 1,
            cached_tokens=0,
            generated_tokens=max(written, 1),
        )

    async def count_tokens(self, text: str) -> int | None:
        return len(text.split())

    async def describe(self) -> EngineInfo:
        if self.away:
            raise EngineUnreachable
        return self.info

    async def aclose(self) -> None:
        return

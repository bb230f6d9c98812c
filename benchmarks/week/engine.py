"""The week's engine: TGI's wire format at next to no cost, with the ways in which engines fail.

It repeats the marks (`[w12]`) of all questions that an answer is due to, so that each answer in
Discord tells what it answers.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from typing import Literal, Self

from aiohttp import web

from benchmarks.serving import Serving, events, told

MARK = re.compile(r"\[w(\d+)\]")
ROLL = "please roll two dice"

Mood = Literal["well", "failing", "hung", "breaking"]

CONTEXT = 4_096
_BYTES_PER_TOKEN = 4
_BEGIN = "<|im_start|>"
_CALL = '<tool_call>\n{"name": "roll_dice", "arguments": {"notation": "2d6"}}\n</tool_call>'
_WORDS = ("the", "heron", "waits", "by", "a", "quiet", "lake", "until", "some", "late", "moon")
_MOST_MARKS = 8  # what has more is no question but a talk that is to be summed up


class WeekEngine:
    """Answers everybody at once; `mood` is how, and `stop` has connections refused."""

    def __init__(self, seed: int) -> None:
        self.mood: Mood = "well"
        self.requests = 0
        self._random = random.Random(seed)
        self._serving = Serving(generate=self._generate, tokenize=self._tokenize, info=self._info)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        return self._serving.url

    async def start(self) -> None:
        """Listen, on the same port each time."""
        await self._serving.start()

    async def stop(self) -> None:
        """Close all connections; from now on they are refused."""
        await self._serving.stop()

    # ------------------------------------------------------------------ answering

    async def _info(self, _: web.Request) -> web.Response:
        if self.mood == "hung":
            await asyncio.sleep(3_600)
        return told(CONTEXT)

    async def _tokenize(self, http: web.Request) -> web.Response:
        text = json.loads(await http.read())["inputs"]
        size = _BYTES_PER_TOKEN
        starts = range(0, len(text), size)
        first = {"id": 128_000, "text": "", "start": 0, "stop": 0}
        tokens = [
            {"id": 1, "text": text[n : n + size], "start": n, "stop": n + size} for n in starts
        ]
        return web.json_response([first, *tokens])

    async def _generate(self, http: web.Request) -> web.StreamResponse:
        self.requests += 1
        prompt = json.loads(await http.read())["inputs"]
        if self.mood == "hung":
            await asyncio.sleep(3_600)
        if self.mood == "failing":
            error = {"error": "Request failed during generation: CUDA error"}
            return web.json_response(error | {"error_type": "generation"}, status=500)
        answer = events(self._words(prompt), len(prompt) // _BYTES_PER_TOKEN)
        if self.mood == "breaking" and self._random.random() < 0.5:
            return await self._break_off(http, answer)
        return web.Response(body=b"".join(answer), content_type="text/event-stream")

    async def _break_off(self, http: web.Request, answer: list[bytes]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        response.enable_chunked_encoding()
        await response.prepare(http)
        await response.write(b"".join(answer[: len(answer) // 2]))
        await asyncio.sleep(0.02)
        if http.transport is not None:
            http.transport.abort()
        return response

    def _words(self, prompt: str) -> list[str]:
        asked = _asked(prompt)
        if ROLL in asked and "<tool_response>" not in asked:
            return [_CALL]
        # The last one in each turn: those before it are quoted.
        found = [MARK.findall(turn)[-1:] for turn in asked.split("<|im_end|>")]
        marks = [f" [w{number}]" for numbers in found for number in numbers]
        if len(marks) > _MOST_MARKS:
            marks = []
        said = self._random.choices(_WORDS, k=self._random.randint(5, 14))
        return [said[0], *(f" {word}" for word in said[1:]), *marks]


def _asked(prompt: str) -> str:
    """What the model is to answer: what people said since its last answer, and tools' results."""
    end, found = len(prompt), ""
    while (begin := prompt.rfind(_BEGIN, 0, end)) >= 0:
        turn, end = prompt[begin + len(_BEGIN) : end], begin
        if turn.startswith("assistant") and "<|im_end|>" in turn and "<tool_call>" not in turn:
            break
        if not turn.startswith(("assistant", "system")):
            found = turn + found
    return found

"""How fast answers are read for calls: text in large pieces, arguments, and token by token.

The floor only looks for `<tool_call>` in the same pieces, with `str.find`: the least that a reader
of calls can do. `text_of_floor` is the share of its speed, timed in the same moment, so that it
means something on a busy machine too.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable

from bot.tools.parsing import Parser

TOOL = {
    "type": "function",
    "function": {
        "name": "note",
        "parameters": {"type": "object", "properties": {"text": {"type": "string"}}},
    },
}
WORDS = re.findall(r"\S+\s?", "the old owl saw an oak and a fox, who said: how are you? Not bad.\n")
CHARACTERS = 8_000_000
PIECE = 65_536


async def measure(kind: str) -> dict[str, float]:
    """Megabytes a second (plain text, then one call's arguments), and microseconds per token."""
    text = "".join(random.Random(1).choices(WORDS, k=CHARACTERS // 2))[:CHARACTERS]
    plain = [text[at : at + PIECE] for at in range(0, len(text), PIECE)]
    call = '<tool_call>{"name": "note", "arguments": {"text": "' + text + '"}}</tool_call>'
    arguments = [call[at : at + PIECE] for at in range(0, len(call), PIECE)]
    tokens = re.findall(r"\s?\w+|[^\w\s]|\s", text[:400_000])
    if kind == "floor":
        return {
            "text_mb_s": CHARACTERS / 1e6 / _seconds(_find, plain),
            "arguments_mb_s": CHARACTERS / 1e6 / _seconds(_find, arguments),
            "token_us": _seconds(_find, tokens) / len(tokens) * 1e6,
        }
    text_s, floor_s = _seconds(_read, plain), _seconds(_find, plain)
    return {
        "text_mb_s": CHARACTERS / 1e6 / text_s,
        "text_of_floor": floor_s / text_s,
        "arguments_mb_s": CHARACTERS / 1e6 / _seconds(_read, arguments),
        "token_us": _seconds(_read, tokens) / len(tokens) * 1e6,
    }


def _read(pieces: list[str]) -> None:
    parser = Parser([TOOL])
    for piece in pieces:
        parser.feed(piece)
    parser.finish()


def _find(pieces: list[str]) -> None:
    for piece in pieces:
        piece.find("<tool_call>")


def _seconds(work: Callable[[list[str]], None], pieces: list[str]) -> float:
    """CPU time of the fastest of five runs."""
    found: list[float] = []
    for _ in range(5):
        began = time.process_time()
        work(pieces)
        found.append(time.process_time() - began)
    return min(found)

"""The corpus of answers with tool calls, and ways to cut a text into the pieces of a stream."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.tools.parsing.parser import Answer, Parser

CORPUS = json.loads(Path(__file__).with_name("golden").joinpath("tool_calls.json").read_text())
STD: list[dict[str, Any]] = CORPUS["toolsets"]["std"]
_REPEAT = re.compile(r"\{\{REPEAT:(.*?):(\d+)\}\}", re.DOTALL)


def cases(kind: str = "cases") -> list[Any]:
    """The cases, each a test of its own named after its id."""
    return [pytest.param(expanded(case), id=case["id"]) for case in CORPUS[kind]]


def tools_of(case: dict[str, Any]) -> list[dict[str, Any]] | None:
    return CORPUS["toolsets"].get(case["tools"])


def expanded(value: Any) -> Any:
    """With {{REPEAT:s:n}} written out."""
    if isinstance(value, str):
        return _REPEAT.sub(lambda found: found[1] * int(found[2]), value)
    if isinstance(value, list):
        return [expanded(one) for one in value]
    if isinstance(value, dict):
        return {key: expanded(one) for key, one in value.items()}
    return value


def cuts(text: str) -> Iterator[list[str]]:
    """The text in pieces, in every way that the corpus asks for."""
    sizes = (64, 4096) if len(text) > 20_000 else (1, 2, 3, 5, 7, 8)
    yield from (pieces(text, size) for size in sizes)
    if len(text) <= 400:
        yield from ([text[:at], text[at:]] for at in range(len(text) + 1))


def pieces(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def streamed(chunks: list[str], tools: list[dict[str, Any]] | None) -> Answer:
    """Read a stream; what had been given out has to be the beginning of the whole."""
    parser = Parser(tools)
    deltas = [parser.feed(chunk) for chunk in chunks]
    parsed = parser.finish()
    assert parsed.content.startswith("".join(delta.content for delta in deltas))
    delivered = [call for delta in deltas for call in delta.calls]
    assert delivered == list(parsed.calls[: len(delivered)])
    return parsed


def exact(value: object) -> str:
    """Text that differs wherever values or their types do: 1, True and 1.0 are three things."""
    return json.dumps(value, sort_keys=True)

"""`python -m bot parse`: what the bot reads in a model's answer, as JSON Lines.

In: `text`, or `chunks` as they would arrive; `tools`, the function schemas that were offered, or
null; others are ignored, `id` is copied. Out: `content`, `calls`, `errors`, `reasoning`,
`validation`, `recovered` (which calls were), `feedback` (what is wrong, in words); for chunks also
`steps`: after each, the text that had been `emitted` and how many `calls` had been delivered. Or
`error`, and on with the next line. docs/parse.md has it in full.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, BinaryIO, cast

from bot.commands import lines
from bot.errors import BadInput
from bot.prompts import incoming
from bot.tools.parsing import Answer, Parser, validate


def main(given: Iterable[bytes], out: BinaryIO) -> int:
    """Answer each line with one line, at once; return the exit code."""
    return lines.serve(given, out, parsed)


def parsed(case: lines.Case) -> lines.Case:
    """Read a case; what it lacks or misspells is `BadInput`."""
    tools = incoming.tools(case.get("tools"))
    parser = Parser(tools)
    chunks = case.get("chunks")
    if chunks is None:
        parser.feed(_text(case.get("text"), "text: takes text"))
        return _told(parser.finish(), tools)
    wrong = "chunks: takes an array of texts"
    if not isinstance(chunks, list):
        raise BadInput(wrong)
    steps = _steps(parser, [_text(one, wrong) for one in cast("list[object]", chunks)])
    return _told(parser.finish(), tools) | {"steps": steps}


def _steps(parser: Parser, chunks: list[str]) -> list[dict[str, Any]]:
    emitted, delivered = "", 0
    steps: list[dict[str, Any]] = []
    for chunk in chunks:
        piece = parser.feed(chunk)
        emitted += piece.content
        delivered += len(piece.calls)
        steps.append({"emitted": emitted, "calls": delivered})
    return steps


def _told(answer: Answer, tools: list[incoming.Given]) -> lines.Case:
    problems = validate(answer.calls, tools)
    return {
        "content": answer.content,
        "calls": [{"name": call.name, "arguments": call.arguments} for call in answer.calls],
        "errors": [{"code": fault.code} for fault in answer.errors],
        "reasoning": answer.reasoning,
        "validation": [
            {"call": problem.call, "code": problem.code, "path": problem.path}
            for problem in problems
        ],
        "recovered": [number for number, call in enumerate(answer.calls) if call.recovered],
        "feedback": [*(one.text for one in answer.errors), *(one.message for one in problems)],
    }


def _text(value: object, wrong: str) -> str:
    if not isinstance(value, str):
        raise BadInput(wrong)
    return value

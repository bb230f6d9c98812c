"""A conversation as data, and its text, rendered by the product's own prompt code.

A rendered sample is a list of pieces: text, and whether the model learns to write it. The text of
the tools' system turn is kept apart, so that many conversations can be trained behind one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bot.prompts import chatml, json_mode, layout, speakers, tool_use
from bot.prompts.messages import Message, ToolCall


class Piece(NamedTuple):
    """Text of a prompt; `learn` says how much it counts: nothing unless the model writes it."""

    text: str
    learn: float


@dataclass(frozen=True, slots=True)
class User:
    """What a person wrote; `speaker` is empty where nobody is named."""

    text: str
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model answers; `instead` says that it stands where a call would, had it the tool."""

    text: str
    instead: bool = False


@dataclass(frozen=True, slots=True)
class Calls:
    """The model calls tools."""

    calls: tuple[ToolCall, ...]


@dataclass(frozen=True, slots=True)
class Results:
    """What the tools gave back: pairs of tool name and content."""

    results: tuple[tuple[str, Any], ...]


_EXACT = 2.5
"""How much more calls, results and JSON count than talk, which has several right answers."""

Turn = User | Reply | Calls | Results


@dataclass(slots=True)
class Sample:
    """One conversation. `schema` is the text of a JSON Schema for JSON mode."""

    system: str = ""
    named: bool = False
    turns: list[Turn] = field(default_factory=list)
    schema: str | None = None


def result_text(name: str, content: object) -> str:
    """The JSON text of one tool result."""
    return json.dumps({"name": name, "content": content}, ensure_ascii=False)


def tools_turn(tools: Sequence[tool_use.Schema]) -> str:
    """The system turn that offers tools; what `layout.head` begins with."""
    return layout.head("", tools=tools)


def _results_turn(texts: Sequence[str], *, last: bool) -> str:
    before = [Message("user", "")]
    messages = [*before, *(Message("tool", text) for text in texts)]
    if not last:
        messages.append(Message("assistant", ""))
    text = tool_use.render(messages, [], add_generation_prompt=False)
    text = text.removeprefix(tool_use.render(before, [], add_generation_prompt=False))
    return text if last else text.removesuffix(chatml.turn("assistant", ""))


def render(sample: Sample) -> list[Piece]:
    """The pieces of a sample, without the tools' system turn."""
    if sample.schema is not None:
        pieces = [Piece(chatml.turn("system", json_mode.system_text(sample.schema)), 0.0)]
    else:
        pieces = [Piece(layout.head(sample.system, named=sample.named), 0.0)]
    turns = sample.turns
    for index, turn in enumerate(turns):
        match turn:
            case User():
                pieces.append(
                    Piece(layout.block("user", speakers.spoken(turn.speaker, turn.text)), 0.0)
                )
            case Reply():
                told = index > 0 and isinstance(turns[index - 1], Results)
                exact = told or turn.instead or sample.schema is not None
                learn = _EXACT if exact else 1.0
                pieces += _split(layout.block("assistant", turn.text), learn)
            case Calls():
                pieces += _split(tool_use.calls_turn(turn.calls), _EXACT)
            case Results():
                last = index >= len(turns) - 2
                texts = [result_text(name, content) for name, content in turn.results]
                pieces.append(Piece(_results_turn(texts, last=last), 0.0))
    return pieces


def _split(block: str, learn: float) -> list[Piece]:
    """An assistant's block: the opening is given, the newline behind the end is not written."""
    body = block.removeprefix(layout.OPENING)
    return [Piece(layout.OPENING, 0.0), Piece(body.removesuffix("\n"), learn), Piece("\n", 0.0)]


def prompt(sample: Sample, tools: Sequence[Mapping[str, Any]] = ()) -> str:
    """The prompt that asks for the next answer, exactly as the product sends it."""
    head = tools_turn(tools) if tools else ""
    probe = Sample(sample.system, sample.named, [*sample.turns, Reply("")], sample.schema)
    return head + "".join(piece.text for piece in render(probe)[:-2])

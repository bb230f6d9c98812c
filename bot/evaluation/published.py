"""NousResearch's evaluation sets in their published form, as JSON or JSON Lines.

The forms, as the authors' evaluator and the dataset cards have them:
- NousResearch/func-calling-eval (evaluator: github.com/interstellarninja/function-calling-eval):
  `prompt` (chat messages, the tools in the system text), `completion` (JSON text: a list of
  calls), `tools`.
- NousResearch/json-mode-eval (read alike by vLLM's benchmark_serving_structured_output.py):
  `prompt` (chat messages), `completion`, `schema` (JSON text).
- NousResearch/hermes-function-calling-v1 (its card): `conversations` of `from` and `value`,
  `tools` (JSON text), for JSON mode a `schema`; the answer is the first turn of `gpt`.
Parquet is not read; docs/eval.md has the line that converts it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from bot import json_input
from bot.errors import BadInput, SettingsError
from bot.evaluation import calls
from bot.evaluation.cases import Call, Case, Expected
from bot.prompts import incoming
from bot.prompts.messages import Message
from bot.schemas import reading

_ROLES = {"human": "user", "gpt": "assistant", "function": "tool"}

Given = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Loaded:
    """The cases of a file, and a line about each entry that was left out."""

    cases: list[Case]
    skipped: list[str]


def load(path: Path) -> Loaded:
    """Read a file; one that cannot be read at all is a `SettingsError`."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"--cases: {path} cannot be read: {error}") from None
    loaded = Loaded([], [])
    for place, entry in _entries(text):
        try:
            loaded.cases.append(_case(entry, place))
        except (BadInput, ValueError) as error:
            loaded.skipped.append(f"{path.name}: {place}: {error}")
    if not loaded.cases:
        why = f" ({loaded.skipped[0]})" if loaded.skipped else ""
        raise SettingsError(f"--cases: there is no case in {path}{why}")
    return loaded


def _entries(text: str) -> Iterator[tuple[str, object]]:
    """Each entry of a JSON array, or each line of JSON Lines; a broken line is its own text."""
    if text.lstrip().startswith("["):
        try:
            whole = cast("list[object]", json_input.loads(text))
        except ValueError as error:
            raise SettingsError(f"--cases: not JSON: {error}") from None
        yield from ((f"entry {n}", one) for n, one in enumerate(whole, 1))
        return
    for n, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield f"line {n}", line


def _case(entry: object, place: str) -> Case:
    value = _strictly(entry) if isinstance(entry, str) else entry
    if not isinstance(value, Mapping):
        raise BadInput("takes a JSON object")
    given = cast(Given, value)
    messages, answer = _dialogue(given)
    schema = given.get("schema")
    verbatim = messages[0].role == "system"
    if schema:
        document = reading.of(_json(schema)).document
        return Case(place, "json", messages, schema=document, verbatim=verbatim)
    wanted = _wanted(given.get("completion", given.get("expected", answer)))
    tools = tuple(incoming.tools(_tools(given.get("tools"))))
    offered = verbatim and "<tools>" in messages[0].content
    if not tools and not offered:
        raise BadInput("tools: there are none")
    category = "parallel" if len(wanted.calls) > 1 else "single"
    return Case(place, category, messages, wanted, tools, verbatim=offered)


def _dialogue(given: Given) -> tuple[tuple[Message, ...], str]:
    """The messages up to the first answer, and that answer, if there is one."""
    listed = given.get("prompt") or given.get("messages") or given.get("conversations")
    if isinstance(listed, str):
        listed = [{"role": "user", "content": listed}]
    if not isinstance(listed, list):
        raise BadInput("takes prompt, messages or conversations")
    plain = [_plain(one) for one in cast("list[object]", listed)]
    found = incoming.messages(plain)
    first = next((n for n, one in enumerate(found) if one.role == "assistant"), len(found))
    if not any(one.role == "user" for one in found[:first]):
        raise BadInput("nobody asks anything")
    return tuple(found[:first]), found[first].content if first < len(found) else ""


def _plain(value: object) -> object:
    """A ShareGPT turn as a chat message."""
    if not isinstance(value, Mapping):
        return value
    given = cast(Given, value)
    if "from" not in given:
        return given
    role = str(given["from"])
    return {"role": _ROLES.get(role, role), "content": given.get("value")}


def _wanted(completion: object) -> Expected:
    if isinstance(completion, str) and "<tool_call>" in completion:
        said = calls.read(completion)
        if said.broken:
            raise BadInput(f"completion: {said.broken[0]}")
        return _some(said.calls)
    if isinstance(completion, str):
        if not completion.strip():
            raise BadInput("completion: there is none")
        return _some(tuple(calls.values(completion)))
    listed = cast("list[object]", completion) if isinstance(completion, list) else [completion]
    return _some(tuple(map(calls.call, listed)))


def _some(found: tuple[Call, ...]) -> Expected:
    if not found:
        raise BadInput("completion: there is no call in it")
    return Expected(calls=found, more=True)


def _tools(value: object) -> object:
    return calls.data(value) if isinstance(value, str) and value.strip() else value or None


def _json(value: object) -> object:
    return calls.data(value) if isinstance(value, str) else value


def _strictly(line: str) -> object:
    try:
        return json_input.loads(line)
    except ValueError as error:
        raise BadInput(f"not JSON: {error}") from None

"""What a server's tool is offered as: a name of ours, words that are harmless, a schema we can use.

The text of a tool stands in the prompt as it is, so control strings in it would be obeyed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, cast

from bot.errors import BadInput
from bot.prompts.neutralise import neutralise
from bot.schemas import reading
from bot.tools.mcp.config import ServerConfig

if TYPE_CHECKING:
    from mcp import types

LONGEST_NAME = 64
LONGEST_DESCRIPTION = 1_000
LONGEST_OF_ARGUMENT = 300
LARGEST_SCHEMA = 8_000
"""Characters of a whole tool in the prompt, at most. Hermes' contexts are small."""

_ODD = re.compile(r"[^A-Za-z0-9_-]")
_WORDS = ("description", "title", "$comment")


class NotUsable(Exception):
    """Why a tool cannot be offered, as the end of a sentence."""


def name_of(server: str, tool: str, taken: Collection[str]) -> str:
    """`<server>_<tool>` as models' servers take it; unique, and the same at every start."""
    plain = _ODD.sub("_", f"{server}_{tool}")
    if len(plain) <= LONGEST_NAME and plain not in taken:
        return plain
    mark = hashlib.sha256(f"{server}\0{tool}".encode()).hexdigest()[:6]
    return f"{plain[: LONGEST_NAME - 7]}_{mark}"


def schema_of(name: str, tool: types.Tool) -> dict[str, Any]:
    """The schema that the model is offered; raises `NotUsable`."""
    try:
        parameters = reading.of(tool.input_schema).document
    except BadInput as error:
        raise NotUsable(f"its schema cannot be used: {error.text}") from None
    parameters = cast("dict[str, Any]", _harmless(parameters, named=False))
    if neutralise(written := _json(parameters)) != written:
        # Names and values have to come back as they are, so they cannot be changed.
        raise NotUsable("names or values in its schema are control strings of the model")
    said = tool.description or tool.title or tool.name
    schema: dict[str, Any] = {
        "type": "function",
        "function": {
            "name": name,
            "description": _words(said, LONGEST_DESCRIPTION),
            "parameters": parameters,
        },
    }
    if (size := len(_json(schema))) > LARGEST_SCHEMA:
        raise NotUsable(f"its schema takes {size:,} characters; {LARGEST_SCHEMA:,} are the most")
    return schema


def changes(server: ServerConfig, tool: types.Tool) -> bool:
    """Whether somebody has to confirm a call: unless it is known to change nothing."""
    says_so = tool.annotations is not None and tool.annotations.read_only_hint is True
    return not says_so and tool.name not in server.read_only


def _harmless(value: object, *, named: bool) -> object:
    """The schema with harmless words. `named`: the keys are names of arguments, not keywords."""
    if isinstance(value, list):
        return [_harmless(item, named=False) for item in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    return {
        key: _words(item, LONGEST_OF_ARGUMENT)
        if not named and key in _WORDS and isinstance(item, str)
        else _harmless(item, named=not named and key in ("properties", "$defs", "definitions"))
        for key, item in cast("dict[str, object]", value).items()
    }


def _words(text: str, longest: int) -> str:
    """A description on few lines, of a sane length, that no format gives a meaning to."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    text = "\n".join(line for line in lines if line)
    if len(text) > longest:
        text = text[: longest - 1].rstrip() + "…"
    return neutralise(text)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)

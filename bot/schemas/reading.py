"""From what somebody wrote to a schema that can be used."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, cast

from bot import json_input
from bot.errors import BadInput
from bot.language import later
from bot.schemas import grammar, impossible, short_form, validation
from bot.schemas.tree import MAX_DEPTH, Schema, Tree, grow

MAX_BYTES = 32_000
"""The largest schema as text, in bytes of UTF-8. It is a part of every prompt that uses it."""

_EXAMPLE = '`{"type": "object", "properties": {"title": {"type": "string"}}}`'
_SAME_VALUE = ("allOf", "$ref", "anyOf", "oneOf")
_FENCED = re.compile(r"\s*```\w*\n(.*?)\n?```\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Usable:
    """A schema that was read and found usable.

    `text` is what stands in the prompt. `grammar` is the form that engines can force, None where
    answers can only be checked.
    """

    document: Schema
    text: str
    grammar: Schema | None

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the properties at the top, as far as they are named there."""
        return tuple(cast("dict[str, object]", self.document.get("properties", {})))


def read(text: str) -> Usable:
    """Read a JSON Schema or the short form (`name: type`); what cannot be used is `BadInput`."""
    check_size(len(text.encode("utf-8", "surrogatepass")))
    if fenced := _FENCED.fullmatch(text):
        text = fenced[1]
    text = text.strip().lstrip("\ufeff")
    if not text:
        raise BadInput(later("There is no schema in that."))
    if text[0] not in "{[" and short_form.looks_like_one(text):
        return of(short_form.parse(text))
    return of(_json(text))


def check_size(size: int) -> None:
    """Refuse a schema of so many bytes if it is too large."""
    if size > MAX_BYTES:
        raise BadInput(
            later(
                "That schema is {size:,.0f} kB large; I can use up to {most} kB.",
                size=size / 1000,
                most=MAX_BYTES // 1000,
            )
        )


def of(document: object) -> Usable:
    """Check a schema that is data already; what cannot be used is `BadInput`."""
    if not isinstance(document, dict):
        raise BadInput(
            later(
                "A schema has to be a JSON object at the top, such as {example}.", example=_EXAMPLE
            )
        )
    # They name drafts and addresses, which change nothing here.
    document = {
        name: value
        for name, value in cast(Schema, document).items()
        if name not in ("$schema", "$id")
    }
    tree = grow(document)
    text = _written(document)
    validation.check_schema(document)
    validation.check_patterns(part.schema for part in tree.parts.values())
    if reason := impossible.why(tree):
        raise BadInput(later("Nothing can fit that schema: {reason}.", reason=reason))
    if not _is_object(tree, "", {}):
        raise BadInput(
            later(
                "The schema has to describe an object at the top: "
                '`"type": "object"` with `"properties"`, such as {example}.',
                example=_EXAMPLE,
            )
        )
    check_size(len(text.encode("utf-8", "surrogatepass")))
    return Usable(document, text, grammar.form(document, tree))


def _written(document: Schema) -> str:
    """The schema as it stands in the prompt. What Python reads as infinity, JSON cannot say."""
    try:
        return json.dumps(document, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise BadInput(later("That is not valid JSON: {reason}.", reason=error)) from None


def _json(text: str) -> Any:
    try:
        return json_input.loads(text, parse_constant=_refuse_constant)
    except json_input.TooDeep:
        raise BadInput(
            later("That is nested too deeply: at most {most} levels.", most=MAX_DEPTH)
        ) from None
    except json.JSONDecodeError as error:
        raise BadInput(
            later(
                "That is not valid JSON ({reason}, line {line}, column {column}), "
                "nor `name: type` lines.",
                reason=error.msg,
                line=error.lineno,
                column=error.colno,
            )
        ) from None
    except ValueError as error:
        raise BadInput(later("That is not valid JSON: {reason}.", reason=error)) from None


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _is_object(tree: Tree, pointer: str, known: dict[str, bool]) -> bool:
    """Whether everything that fits a part of the schema is an object."""
    if pointer not in known:
        known[pointer] = False
        known[pointer] = _describes_objects(tree, pointer, known)
    return known[pointer]


def _describes_objects(tree: Tree, pointer: str, known: dict[str, bool]) -> bool:
    part = tree.parts[pointer]
    schema = part.schema
    if isinstance(schema, bool):
        return False
    if "type" in schema or "properties" in schema:
        return schema.get("type", "object") in ("object", ["object"])
    # Only what speaks of the same value is looked at: that never leads far (`tree`).
    inner = [(keyword, where) for keyword, where in part.leads_to if keyword in _SAME_VALUE]
    found = [(keyword, _is_object(tree, where, known)) for keyword, where in inner]
    if any(fits for keyword, fits in found if keyword in ("allOf", "$ref")):
        return True
    choices = [fits for keyword, fits in found if keyword in ("anyOf", "oneOf")]
    return bool(choices) and all(choices)

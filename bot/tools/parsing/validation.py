"""Whether calls fit the tools that were offered: JSON Schema's rules, no coercion, no guessing.

A checker of its own: its findings carry codes that can be counted, it knows what a tool's schema
adds to JSON Schema (`nullable`; an argument that is not listed is one that the function does not
take), and whatever a schema from outside says, the work is bounded.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from bot.tools.parsing.calls import Call
from bot.tools.parsing.constraints import broken_constraints, canonical, is_of_type, shortened

# Applications of a schema to a value, and how deep they may go.
_STEPS = 20_000
_MAX_DEPTH = 64

# How much of it the model is told: names of tools, and characters of where it is.
_MOST_NAMED = 40
_LONGEST = 300

# These look at all of a value, however it is nested.
_WHOLE = frozenset(("enum", "const", "uniqueItems"))

Schema = Mapping[str, Any]


class Problem(NamedTuple):
    """What does not fit: the number of the call, and where in its arguments (`tags[0].name`).

    `message` names the tool and the place, and is fit to be sent back to the model.
    """

    call: int
    code: str
    path: str
    message: str


class _Finding(NamedTuple):
    code: str
    path: str
    message: str


def validate(calls: Sequence[Call], tools: Sequence[Schema] | None) -> list[Problem]:
    """All that does not fit, by call, code and path; none: every call can be made."""
    parameters = {name: schema for name, schema in map(_signature, tools or ()) if name}
    found: list[Problem] = []
    for number, call in enumerate(calls):
        if call.name in parameters:
            findings = set(_check(parameters[call.name], call.arguments))
        else:
            offered = ", ".join(sorted(parameters)[:_MOST_NAMED]) or "none"
            findings = {
                _Finding("unknown_tool", "", f"there is no such tool; there are: {offered}")
            }
        found += [_problem(number, call, finding) for finding in findings]
    return sorted(found)


def _problem(number: int, call: Call, finding: _Finding) -> Problem:
    where = f"{call.name}, at `{finding.path}`" if finding.path else call.name
    return Problem(number, finding.code, finding.path, f"{where[:_LONGEST]}: {finding.message}")


def _check(schema: Schema, arguments: Mapping[str, Any]) -> Iterator[_Finding]:
    return _Check(schema, arguments).arguments(arguments)


def _signature(tool: Schema) -> tuple[str, Schema]:
    """A tool's name and the schema of its arguments."""
    inner = _schema(tool.get("function")) or tool
    name = inner.get("name")
    return name if isinstance(name, str) else "", _schema(inner.get("parameters")) or {}


class _Check:
    """Checks one call's arguments; `root` is where references lead."""

    def __init__(self, root: Schema, arguments: Mapping[str, Any]) -> None:
        self.root = root
        self.steps = _STEPS
        self._size = _size(arguments)
        self._enums: dict[int, frozenset[Hashable]] = {}

    def arguments(self, arguments: Mapping[str, Any]) -> Iterator[_Finding]:
        known = _schema(self.root.get("properties")) or {}
        combined = any(key in self.root for key in ("$ref", "allOf", "anyOf", "oneOf"))
        if "additionalProperties" not in self.root and not combined:
            for key in arguments:
                if key not in known:
                    yield _unexpected(key)
        yield from self._value(self.root, arguments, "", 0)

    def _value(self, schema: object, value: object, path: str, depth: int) -> Iterator[_Finding]:
        self.steps -= self._cost(schema, value)
        if self.steps < 0 or depth > _MAX_DEPTH:
            yield _Finding("constraint", path, "this takes too long to check")
            return
        if schema is False:
            yield _Finding("constraint", path, "nothing is allowed here")
        if not isinstance(schema, Mapping):
            return
        found = cast(Schema, schema)
        if value is None and found.get("nullable") is True:
            return
        yield from self._itself(found, value, path)
        yield from self._combined(found, value, path, depth + 1)
        if isinstance(value, dict):
            yield from self._object(found, cast("dict[str, Any]", value), path, depth + 1)
        elif isinstance(value, list):
            yield from self._array(found, cast("list[Any]", value), path, depth + 1)

    def _cost(self, schema: object, value: object) -> int:
        """What it takes to apply a schema: more where all of a value has to be looked at."""
        if isinstance(value, str):
            return 1 + len(value) // 1000
        whole = isinstance(schema, Mapping) and not _WHOLE.isdisjoint(cast(Schema, schema))
        return 1 + self._size // 10 if whole and isinstance(value, (list, dict)) else 1

    def _itself(self, schema: Schema, value: object, path: str) -> Iterator[_Finding]:
        wanted = schema.get("type")
        kinds = cast("list[object]", wanted) if isinstance(wanted, list) else [wanted]
        if wanted is not None and not any(is_of_type(value, kind) for kind in kinds):
            names = " or ".join(map(str, kinds))
            yield _Finding("wrong_type", path, f"this has to be of type {names}")
        allowed = schema.get("enum")
        if isinstance(allowed, list):
            several = cast("list[object]", allowed)
            if canonical(value) not in self._enum(several):
                shown = ", ".join(map(shortened, several[:20]))
                yield _Finding("enum_mismatch", path, f"this has to be one of {shown}")
        for message in broken_constraints(schema, value):
            yield _Finding("constraint", path, message)

    def _enum(self, values: list[object]) -> frozenset[Hashable]:
        # An enumeration may be long, and stand where a list has many items.
        if id(values) not in self._enums:
            self._enums[id(values)] = frozenset(map(canonical, values))
        return self._enums[id(values)]

    def _object(
        self, schema: Schema, value: Mapping[str, Any], path: str, depth: int
    ) -> Iterator[_Finding]:
        required = schema.get("required")
        for key in cast("list[object]", required) if isinstance(required, list) else ():
            if isinstance(key, str) and key not in value:
                yield _Finding("missing_required", _below(path, key), "this is missing")
        known = _schema(schema.get("properties")) or {}
        others = schema.get("additionalProperties")
        for key, one in value.items():
            where = _below(path, key)
            if key in known:
                yield from self._value(known[key], one, where, depth)
            elif others is False:
                yield _unexpected(where)
            elif others is not None:
                yield from self._value(others, one, where, depth)

    def _array(self, schema: Schema, value: list[Any], path: str, depth: int) -> Iterator[_Finding]:
        given = schema.get("prefixItems")
        first = cast("list[object]", given) if isinstance(given, list) else []
        rest = schema.get("items", True)
        for index, one in enumerate(value):
            below = first[index] if index < len(first) else rest
            if below is True:
                continue
            yield from self._value(below, one, f"{path}[{index}]", depth)
            if self.steps < 0:
                return

    def _combined(self, schema: Schema, value: object, path: str, depth: int) -> Iterator[_Finding]:
        """The keywords that speak of the same value once more."""
        if isinstance(reference := schema.get("$ref"), str):
            yield from self._value(self._target(reference), value, path, depth)
        for one in _several(schema, "allOf"):
            yield from self._value(one, value, path, depth)
        if any_of := _several(schema, "anyOf"):
            yield from self._choice(any_of, value, path, depth, most=len(any_of))
        if one_of := _several(schema, "oneOf"):
            yield from self._choice(one_of, value, path, depth, most=1)
        unwanted = schema.get("not")
        if unwanted is not None and not any(self._value(unwanted, value, path, depth)):
            yield _Finding("constraint", path, "this is what is not allowed here")

    def _choice(
        self, branches: list[object], value: object, path: str, depth: int, *, most: int
    ) -> Iterator[_Finding]:
        tried = [list(self._value(branch, value, path, depth)) for branch in branches]
        fitting = sum(not findings for findings in tried)
        if fitting > most:
            yield _Finding("constraint", path, "this fits more than one of the alternatives")
        if fitting:
            return
        of_type = [found for found in tried if not any(_is_type_of(path, one) for one in found)]
        if not of_type:
            yield _Finding("wrong_type", path, "this is of none of the types allowed here")
        elif len(of_type) == 1:
            # Only one alternative was meant: what it says is of use.
            yield from of_type[0]
        else:
            yield _Finding("constraint", path, "this fits none of the alternatives")

    def _target(self, reference: str) -> object:
        """What a reference inside the schema stands for; one that leads nowhere allows anything."""
        found: object = self.root
        for key in reference.removeprefix("#").split("/")[1:]:
            name = key.replace("~1", "/").replace("~0", "~")
            inner = _schema(found)
            found = inner.get(name) if inner else None
        return found if reference.startswith("#") else None


def _size(value: object) -> int:
    """How many values there are in a value."""
    waiting, size = [value], 0
    while waiting:
        one = waiting.pop()
        size += 1
        if isinstance(one, dict):
            waiting += cast("dict[str, object]", one).values()
        elif isinstance(one, list):
            waiting += cast("list[object]", one)
    return size


def _is_type_of(path: str, finding: _Finding) -> bool:
    return finding.code == "wrong_type" and finding.path == path


def _unexpected(path: str) -> _Finding:
    return _Finding("unexpected_argument", path, "there is no such argument")


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _schema(value: object) -> Schema | None:
    return cast(Schema, value) if isinstance(value, Mapping) else None


def _several(schema: Schema, keyword: str) -> list[object]:
    found = schema.get(keyword)
    return cast("list[object]", found) if isinstance(found, list) else []

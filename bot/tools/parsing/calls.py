"""A call in the words of a model: what it is, and how an object is read as one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from bot.tools.parsing import literals

_ARGUMENTS = ("arguments", "parameters", "params", "args")

FAULTS = {
    "invalid_json": "the call is not valid JSON",
    "truncated": "the answer ended in the middle of the call",
    "missing_name": "the call does not name its tool",
    "invalid_arguments": "the arguments are not a JSON object",
    "too_deep": f"the call is nested more than {literals.MAX_DEPTH} levels deep",
    "hallucinated_response": "the answer made up the result of a tool",
}
"""What can be wrong with a call, in words that a model can use."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool's name and arguments, not yet checked against what it takes.

    `recovered` says that its limits were guessed: a tag was missing or doubled, brackets had to be
    supplied or dropped, or there were no tags at all. Such a call changes nothing unasked.
    """

    name: str
    arguments: dict[str, Any]
    recovered: bool = False


class CallFault(NamedTuple):
    """What was wrong with a call; `code` is a key of FAULTS."""

    code: str

    @property
    def text(self) -> str:
        """The same in words."""
        return FAULTS[self.code]


class NoCall(ValueError):
    """An object is no call; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(FAULTS[code])
        self.code = code


def objects(values: Sequence[object]) -> list[Mapping[str, object]] | None:
    """A call's values as objects, lists of them laid flat; None if there is anything else."""
    flat: list[object] = []
    for value in values:
        flat += cast("list[object]", value) if isinstance(value, list) else [value]
    if not flat or not all(isinstance(one, dict) for one in flat):
        return None
    return cast("list[Mapping[str, object]]", flat)


def call(found: Mapping[str, object], *, recovered: bool) -> Call:
    """Read an object as a call; NoCall if it has no name, or arguments that are no object."""
    inner = _unwrapped(found)
    name = inner.get("name")
    if not isinstance(name, str) or not name.strip():
        raise NoCall("missing_name")
    return Call(name, _arguments(inner), recovered)


def has_arguments(found: Mapping[str, object]) -> bool:
    """Whether an object says what to call something with, be it nothing."""
    return any(key in _unwrapped(found) for key in _ARGUMENTS)


def offered(tools: Sequence[Mapping[str, Any]] | None) -> Collection[str]:
    """The names of tools, each given bare or inside {"type", "function"}."""
    inner = [tool.get("function", tool) for tool in tools or ()]
    names = [cast("Mapping[str, Any]", one).get("name") for one in inner if isinstance(one, dict)]
    return frozenset(name for name in names if isinstance(name, str))


def _unwrapped(found: Mapping[str, object]) -> Mapping[str, object]:
    """The inside of {"function": {...}}; arguments beside it count, if it has none of its own."""
    inner = found.get("function")
    if "name" in found or not isinstance(inner, dict):
        return found
    beside = {key: found[key] for key in _ARGUMENTS if key in found}
    own = cast("dict[str, object]", inner)
    return own if any(key in own for key in _ARGUMENTS) else own | beside


def _arguments(found: Mapping[str, object]) -> dict[str, Any]:
    given = next((found[key] for key in _ARGUMENTS if key in found), None)
    if given is None or (isinstance(given, str) and not given.strip()):
        return {}
    if isinstance(given, str):
        try:
            given = literals.read(given)
        except ValueError:
            raise NoCall("invalid_arguments") from None
    if not isinstance(given, dict):
        raise NoCall("invalid_arguments")
    return cast("dict[str, Any]", given)

"""`@tool`: an async method with type hints and a docstring is something the model can call."""

from __future__ import annotations

import inspect
import re
import string
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast, overload

from bot.errors import UserError
from bot.language import later, tr
from bot.tools.context import ToolContext
from bot.tools.schema import Arguments, ToolDefinitionError, WrongArguments, fault, schema_of

__all__ = ["Tool", "ToolDefinitionError", "ToolError", "tool", "tools_of"]

Call = Callable[[ToolContext, dict[str, Any]], Awaitable[object]]
Method = TypeVar("Method", bound=Callable[..., Any])

_MARK = "__tool__"
_LONGEST_LINE = 120
# What the servers of models take as the name of a function.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


class ToolError(UserError):
    """A tool cannot do what was asked: in words that the model and the user understand."""

    text = later("The tool could not do that.")


@dataclass(frozen=True, slots=True, eq=False)
class Tool:
    """Something the model can have done.

    `schema` is what the model is offered: `{"type": "function", "function": {...}}`. `call` takes
    the arguments by name and nothing else. `reaches_out`: it talks to somebody outside Discord.
    `changes`: the asker has to confirm it. `needs_discord`: it is not offered in the playground,
    nor where the bot is only a guest. `shows` is the quiet line while it runs (of the bot's own
    tools made with `later`), `timeout` its seconds.
    """

    name: str
    schema: dict[str, Any]
    call: Call
    reaches_out: bool = False
    changes: bool = False
    needs_discord: bool = False
    shows: str = ""
    timeout: float = 20.0

    def line(self, arguments: Mapping[str, object]) -> str:
        """What is shown while it runs, in the language of the running task.

        Never fails, whatever the model gave as arguments.
        """
        return _line(tr(self.shows), arguments) or self.name.replace("_", " ")


@dataclass(frozen=True, slots=True)
class _Mark:
    """What `@tool` said about a method."""

    reaches_out: bool
    changes: bool
    needs_discord: bool
    shows: str
    timeout: float
    name: str


@overload
def tool(method: Method, /) -> Method: ...
@overload
def tool(
    *,
    reaches_out: bool = False,
    changes: bool = False,
    needs_discord: bool = False,
    shows: str = "",
    timeout: float = 20.0,
    name: str = "",
) -> Callable[[Method], Method]: ...
def tool(
    method: Callable[..., Any] | None = None,
    /,
    *,
    reaches_out: bool = False,
    changes: bool = False,
    needs_discord: bool = False,
    shows: str = "",
    timeout: float = 20.0,
    name: str = "",
) -> Any:
    """Mark an async method as a tool; cogs/tools/README.md shows one.

    `shows` is the line while it runs, such as "weather: {location}"; `name` replaces the method's.
    """
    mark = _Mark(reaches_out, changes, needs_discord, shows, timeout, name)

    def marked(method: Callable[..., Any]) -> Callable[..., Any]:
        setattr(method, _MARK, mark)
        return method

    return marked if method is None else marked(method)


def tools_of(owner: object) -> tuple[Tool, ...]:
    """The tools of a cog, sorted by name; one that cannot be made is a `ToolDefinitionError`."""
    tools: dict[str, Tool] = {}
    for method, mark in _marked(owner):
        made = _made(method, mark)
        if made.name in tools:
            raise fault(method, f"there are two tools called “{made.name}”. Rename one of them.")
        tools[made.name] = made
    return tuple(tools[name] for name in sorted(tools))


def _marked(owner: object) -> Iterator[tuple[Callable[..., Any], _Mark]]:
    for name in dir(type(owner)):
        # Statically: looking at a property would run it.
        mark = getattr(inspect.getattr_static(type(owner), name, None), _MARK, None)
        if isinstance(mark, _Mark):
            yield getattr(owner, name), mark


def _made(method: Callable[..., Any], mark: _Mark) -> Tool:
    if not inspect.iscoroutinefunction(method):
        raise fault(method, "a tool has to be async. Write `async def`.")
    name = mark.name or method.__name__
    if not _NAME.fullmatch(name):
        raise fault(
            method,
            f"“{name}” cannot be a tool's name. Use up to 64 letters, digits, _ and -, "
            "and no digit first.",
        )
    if not mark.timeout > 0:
        raise fault(method, f"it has a timeout of {mark.timeout:g} seconds. Give it more than 0.")
    schema = schema_of(method, without=(ToolContext,))
    schema["function"]["name"] = name
    arguments = Arguments(method, without=(ToolContext,))
    _check_line(method, mark.shows, arguments.names)
    return Tool(
        name=name,
        schema=schema,
        call=_call(method, name, arguments),
        reaches_out=mark.reaches_out,
        changes=mark.changes,
        needs_discord=mark.needs_discord,
        shows=mark.shows,
        timeout=mark.timeout,
    )


def _call(method: Callable[..., Any], name: str, arguments: Arguments) -> Call:
    async def call(context: ToolContext, given: dict[str, Any]) -> object:
        try:
            bound = arguments.bind(given)
        except WrongArguments as error:
            raise ToolError(f"“{name}” cannot be called like that. {error}") from None
        return await method(**bound, **dict.fromkeys(arguments.left_out, context))

    return call


def _check_line(method: Callable[..., Any], shows: str, names: tuple[str, ...]) -> None:
    """A line that cannot be shown is found when the bot starts, not while a tool runs."""
    try:
        fields = list(string.Formatter().parse(shows))
    except ValueError as error:
        raise fault(method, f"its line “{shows}” cannot be read ({error}).") from None
    for _, field, form, conversion in fields:
        if field is not None and (field not in names or form or conversion):
            raise fault(
                method,
                f"its line “{shows}” has a field “{field}” that is no argument's plain name. "
                "Write one such as {" + (names[0] if names else "name") + "}, or leave it out.",
            )


def _line(shows: str, arguments: Mapping[str, object]) -> str:
    parts = string.Formatter().parse(shows)
    text = "".join(
        before + ("" if field is None else _shown(arguments.get(field)))
        for before, field, _, _ in parts
    )
    # What the model wrote is on one line, and short.
    text = " ".join(text.split()).rstrip(" :")
    return text if len(text) <= _LONGEST_LINE else text[: _LONGEST_LINE - 1] + "…"


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(_shown, cast("list[object]", value)))
    return str(value)

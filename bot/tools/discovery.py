"""Finding the tools: every module in a package that has a cog of tools brings its own."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from bot.errors import StartupError
from bot.tools.kit import Kit
from bot.tools.tool import Tool, ToolDefinitionError, tools_of

PACKAGE = "cogs.tools"

_BASE = "ToolCog"


def build(kit: Kit, package: str = PACKAGE) -> tuple[Any, ...]:
    """Build each `ToolCog` of a package; one that fails is a `StartupError` with its name."""
    parent = importlib.import_module(package)
    base = getattr(parent, _BASE)
    cogs: list[Any] = []
    for found in pkgutil.iter_modules(parent.__path__, f"{package}."):
        try:
            module = importlib.import_module(found.name)
            cogs += [kind(kit) for kind in _classes(module, base)]
        except Exception as error:
            raise StartupError(
                f"{found.name} does not load: {type(error).__name__}: {error}"
            ) from error
    return tuple(cogs)


def tools_in(cogs: Iterable[object]) -> tuple[Tool, ...]:
    """All tools of the cogs; what is wrong with one, or two of one name, is a `StartupError`."""
    found: dict[str, Tool] = {}
    owners: dict[str, str] = {}
    for cog in cogs:
        try:
            tools = tools_of(cog)
        except ToolDefinitionError as error:
            raise StartupError(str(error)) from error
        for tool in tools:
            owner = type(cog).__module__
            if tool.name in found:
                raise StartupError(f"{owners[tool.name]} and {owner} both have a tool {tool.name}")
            found[tool.name], owners[tool.name] = tool, owner
    return tuple(found.values())


def file_of(cog: object) -> str:
    """The name of the file that a cog's tools are in."""
    return type(cog).__module__.rpartition(".")[2]


def named(wanted: Iterable[str], cogs: Iterable[object]) -> tuple[frozenset[str], list[str]]:
    """The tools that names of tools, or of the files they are in, mean; and names of neither."""
    by_name: dict[str, set[str]] = {}
    for cog in cogs:
        file = file_of(cog)
        for tool in tools_of(cog):
            by_name.setdefault(tool.name, set()).add(tool.name)
            by_name.setdefault(file, set()).add(tool.name)
    asked = list(wanted)
    meant = frozenset(name for one in asked for name in by_name.get(one, ()))
    return meant, [one for one in asked if one not in by_name]


def _classes(module: ModuleType, base: type) -> list[type]:
    return [
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, base) and kind is not base and kind.__module__ == module.__name__
    ]

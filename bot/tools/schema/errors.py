"""What is wrong with the definition of a tool: told to whoever wrote it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class ToolDefinitionError(Exception):
    """A function cannot be a tool: names class and method, what is wrong and what to do."""


class Indescribable(Exception):
    """No schema says what a hint or a docstring means: a clause with what to do instead."""


def fault(function: Callable[..., Any], what: str) -> ToolDefinitionError:
    """The error for a function: its class and name, then `what` in whole sentences."""
    name: str = getattr(function, "__qualname__", "") or repr(function)
    # A class made inside a function is called by its own name.
    return ToolDefinitionError(f"{name.rpartition('<locals>.')[2]}: {what}")

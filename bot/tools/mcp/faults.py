"""Why there is no connection, in words for the operator and without anything secret."""

from __future__ import annotations

from typing import cast

from mcp import MCPError
from mcp.types import CONNECTION_CLOSED, INVALID_REQUEST

from bot.tools.mcp.config import ServerConfig

_LONGEST = 300
_ENDINGS = ("Connection closed", "SSE stream ended without a response")
_FORGOTTEN = ("Session terminated", "Session not found")


class Fault(Exception):
    """A failure that has its words already."""


def in_words(error: Exception, config: ServerConfig) -> str:
    """What went wrong, as the end of a sentence that names the server."""
    return config.without_secrets(_in_words(_innermost(error), config))[:_LONGEST]


def is_gone(error: MCPError) -> bool:
    """Whether the connection ended before the answer came; servers use the code as well."""
    return error.code == CONNECTION_CLOSED and error.message in _ENDINGS


def is_forgotten(error: MCPError) -> bool:
    """Whether the server knows the session no more: that is how the library says it."""
    return error.code == INVALID_REQUEST and error.message in _FORGOTTEN


def _in_words(error: BaseException, config: ServerConfig) -> str:
    if isinstance(error, FileNotFoundError):
        missing = "the folder “cwd”" if config.cwd and error.filename == config.cwd else "it"
        return f"{missing} was not found"
    if isinstance(error, PermissionError):
        return "it may not be run by the bot's user"
    if isinstance(error, MCPError):
        if is_gone(error):
            return "it ended before it answered"
        hint = " (are “url” and “headers” right?)" if config.url else ""
        return f"it refused: {error.message}{hint}"
    if type(error).__module__.startswith("httpx"):
        return f"nothing answers there ({type(error).__name__})"
    return str(error) or type(error).__name__


def _innermost(error: BaseException) -> BaseException:
    """The first cause within groups: task groups wrap whatever ends them."""
    while isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        error = group.exceptions[0]
    return error

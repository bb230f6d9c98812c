"""What a server's answer to a call is given to the model as."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp import types

from bot.tools.tool import ToolError

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST_ERROR = 2_000


def content_of(result: types.CallToolResult) -> object:
    """The data if there is any, else the texts; an error of the tool is a `ToolError`."""
    if result.is_error:
        text = _text(result.content).strip() or "The tool failed and did not say why."
        raise ToolError(text[:_LONGEST_ERROR])
    if result.structured_content is not None:
        return result.structured_content
    return _text(result.content)


def _text(parts: Sequence[types.ContentBlock]) -> str:
    return "\n".join(map(_part, parts))


def _part(part: types.ContentBlock) -> str:
    """A text itself; for all else its name, since the model can neither see nor hear."""
    match part:
        case types.TextContent():
            return part.text
        case types.ImageContent() | types.AudioContent():
            return f"[{part.type}: {part.mime_type}, {_size(part.data)}]"
        case types.ResourceLink():
            return f"[resource: {part.name}, {part.uri}]"
        case types.EmbeddedResource():
            return _resource(part.resource)


def _resource(resource: types.TextResourceContents | types.BlobResourceContents) -> str:
    if isinstance(resource, types.TextResourceContents):
        return f"[resource: {resource.uri}]\n{resource.text}"
    kind = f", {resource.mime_type}" if resource.mime_type else ""
    return f"[resource: {resource.uri}{kind}, {_size(resource.blob)}]"


def _size(base64: str) -> str:
    """How much the text holds; base64 writes three bytes as four letters."""
    size = len(base64.rstrip("=")) * 3 // 4
    return f"{size} B" if size < 1000 else f"{size / 1000:.0f} kB"

"""A server made with the protocol's own library: `python official.py`, or `make()` for HTTP."""

from __future__ import annotations

import base64

import anyio
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import (
    AudioContent,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
    ToolAnnotations,
)


def make() -> MCPServer:
    server = MCPServer("official", log_level="CRITICAL")
    stopped: list[str] = []

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    def add(first: int, second: int) -> dict[str, int]:
        """Add two numbers."""
        return {"sum": first + second}

    @server.tool(structured_output=False)
    def fail() -> str:
        """Fail."""
        raise ToolError("There is no such island.")

    @server.tool(structured_output=False)
    async def slow() -> str:
        """Take very long."""
        try:
            await anyio.sleep(600)
        finally:
            stopped.append("slow")
        return "done"

    @server.tool(structured_output=False)
    async def stopped_calls() -> str:
        """Tell which calls were stopped."""
        await anyio.sleep(0.2)
        return ",".join(stopped)

    @server.tool(structured_output=False)
    def show() -> list[object]:
        """Show all kinds of things."""
        data = base64.b64encode(bytes(12_345)).decode()
        return [
            TextContent(text="Here:"),
            ImageContent(data=data, mime_type="image/png"),
            AudioContent(data="AAAA", mime_type="audio/wav"),
            ResourceLink(name="log", uri="file:///log.txt"),
            EmbeddedResource(resource=TextResourceContents(uri="note://1", text="Dear diary")),
        ]

    @server.tool()
    async def grow(context: Context) -> str:
        """Offer one more tool."""
        server.add_tool(lambda: "grown", name="grown", description="Was not there before.")
        await context.notify_tools_changed()
        return "done"

    return server


if __name__ == "__main__":
    make().run("stdio")

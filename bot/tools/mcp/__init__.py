"""Servers of the Model Context Protocol, whose tools the model can use beside the bot's own.

The operator names them in a file (docs/mcp.md); `read_config` reads it and `McpServers` keeps the
connections. The protocol's library is imported only where there is a server.
"""

from bot.tools.mcp.config import ServerConfig, read_config
from bot.tools.mcp.servers import McpServers

__all__ = ["McpServers", "ServerConfig", "read_config"]

"""discord.py logs every lost connection with a traceback, and that a bot without voice has none.

So it does with suggestions that come too late, or that Discord does not take.
"""

from __future__ import annotations

import logging

import aiohttp
import discord
from discord.gateway import ReconnectWebSocket

_EXPECTED = (
    aiohttp.ClientError,
    OSError,
    discord.ConnectionClosed,
    discord.GatewayNotFound,
    discord.HTTPException,
    discord.RateLimited,
    ReconnectWebSocket,
)
# Whatever ends a connection, another one is made.
_CONNECTIONS = "discord.shard"
_LOGGERS = ("discord.client", "discord.gateway", "discord.shard", "discord.app_commands.tree")


def _shorten(record: logging.LogRecord) -> bool:
    """Replace the traceback of an expected failure by its text."""
    error = record.exc_info[1] if record.exc_info else None
    if error and (isinstance(error, _EXPECTED) or record.name == _CONNECTIONS):
        record.msg = f"{record.getMessage()} ({type(error).__name__}: {error})"
        record.args = ()
        record.exc_info = None
        record.exc_text = None
    return True


def hush() -> None:
    """Make discord.py's loggers short. Doing it again changes nothing."""
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_shorten)

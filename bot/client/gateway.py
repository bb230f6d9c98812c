"""The connection to Discord's gateway: what is asked for, and what ends it for good."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import discord

from bot.errors import SettingsError, StartupError

log = logging.getLogger(__name__)

_WRONG_TOKEN = 4004

# So many connections that went on with a session within so many seconds are too many; each further
# one waits so long.
_MANY = 5
_SOON = 30.0
_PAUSE = 5.0

# What Discord says when it closes a connection and wants no other one.
_CLOSED = {
    4010: "it does not know the shard that was asked for; see SHARD_IDS",
    4011: "the bot is in so many servers that it needs more shards; raise SHARD_COUNT if that is "
    "set, and start it again",
    4012: "it does not speak this version of its API any more; update the bot",
    4013: "it does not know an intent that was asked for; update the bot",
}


def intents(reads_everything: bool) -> discord.Intents:
    """What the bot wants to hear, with or without what is written without addressing it."""
    return discord.Intents(
        guilds=True,
        guild_messages=True,
        dm_messages=True,
        message_content=reads_everything,
    )


def closed_for_good(code: int, portal: str) -> SettingsError | StartupError:
    """What a process ends with whose connection Discord has closed, and wants no other one."""
    if code == _WRONG_TOKEN:
        return SettingsError(
            f"DISCORD_TOKEN: Discord does not accept it any more (code {code}); "
            f"copy it again from {portal} (page Bot)"
        )
    reason = _CLOSED.get(code, "is DISCORD_TOKEN still valid?")
    return StartupError(f"Discord closed the connection for good (code {code}): {reason}")


def connect_again(shard: discord.ShardInfo) -> None:
    """Let a shard connect anew after whatever it cannot read, and not without end at once.

    discord.py (2.7.1) ends the whole client over a frame of the gateway that is cut or is no JSON,
    and goes on with a session some hundred times a second where each connection is closed. A
    cancellation that comes while it connects again it takes for its own, and the client never ends.
    """
    parent: Any = shard
    parent = parent._parent
    parent._handled_exceptions = (Exception,)
    parent.reconnect = _cancellable(parent.reconnect)
    go_on, times = _cancellable(parent.reidentify), deque[float](maxlen=_MANY)

    async def go_on_in_time(exc: Any) -> None:
        now = asyncio.get_running_loop().time()
        if len(times) == _MANY and now - times[0] < _SOON:
            log.warning("shard %s: connections end at once; the next in %g s", shard.id, _PAUSE)
            await asyncio.sleep(_PAUSE)
        times.append(asyncio.get_running_loop().time())
        await go_on(exc)

    parent.reidentify = go_on_in_time


def _cancellable(step: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """The same step, which ends with its task if that is cancelled meanwhile."""

    async def go(*args: Any) -> None:
        await step(*args)
        if (task := asyncio.current_task()) and task.cancelling():
            raise asyncio.CancelledError

    return go


def set_partial_edits_apart(
    parsers: MutableMapping[str, Callable[[Any], Any]],
    tell: Callable[[Mapping[str, Any]], Any],
) -> None:
    """Give `tell` the edits that say only what is new, which discord.py (2.7.1) cannot read.

    Where that is no text, nothing was edited: it is the preview of a link, or a pin.
    """
    parse = parsers["MESSAGE_UPDATE"]

    def read(data: Any) -> None:
        if "author" in data and "content" in data:
            parse(data)
        elif "content" in data:
            tell(data)

    parsers["MESSAGE_UPDATE"] = read

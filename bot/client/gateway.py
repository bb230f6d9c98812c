"""The connection to Discord's gateway: what is asked for, and what ends it for good."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import discord

# What Discord says when it closes a connection and wants no other one.
_CLOSED = {
    4004: "it does not accept DISCORD_TOKEN any more; copy it again from {portal} (page Bot)",
    4010: "it does not know the shard that was asked for",
    4011: "the bot is in so many servers that it needs more shards; start it again",
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


def why_closed(code: int, portal: str) -> str:
    """One line about a connection that Discord closed for good."""
    reason = _CLOSED.get(code, "is DISCORD_TOKEN still valid?").format(portal=portal)
    return f"Discord closed the connection for good (code {code}): {reason}"


def connect_again_after_anything(shard: discord.ShardInfo) -> None:
    """Let a shard connect anew after whatever it cannot read.

    discord.py (2.7.1) ends the whole client over a frame of the gateway that is cut or is no JSON.
    """
    inner: Any = shard
    inner._parent._handled_exceptions = (Exception,)


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

"""How Discord's places are called in the conversations: `discord:<channel id>`."""

from __future__ import annotations

import discord

_PREFIX = "discord:"


def conversation_in(channel_id: int) -> str:
    """The conversation that all people in a channel, a thread or a DM share."""
    return f"{_PREFIX}{channel_id}"


def private_conversation(channel_id: int, user_id: int) -> str:
    """What one person talks with the bot in a channel, seen by nobody else."""
    return f"{_PREFIX}{channel_id}:{user_id}"


def schema_owner(guild_id: int | None, user_id: int) -> str:
    """Whose saved schemas are used: the server's, in a direct message the person's own."""
    return f"{_PREFIX}server:{guild_id}" if guild_id else f"{_PREFIX}user:{user_id}"


def channel_of(conversation: str) -> int | None:
    """The channel's id, or None for a conversation that is not on Discord."""
    channel, _, _ = conversation.removeprefix(_PREFIX).partition(":")
    return int(channel) if conversation.startswith(_PREFIX) and channel.isdecimal() else None


def circles(channel: object) -> tuple[str, ...]:
    """The conversation of a channel, and for a thread that of its channel too."""
    ids = [getattr(channel, "id", None)]
    if isinstance(channel, discord.Thread):
        ids.append(channel.parent_id)
    return tuple(conversation_in(found) for found in ids if found is not None)


def can_write(channel: object, me: discord.Member | None) -> bool:
    """Whether the bot may write there, as far as it knows without asking Discord."""
    if me is None or not isinstance(channel, (discord.abc.GuildChannel, discord.Thread)):
        return True
    allowed = channel.permissions_for(me)
    if isinstance(channel, discord.Thread):
        return allowed.view_channel and allowed.send_messages_in_threads
    return allowed.view_channel and allowed.send_messages

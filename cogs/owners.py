"""Whose facts apply in a place of Discord, and where one that is told there is kept.

A memory reaches as far as the words did: from a channel that everybody in a server can read to the
whole server, from any other place nowhere else.
"""

from __future__ import annotations

import discord

from bot.conversation.facts import Owner
from cogs.places import circles, conversation_in, private_conversation


def owners(
    channel: object, channel_id: int, guild_id: int | None, user_id: int, *, private: bool = False
) -> tuple[Owner, ...]:
    """All whose facts apply when a person is answered there.

    The first is the person in the place where what they tell there is kept. `private`: in their
    own talk beside the channel's. `channel` may be anything if it is not known: then it is closed.
    """
    here = circles(channel) or (conversation_in(channel_id),)
    alone = (private_conversation(channel_id, user_id),) if private else ()
    server = (server_owner(guild_id),) if guild_id else ()
    stays = private or not is_open(channel)
    places = (*alone, *here, *server) if stays else (*server, *here)
    return (
        *(Owner("person", f"{place}:user:{user_id}") for place in places),
        *(Owner("channel", place) for place in (*alone, *here)),
        *(Owner("server", place) for place in server),
    )


def channel_owner(channel_id: int) -> Owner:
    """Where the facts of a channel, a thread or a direct message are kept."""
    return Owner("channel", conversation_in(channel_id))


def server_owner(guild_id: int) -> str:
    """The name under which the facts of a server are kept."""
    return f"discord:server:{guild_id}"


def is_open(channel: object) -> bool:
    """Whether every member of the server can read a channel, as far as is known."""
    if isinstance(channel, discord.Thread):
        channel = None if channel.is_private() else channel.parent
    if not isinstance(channel, discord.abc.GuildChannel):
        return False
    # Discord does not tell the roles of servers that the bot is not in.
    everyone: discord.Role | None = channel.guild.default_role
    return everyone is not None and channel.permissions_for(everyone).view_channel

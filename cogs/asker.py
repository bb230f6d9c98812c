"""What a tool needs of Discord: the client, and the people and places of its question."""

from __future__ import annotations

from typing import cast

import discord

from bot.client import HermesBot
from bot.client.failures import DISCORD_FAILURES
from bot.language import Language, later, spoken
from bot.tools.context import ToolContext
from bot.tools.kit import Kit
from bot.tools.tool import ToolError
from cogs.language import language_in

Place = discord.abc.GuildChannel | discord.Thread | discord.DMChannel
"""Where messages are; whoever sends there checks that it is a `discord.abc.Messageable`."""


def client_of(kit: Kit) -> discord.Client:
    """The bot's connection to Discord."""
    # The kit knows no type of discord.py, since it belongs to the pure room of tools.
    if kit.discord is None:
        raise ToolError(later("I am not connected to Discord here."))
    return cast("discord.Client", kit.discord)


def language_at(client: discord.Client, channel: int) -> Language:
    """The language that is spoken in a channel, by whatever is said there unasked."""
    if not isinstance(client, HermesBot):
        return spoken()
    return language_in(client, client.get_channel(channel))


def left_alone(client: discord.Client, person: int) -> bool:
    """Whether somebody has opted out: what they wrote, and who they are, is nobody's to ask."""
    return isinstance(client, HermesBot) and client.opt_outs.ignores(str(person))


def server_of(client: discord.Client, context: ToolContext) -> discord.Guild:
    """The server in which a question was asked."""
    if not context.server.isdecimal():
        raise ToolError(later("That works only in a server, not in direct messages."))
    guild = client.get_guild(int(context.server))
    if guild is None:
        raise ToolError(later("I am not in this server any more."))
    return guild


async def asker_in(guild: discord.Guild, context: ToolContext) -> discord.Member:
    """Who asked, as a member with today's roles: no member is kept in memory."""
    if not context.asker.isdecimal():
        raise ToolError(later("I do not know who asked."))
    try:
        return await guild.fetch_member(int(context.asker))
    except discord.NotFound:
        raise ToolError(later("Whoever asked is not in this server any more.")) from None
    except DISCORD_FAILURES as error:
        raise ToolError(later("Discord does not tell me who asked."), detail=str(error)) from None


async def channel_here(client: discord.Client, context: ToolContext) -> Place:
    """The channel, thread or DM in which a question was asked."""
    if not context.channel.isdecimal():
        raise ToolError(later("There is no Discord channel here."))
    number = int(context.channel)
    try:
        found = client.get_channel(number) or await client.fetch_channel(number)
    except DISCORD_FAILURES as error:
        raise ToolError(later("I cannot see this channel."), detail=str(error)) from None
    return cast("Place", found)


async def permissions(place: Place, context: ToolContext) -> discord.Permissions:
    """What the asker may do in a place, as of now."""
    if isinstance(place, (discord.abc.GuildChannel, discord.Thread)):
        return await permissions_of(place, await asker_in(place.guild, context))
    # The bot is in direct messages with one person only, and that one asked.
    return place.permissions_for()


async def permissions_of(
    place: discord.abc.GuildChannel | discord.Thread, member: discord.Member
) -> discord.Permissions:
    """What a member may do in a channel or thread; nothing in a private thread of others."""
    allowed = place.permissions_for(member)
    if isinstance(place, discord.Thread) and place.is_private() and not allowed.manage_threads:
        try:
            await place.fetch_member(member.id)
        except DISCORD_FAILURES:
            return discord.Permissions.none()
    return allowed


def mine(place: Place) -> discord.Permissions:
    """What the bot itself may do in a place."""
    if isinstance(place, (discord.abc.GuildChannel, discord.Thread)):
        return place.permissions_for(place.guild.me)
    return place.permissions_for()

"""How Discord's places are called (`discord:<channel id>`), and what was chosen for them."""

from __future__ import annotations

import discord

from bot.client import HermesBot
from bot.conversation.casting import CALLED, LIBRARY
from bot.conversation.policies import MATURE
from bot.tools.context import origin_of_rules

Channel = (
    discord.TextChannel
    | discord.VoiceChannel
    | discord.StageChannel
    | discord.Thread
    | discord.DMChannel
    | discord.PartialMessageable
)
"""Where a bot can be; group channels are only for people."""

_PREFIX = "discord:"


def conversation_in(channel_id: int) -> str:
    """The conversation that all people in a channel, a thread or a DM share."""
    return f"{_PREFIX}{channel_id}"


def conversation_here(interaction: discord.Interaction) -> str:
    """The conversation that all people share where a command, a button or a form was used."""
    return conversation_in(interaction.channel_id or 0)


def channel_here(interaction: discord.Interaction) -> discord.PartialMessageable:
    """The channel in which a command, a button or a form was used."""
    return interaction.client.get_partial_messageable(
        interaction.channel_id or 0, guild_id=interaction.guild_id
    )


def private_conversation(channel_id: int, user_id: int) -> str:
    """What one person talks with the bot in a channel, seen by nobody else."""
    return f"{_PREFIX}{channel_id}:{user_id}"


def user_conversation(user_id: int) -> str:
    """What a person talks with a bot that only they have installed: one talk, wherever they are."""
    return f"{_PREFIX}user:{user_id}"


def user_of(conversation: str) -> int | None:
    """Whose own talk a conversation is (see `user_conversation`); None for any other one."""
    user = conversation.removeprefix(f"{_PREFIX}user:")
    return int(user) if user != conversation and user.isdecimal() else None


def is_guest(interaction: discord.Interaction) -> bool:
    """Whether only the asker has brought the bot here: it is no member, and sees nothing.

    In the direct messages with the bot itself it never is one, however it was installed.
    """
    if interaction.context.dm_channel:
        return False
    return interaction.is_user_integration() and not interaction.is_guild_integration()


def response_origin(
    interaction: discord.Interaction, message: int | None, *, private: bool
) -> dict[str, str]:
    """What a reply's origin notes to reach a response again: its token, and when that was given.

    `message` is the response itself, if it is known. For a guest that is all there is.
    """
    return {
        "interaction": interaction.token,
        "application": str(interaction.application_id),
        "given": str(interaction.id),
        "private": "yes" if private else "",
        **({"response": str(message)} if message else {}),
        **({"guest": "yes"} if is_guest(interaction) else {}),
    }


def schema_owner(guild_id: int | None, user_id: int) -> str:
    """Whose saved schemas are used: the server's, in a direct message the person's own."""
    return f"{_PREFIX}server:{guild_id}" if guild_id else f"{_PREFIX}user:{user_id}"


def story_origin(
    guild_id: int | None, user_id: int, user: discord.User | discord.Member | None = None
) -> dict[str, str]:
    """What a reply's origin notes for characters: whose library they come from, and who asked."""
    called = {CALLED: user.display_name} if user else {}
    return {LIBRARY: schema_owner(guild_id, user_id), **called}


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


def server_place(guild_id: int) -> str:
    """Where a choice for a whole server is kept."""
    return f"server:{guild_id}"


def server_of(interaction: discord.Interaction) -> str:
    """The place of the whole server where a command was used, "" in direct messages."""
    return server_place(interaction.guild_id) if interaction.guild_id else ""


def category_place(category_id: int) -> str:
    """Where a rule for all channels of a category is kept."""
    return f"category:{category_id}"


def category_of(channel: object) -> int | None:
    """The id of a channel's category, for a thread that of its channel."""
    home = channel.parent if isinstance(channel, discord.Thread) else channel
    return getattr(home, "category_id", None)


def rule_places(channel: object, guild_id: int | None) -> tuple[str, ...]:
    """Where settings are looked for, the narrowest first: channel, category, server."""
    category = category_of(channel)
    return (
        *circles(channel),
        *([category_place(category)] if category else []),
        *([server_place(guild_id)] if guild_id else []),
    )


def places_of(channel: object) -> tuple[str, ...]:
    """The same for a channel that knows its server, if it is in one."""
    guild = getattr(channel, "guild", None)
    return rule_places(channel, guild.id if isinstance(guild, discord.Guild) else None)


async def rules_for(
    bot: HermesBot,
    channel: object,
    guild_id: int | None,
    asker: discord.User | discord.Member | None,
) -> dict[str, str]:
    """What a reply's origin notes of what holds in a place.

    That is whether it is age-restricted, where settings are looked for, and the asker's roles that
    tools ask for, or that have limits of their own.
    """
    noted = {MATURE: "yes"} if age_restricted(channel) else {}
    toolbox = bot.conversations.toolbox
    places = rule_places(channel, guild_id)
    named = await toolbox.rules.named_roles(places) if toolbox else frozenset[str]()
    if guild_id:
        named |= bot.configuration.limited_roles(str(guild_id))
    roles = asker.roles if named and isinstance(asker, discord.Member) else ()
    return {**noted, **origin_of_rules(places, named & {str(role.id) for role in roles})}


def age_restricted(channel: object) -> bool:
    """Whether only adults see a channel; a thread is as its channel, a direct message never is."""
    is_nsfw = getattr(channel, "is_nsfw", None)
    return bool(is_nsfw and is_nsfw())


async def rules_here(
    interaction: discord.Interaction[HermesBot], asker: discord.User | discord.Member | None
) -> dict[str, str]:
    """The same, where a command or a button was used; for a guest nobody there sets rules."""
    if is_guest(interaction):
        return {}
    return await rules_for(interaction.client, interaction.channel, interaction.guild_id, asker)


def model_places(channel: object, guild_id: int | None) -> tuple[str, ...]:
    """Where the choice of an engine is looked for, the narrowest place first."""
    return rule_places(channel, guild_id)


async def engine_at(bot: HermesBot, channel: object, guild_id: int | None) -> str:
    """The name of the engine that was chosen for a place, "" for the default."""
    return (await bot.engines.at(*model_places(channel, guild_id))).engine


async def engine_here(interaction: discord.Interaction[HermesBot]) -> str:
    """The same, where a command was used; a guest's talk goes with its owner, so it has one."""
    if is_guest(interaction):
        return await engine_at(interaction.client, None, None)
    return await engine_at(interaction.client, interaction.channel, interaction.guild_id)


def may_react(channel: object) -> bool:
    """Whether the bot may react to messages there, as far as it knows without asking Discord."""
    if not isinstance(channel, (discord.abc.GuildChannel, discord.Thread)):
        return False
    me: discord.Member | None = getattr(channel.guild, "me", None)
    try:
        allowed = channel.permissions_for(me) if me else discord.Permissions.none()
    except discord.ClientException:
        return False  # A thread whose channel is not to be seen.
    return allowed.add_reactions and allowed.read_message_history


def can_attach(channel: object) -> bool:
    """Whether the bot may send files there, as far as it knows without asking Discord."""
    if not isinstance(channel, (discord.abc.GuildChannel, discord.Thread)):
        return True
    # A server that has just come may not have told yet who the bot is there.
    me: discord.Member | None = getattr(channel.guild, "me", None)
    if me is None or not can_write(channel, me):
        return True  # Where it writes all the same, too little is known of what it may.
    try:
        return channel.permissions_for(me).attach_files
    except discord.ClientException:
        return True  # A thread of a channel that nothing is known of.


def can_write(channel: object, me: discord.Member | None) -> bool:
    """Whether the bot may write there, as far as it knows without asking Discord."""
    if me is None or not isinstance(channel, (discord.abc.GuildChannel, discord.Thread)):
        return True
    try:
        allowed = channel.permissions_for(me)
    except discord.ClientException:
        return True  # A thread of a channel that nothing is known of.
    if isinstance(channel, discord.Thread):
        return allowed.view_channel and allowed.send_messages_in_threads
    return allowed.view_channel and allowed.send_messages

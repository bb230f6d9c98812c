"""A talk that goes on in a thread of its own from any message: *Branch from here* and `/branch`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.conversation.turns import Turn
from bot.errors import BadInput
from bot.language import Text, later, speaking, tr
from cogs.language import language_in
from cogs.links import message_named
from cogs.live.target import NOBODY
from cogs.live.wording import small
from cogs.places import conversation_here, conversation_in, places_of

NAME = "Branch from here"

Home = discord.TextChannel | discord.ForumChannel

_LONGEST_NAME = 100
_HAS_A_THREAD = 160004

_NO_THREADS = later(
    "I cannot branch off here: there are no threads in direct messages. But /undo and /rewind take "
    "back what was said."
)
_NO_THREADS_IN_CHANNEL = later("I cannot branch off here: this kind of channel has no threads.")
_NOTHING_SAID = later("There is nothing to branch off from: I remember nothing that was said here.")
_BLIND = later("Mention me here, or reply to me: I do not see other messages.")
_MADE = later("It goes on in {thread}. What is said there does not change this talk.")


class Branching(commands.Cog):
    """Makes branches."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot
        self._menu = app_commands.ContextMenu(name=NAME, callback=self.branch_here)

    async def cog_load(self) -> None:
        """Put the entry into the menu; unlike slash commands a cog cannot hold one."""
        self.bot.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Take it out again."""
        self.bot.tree.remove_command(self._menu.name, type=self._menu.type)

    async def branch_here(
        self, interaction: discord.Interaction[HermesBot], message: discord.Message
    ) -> None:
        """Branch off from the message whose menu it is."""
        await branch_from(interaction, message)

    @app_commands.command()
    @app_commands.describe(
        message="Link or id of the last message that goes along; without it, the newest one",
        name="What the thread is called",
    )
    async def branch(
        self,
        interaction: discord.Interaction[HermesBot],
        message: str | None = None,
        name: app_commands.Range[str, 1, 100] | None = None,
    ) -> None:
        """Go on in a thread from a message, and leave the talk here as it is"""
        channel = interaction.channel_id or 0
        meant = message_named(message, channel) if message else await _newest(interaction)
        place = interaction.client.get_partial_messageable(channel, guild_id=interaction.guild_id)
        await branch_from(interaction, place.get_partial_message(meant), name or "")


async def branch_from(
    interaction: discord.Interaction[HermesBot],
    message: discord.Message | discord.PartialMessage,
    name: str = "",
) -> None:
    """Make a thread that remembers what was said up to a message, and tell only who wants it."""
    bot = interaction.client
    source = conversation_in(message.channel.id)
    home = _home(interaction)
    private = _is_private(interaction.channel)
    _check_permissions(interaction, home, private=private)
    if not interaction.response.is_done():
        await interaction.response.defer(ephemeral=True, thinking=True)
    # Before there is a thread: none is made that would remember nothing.
    last = await bot.conversations.timeline.reaches(source, str(message.id))
    thread = await _make_thread(interaction, home, message, name or _name(last), private=private)
    branch = conversation_in(thread.id)
    # A thread that was deleted had the same id if it was made from the same message.
    await bot.store.clear(branch)
    count = await bot.conversations.timeline.branch(source, str(message.id), branch)
    await _take_along(bot, interaction.channel, thread)
    # It stands for all to read, whoever has branched off.
    with speaking(language_in(bot, thread)):
        beginning = _beginning(message.jump_url, count, blind=not bot.reads_everything)
    await thread.send(beginning, allowed_mentions=NOBODY, silent=True)
    await interaction.followup.send(tr(_MADE).format(thread=thread.jump_url), ephemeral=True)


def _beginning(link: str, count: int, *, blind: bool) -> str:
    """What stands at the top of a branch that remembers so many messages."""
    told = tr(
        "This goes on from {link}: I remember one message up to there.",
        "This goes on from {link}: I remember {n:,} messages up to there.",
        n=count,
        link=link,
    )
    return small(told, tr(_BLIND)) if blind else small(told)


async def open_thread(interaction: discord.Interaction[HermesBot], name: str) -> discord.Thread:
    """Make a thread in which everything is answered, and that remembers nothing yet."""
    home = _home(interaction)
    if isinstance(home, discord.ForumChannel):
        raise BadInput(_NO_THREADS_IN_CHANNEL)
    private = _is_private(interaction.channel)
    _check_permissions(interaction, home, private=private)
    thread = await home.create_thread(name=name[:_LONGEST_NAME], type=_kind(home, private=private))
    await thread.add_user(interaction.user)
    await _take_along(interaction.client, interaction.channel, thread)
    return thread


def _home(interaction: discord.Interaction[HermesBot]) -> Home:
    """The channel in which the thread is made; for one of a thread that is the same channel."""
    if interaction.guild is None:
        raise BadInput(_NO_THREADS)
    channel = interaction.channel
    home = channel.parent if isinstance(channel, discord.Thread) else channel
    if not isinstance(home, (discord.TextChannel, discord.ForumChannel)):
        raise BadInput(_NO_THREADS_IN_CHANNEL)
    return home


def _is_private(channel: object) -> bool:
    return isinstance(channel, discord.Thread) and channel.is_private()


def _check_permissions(
    interaction: discord.Interaction[HermesBot], home: Home, *, private: bool
) -> None:
    """Raise `BadInput` if the person, or the bot, lacks a permission; names the first one."""
    assert interaction.guild is not None
    making = "create_private_threads" if private else "create_public_threads"
    if isinstance(home, discord.ForumChannel):
        making = "send_messages"
    if isinstance(interaction.user, discord.Member):
        _need(home.permissions_for(interaction.user), _you_need, making)
    allowed = home.permissions_for(interaction.guild.me)
    _need(allowed, _i_need, "view_channel", making, "send_messages_in_threads")


def _need(allowed: discord.Permissions, told: Callable[[str], Text], *names: str) -> None:
    for name in names:
        if not getattr(allowed, name):
            raise BadInput(told(f"**{_in_words(name)}**"))


def _you_need(permission: str) -> Text:
    return later("To branch off here you need the permission {permission}.", permission=permission)


def _i_need(permission: str) -> Text:
    return later(
        "To branch off here I need the permission {permission}. Please ask a moderator.",
        permission=permission,
    )


def _in_words(permission: str) -> str:
    """What a permission is called in Discord's settings."""
    return permission.replace("_", " ").title().replace(" In ", " in ")


async def _make_thread(
    interaction: discord.Interaction[HermesBot],
    home: Home,
    message: discord.Message | discord.PartialMessage,
    name: str,
    *,
    private: bool,
) -> discord.Thread:
    if isinstance(home, discord.ForumChannel):
        with speaking(language_in(interaction.client, home)):
            content = small(tr("A branch of {link}", link=message.jump_url))
        made = await home.create_thread(name=name, content=content, allowed_mentions=NOBODY)
        return made.thread
    if message.channel.id == home.id and home.guild.get_thread(message.id) is None:
        try:
            return await home.get_partial_message(message.id).create_thread(name=name)
        except discord.HTTPException as error:
            if error.code != _HAS_A_THREAD:
                raise
    thread = await home.create_thread(name=name, type=_kind(home, private=private))
    # Nobody is in a thread by itself that was made apart from any message.
    await thread.add_user(interaction.user)
    return thread


def _kind(home: discord.TextChannel, *, private: bool) -> Any:
    if private:
        return discord.ChannelType.private_thread
    news = home.is_news()
    return discord.ChannelType.news_thread if news else discord.ChannelType.public_thread


async def _take_along(bot: HermesBot, channel: object, thread: discord.Thread) -> None:
    """Let the branch answer everything; what was chosen for the thread that it left holds in it.

    What was chosen for the channel holds in all of its threads anyway.
    """
    branch = conversation_in(thread.id)
    if not await bot.always_on.covers(*places_of(thread)):
        await bot.always_on.choose(branch, "always")
    if not isinstance(channel, discord.Thread):
        return
    left = conversation_in(channel.id)
    choice = await bot.engines.at(left)
    if choice.place:
        await bot.engines.choose(branch, choice.engine)
    await bot.configuration.copy(left, branch)
    if (toolbox := bot.conversations.toolbox) is not None:
        await toolbox.rules.copy(left, branch)


async def _newest(interaction: discord.Interaction[HermesBot]) -> int:
    """The newest message that shows anything of the talk."""
    conversation = conversation_here(interaction)
    for turn in reversed(await interaction.client.conversations.history(conversation)):
        for message in (*reversed(turn.shown), turn.id):
            if message.isdecimal():
                return int(message)
    raise BadInput(_NOTHING_SAID)


def _name(last: Turn) -> str:
    """What a thread is called that nobody has named: how its last message begins."""
    words = " ".join(last.text.split())
    return tr("Branch: {words}", words=words)[:_LONGEST_NAME].strip() if words else tr("Branch")


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(Branching(bot))

"""Where questions get threads of their own, and what belongs to such a thread."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import discord

from bot.checks import access
from bot.client import HermesBot
from bot.client.failures import DISCORD_FAILURES
from bot.conversation.config import Mode
from cogs.places import can_write, places_of
from cogs.voices.mine import is_mine

log = logging.getLogger(__name__)

# Where an answer that was given in a thread is looked for: so many messages from its beginning on.
_SEARCHED = 50

HOME = "home"
"""In a reply's origin: the channel in which its question stands, if that is not where it is
answered."""

NEEDED = (
    access.VIEW_CHANNEL,
    access.READ_HISTORY,
    access.CREATE_THREADS,
    access.SEND_IN_THREADS,
)
"""What the bot needs in a channel to answer in threads, by Discord's bits."""


def set_for(bot: HermesBot, channel: object) -> str:
    """The place that wants a thread for each question in a channel; "" if none does.

    Only text and announcement channels have threads that hang at messages.
    """
    if not isinstance(channel, discord.TextChannel):
        return ""
    wanted, place = bot.configuration.source(places_of(channel), "threads")
    return place if wanted else ""


def lacking(channel: object) -> list[int]:
    """The permissions that the bot needs for threads in a channel and has not."""
    if not isinstance(channel, discord.TextChannel):
        return []
    # It is none while the server is away.
    me: discord.Member | None = channel.guild.me
    allowed = channel.permissions_for(me).value if me else 0
    return [bit for bit in NEEDED if me and not allowed & bit]


def is_made(bot: HermesBot, channel: object) -> bool:
    """Whether a channel is a thread that the bot has made, and that hangs in a text channel."""
    me = bot.user.id if bot.user else 0
    return (
        isinstance(channel, discord.Thread)
        and channel.owner_id == me
        and not channel.is_private()
        and isinstance(channel.parent, discord.TextChannel)
    )


def thread_of(bot: HermesBot, message: discord.Message) -> discord.Thread | None:
    """The thread that the bot has made for a message, as far as Discord has told of it."""
    thread = message.thread if isinstance(message.channel, discord.TextChannel) else None
    return thread if thread is not None and is_made(bot, thread) else None


async def find_thread_of(bot: HermesBot, message: discord.Message) -> discord.Thread | None:
    """The same, asking for a thread that Discord has put away."""
    thread = thread_of(bot, message)
    home = message.channel
    if thread or message.thread or not message.flags.has_thread:
        return thread
    if not isinstance(home, discord.TextChannel):
        return None
    try:
        found = await bot.fetch_channel(message.id)
    except (discord.InvalidData, *DISCORD_FAILURES) as error:
        log.info("thread %s is not to be seen: %s", message.id, error)
        return None
    return found if isinstance(found, discord.Thread) and is_made(bot, found) else None


async def has_spoken_in(bot: HermesBot, thread: discord.Thread) -> bool:
    """Whether the bot has said anything at the beginning of a thread, whatever is remembered."""
    async for said in thread.history(limit=_SEARCHED, oldest_first=True):
        if is_mine(bot, said):
            return True
    return False


def can_answer_in(thread: discord.Thread) -> bool:
    """Whether the bot may write there; moderators lock threads that are to be left alone."""
    me: discord.Member | None = thread.guild.me
    locked = thread.locked and not (me and thread.permissions_for(me).manage_threads)
    return not locked and can_write(thread, me)


async def mode_at(bot: HermesBot, channel: object) -> tuple[Mode | None, str]:
    """What is answered in a channel, and where that was set; (None, "") where nobody has.

    In a thread that was made for a question everything is, unless something else was set for the
    thread itself.
    """
    await bot.configuration.load()
    places = places_of(channel)
    home = channel.parent if isinstance(channel, discord.Thread) else None
    if is_made(bot, channel) and (wanted := set_for(bot, home)):
        mode, place = await bot.always_on.at(*places[:1])
        return (mode, place) if mode else ("always", wanted)
    return await bot.always_on.at(*places)


async def answers_everything(bot: HermesBot, channel: object) -> bool:
    """Whether every message in a channel is answered."""
    return (await mode_at(bot, channel))[0] == "always"


def hangs_at(bot: HermesBot, channel: int, message: int) -> bool:
    """Whether a channel is a thread that hangs at a message: nobody can reply to it in there."""
    found = bot.get_channel(channel) if channel == message else None
    return isinstance(found, discord.Thread) and isinstance(found.parent, discord.TextChannel)


def stands_in(
    bot: HermesBot, channel: discord.abc.Messageable, message: int
) -> discord.PartialMessageable | None:
    """Where a message of a talk stands: at which a thread hangs, that is in its channel.

    None if that is not known, for a thread that Discord has put away.
    """
    here: int = getattr(channel, "id", 0)
    guild: int | None = getattr(channel, "guild_id", None) or getattr(
        getattr(channel, "guild", None), "id", None
    )
    if message != here:
        return bot.get_partial_messageable(here, guild_id=guild)
    found = bot.get_channel(here)
    if not isinstance(found, discord.Thread):
        return None
    in_forum = isinstance(found.parent, discord.ForumChannel)
    return bot.get_partial_messageable(here if in_forum else found.parent_id, guild_id=guild)


def threads_of(
    bot: HermesBot, channel: discord.abc.Messageable, messages: Iterable[str]
) -> list[discord.PartialMessageable]:
    """The threads that may have been made for messages of a channel, which are gone by now.

    A thread that Discord has put away is told by nothing: where threads are made, each may be one.
    """
    here: int = getattr(channel, "id", 0)
    home = bot.get_channel(here)
    if not isinstance(home, discord.TextChannel):
        return []
    every = bool(set_for(bot, home))
    found = [int(one) for one in messages if one.isdecimal()]
    return [
        bot.get_partial_messageable(one, guild_id=home.guild.id)
        for one in found
        if every or is_made(bot, home.guild.get_thread(one))
    ]

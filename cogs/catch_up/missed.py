"""Messages that came while the bot was away."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterator, Sequence
from itertools import islice
from typing import cast

import discord

from bot.client import HermesBot
from bot.client.failures import note
from bot.errors import StoreUnavailable
from cogs.live import live_of
from cogs.live.pace import Priority
from cogs.live.sending import FAILURES
from cogs.own_threads.where import has_spoken_in, set_for, thread_of
from cogs.places import channel_of, conversation_in
from cogs.taking_back import is_taken_back
from cogs.voices.mine import answered_by, is_mine

log = logging.getLogger(__name__)

# Messages may arrive in another order than they were written in.
_MARGIN = 60.0

# An answer after that long would surprise more than help.
_TOO_OLD = 6 * 3600.0

# A server without any message for so long hardly exists; one with made-up ids does.
_PLAUSIBLE = 30 * 86_400.0

# What is looked at, at most, so that a return costs a bounded number of requests. They come last in
# the line, and each channel's messages are answered as soon as it was read, so there may be many.
_CHANNELS = 1_000
_UNTOLD = 5
_DIRECT = 100
_MESSAGES = 100

# Channels with a talk in the last days come first, and only such direct messages are looked at.
_TALKED = 7 * 86_400.0

GuildPlace = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread
Place = GuildPlace | discord.DMChannel


async def missed_messages(
    bot: HermesBot, shard: int, since: float, newest: float
) -> AsyncGenerator[discord.Message, None]:
    """What was written on one shard after `since` and is in no conversation yet.

    `since` and `newest` are Unix times by Discord's clock: of the last message that was heard,
    and of the newest that there is. Channel by channel, in each the oldest message first. Whether a
    message wants an answer at all is for others to say.
    """
    now = discord.utils.utcnow().timestamp()
    # A test server's ids need not tell the time of day: then its newest message is its present.
    present = now if now - newest < _PLAUSIBLE else newest
    since = max(since - _MARGIN, present - _TOO_OLD)
    talked = await bot.store.active(now - _TALKED)
    for place in _channels(bot, shard, since, set(talked)):
        for message in await _missed_in(bot, place, since):
            yield message
    if shard == 0:
        async for place in _direct(bot, talked, since):
            for message in await _missed_in(bot, place, since):
                yield message


async def _missed_in(bot: HermesBot, place: Place, since: float) -> Sequence[discord.Message]:
    try:
        return await _unheard(bot, place, since)
    except FAILURES as error:
        log.info("what was missed in %s cannot be read: %s", place.id, error)
        return ()
    except StoreUnavailable:
        raise
    except Exception as error:
        # Such as a message that discord.py fails to read: other channels are to have theirs.
        note(error, f"reading what was missed in {place.id}")
        return ()


def newest_message(bot: HermesBot, shard: int) -> float:
    """The time of the newest message on a shard, as far as Discord told; 0 if there is none."""
    return max((time_of(place.last_message_id) for place in _places(bot, shard)), default=0.0)


def time_of(message: int | None) -> float:
    """When a message was written, by Discord's clock: a Unix time, 0 for none."""
    return discord.utils.snowflake_time(message).timestamp() if message else 0.0


def _places(bot: HermesBot, shard: int) -> Iterator[GuildPlace]:
    for guild in bot.guilds:
        if guild.shard_id == shard:
            yield from (*guild.text_channels, *guild.voice_channels, *guild.stage_channels)
            yield from guild.threads


def _channels(bot: HermesBot, shard: int, since: float, talked: set[str]) -> list[Place]:
    """Channels with something new in them that the bot may read, the most promising ones.

    Where Discord does not tell the newest message there is hardly one: a few of those are asked.
    """
    told: list[GuildPlace] = []
    untold: list[GuildPlace] = []
    for place in _places(bot, shard):
        if place.last_message_id is None:
            untold.append(place)
        elif time_of(place.last_message_id) > since:
            told.append(place)

    def promise(place: GuildPlace) -> tuple[bool, int]:
        return conversation_in(place.id) in talked, place.last_message_id or 0

    told.sort(key=promise, reverse=True)
    untold.sort(key=promise, reverse=True)
    if len(told) > _CHANNELS:
        log.warning("only %d of %d channels are looked through", _CHANNELS, len(told))
    # What is refused counts with Discord, and what a bot may do takes a moment to find out.
    return [
        *islice(filter(is_readable, told), _CHANNELS),
        *islice(filter(is_readable, untold), _UNTOLD),
    ]


async def _direct(
    bot: HermesBot, talked: Sequence[str], since: float
) -> AsyncGenerator[Place, None]:
    """Direct messages with a recent talk. Discord does not list them; the store knows them."""
    for channel_id in _unknown(bot, talked):
        await live_of(bot).pace.take(Priority.PREVIEW)
        try:
            channel = await bot.fetch_channel(channel_id)
        except (discord.InvalidData, *FAILURES) as error:
            log.debug("channel %s: %s", channel_id, error)
            continue
        newest = getattr(channel, "last_message_id", None)
        if isinstance(channel, discord.DMChannel) and (not newest or time_of(newest) > since):
            yield channel


def _unknown(bot: HermesBot, talked: Sequence[str]) -> Iterator[int]:
    left = _DIRECT
    for conversation in talked:
        channel_id = channel_of(conversation)
        if left and channel_id is not None and bot.get_channel(channel_id) is None:
            left -= 1
            yield channel_id


async def _unheard(bot: HermesBot, place: Place, since: float) -> list[discord.Message]:
    """The newest messages of a channel that nobody has answered."""
    await live_of(bot).pace.take(Priority.PREVIEW)
    after = discord.Object(_snowflake(since))
    history = [m async for m in place.history(limit=_MESSAGES, after=after, oldest_first=False)]
    answered = {answered_by(message) for message in history if is_mine(bot, message)}
    open_ones = [
        m
        for m in reversed(history)
        if not m.author.bot
        and m.id not in answered
        and not bot.opt_outs.ignores(str(m.author.id))
        and not is_taken_back(m)
    ]
    if not open_ones:
        return []
    heard = await bot.conversations.timeline.heard(
        conversation_in(place.id), [str(message.id) for message in open_ones]
    )
    unheard = [message for message in open_ones if str(message.id) not in heard]
    return [message for message in unheard if not await _is_answered_in_thread(bot, message)]


async def _is_answered_in_thread(bot: HermesBot, message: discord.Message) -> bool:
    """Whether a message is known in the thread that was made for it, or was answered there.

    The thread may have been deleted since.
    """
    await bot.configuration.load()
    thread = thread_of(bot, message)
    if thread is None and not set_for(bot, message.channel):
        return False
    known = str(message.id)
    if known in await bot.conversations.timeline.heard(conversation_in(message.id), [known]):
        return True
    if thread is None:
        return False
    await live_of(bot).pace.take(Priority.PREVIEW)
    return await has_spoken_in(bot, thread)


def is_readable(place: GuildPlace) -> bool:
    """Whether the bot may read what was written in a channel; not while its server is away."""
    if not (me := cast("discord.Member | None", place.guild.me)):
        return False
    try:
        allowed = place.permissions_for(me)
    except discord.ClientException:
        return False  # A thread of a channel that nothing is known of.
    return allowed.view_channel and allowed.read_message_history


def _snowflake(moment: float) -> int:
    return max(int(moment * 1000) - discord.utils.DISCORD_EPOCH, 0) << 22

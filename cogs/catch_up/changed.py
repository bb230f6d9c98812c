"""What people did to their messages, and to the bot's, while nobody told the bot."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import discord

from bot.client import HermesBot
from bot.client.failures import note
from bot.conversation.turns import Snapshot, Turn
from bot.errors import StoreUnavailable
from cogs.again import chat_of
from cogs.catch_up.missed import GuildPlace, Place, is_readable
from cogs.events import events_of, is_edit
from cogs.live import live_of
from cogs.live.pace import Priority
from cogs.live.sending import FAILURES
from cogs.places import channel_of, conversation_in

log = logging.getLogger(__name__)

Start = Callable[[Coroutine[Any, Any, None], str], None]

# Which conversations are looked through, newest first: so many with a reply in the last seconds.
_RECENT = 2 * 86_400.0
_CHANNELS = 30

# Discord gives so many messages at once, and once is enough.
_MESSAGES = 100

_UNKNOWN_CHANNEL = 10003
_UNKNOWN_MESSAGE = 10008


async def take_over_changes(
    bot: HermesBot, shard: int, since: float | None, few: asyncio.Semaphore, start: Start
) -> None:
    """Compare recent conversations on one shard with what their channels show now.

    `since` is a Unix time by Discord's clock: what was edited before then was heard. `few` limits
    how many channels are looked at at the same time; `start` begins what may take as long as an
    answer does. Raises `StoreUnavailable`.
    """
    recent = await bot.store.active(discord.utils.utcnow().timestamp() - _RECENT)
    here = [place for place in recent if _is_here(bot, place, shard)]

    async def look(conversation: str) -> None:
        async with few:
            try:
                await _look(bot, conversation, since, start)
            except FAILURES as error:
                log.info("%s cannot be compared with Discord: %s", conversation, error)
            except StoreUnavailable:
                raise
            except Exception as error:
                note(error, f"comparing {conversation} with Discord")

    await asyncio.gather(*map(look, here[:_CHANNELS]))


def _is_here(bot: HermesBot, conversation: str, shard: int) -> bool:
    """Whether a channel is the business of this shard; one that is not known is the first's."""
    channel_id = channel_of(conversation)
    if channel_id is None or conversation != conversation_in(channel_id):
        return False
    channel = bot.get_channel(channel_id)
    guild = getattr(channel, "guild", None)
    return (guild.shard_id if guild else 0) == shard


async def _look(bot: HermesBot, conversation: str, since: float | None, start: Start) -> None:
    place = await _place(bot, channel_of(conversation) or 0)
    if place is None:
        return
    # First what is remembered: whatever that is was in the channel before it is looked at.
    before = await bot.store.load(conversation)
    await live_of(bot).pace.take(Priority.PREVIEW)
    history = [message async for message in place.history(limit=_MESSAGES)]
    if not history:
        return  # Who may not read back is shown an empty channel.
    events = events_of(bot)
    whole = len(history) < _MESSAGES
    gone = _gone(before, history, place.id if whole else min(one.id for one in history))
    if gone:
        log.info("%s: %d messages were deleted meanwhile", conversation, len(gone))
        guild = place.guild.id if place.guild else None
        await events.forget(bot.get_partial_messageable(place.id, guild_id=guild), gone)
    history += await _starter(bot, place, before)
    texts = {turn.id: turn.text for turn in before.turns if turn.role == "user"}
    writes = bot.conversations.timeline.busy(conversation)
    for message in reversed(history):
        if not is_edit(message):
            continue
        known = texts.get(str(message.id))
        if known is None and _is_later(message, since):
            start(events.edited(message), f"edit of {message.id}")
        elif known is not None and await _text(bot, message, place) != known:
            log.info("message %s was edited meanwhile", message.id)
            if writes:
                start(events.edited(message), f"edit of {message.id}")
            else:
                await events.edited(message)


async def _starter(bot: HermesBot, place: Place, before: Snapshot) -> list[discord.Message]:
    """The question at which a thread hangs; if it is gone from the channel, it is forgotten."""
    asked = any(turn.id == str(place.id) for turn in before.turns)
    home = place.parent if isinstance(place, discord.Thread) else None
    if not asked or not isinstance(home, discord.TextChannel):
        return []
    await live_of(bot).pace.take(Priority.PREVIEW)
    try:
        return [await home.fetch_message(place.id)]
    except discord.NotFound as error:
        if error.code == _UNKNOWN_MESSAGE:
            log.info("%s: the question was deleted meanwhile", place.id)
            outside = bot.get_partial_messageable(home.id, guild_id=home.guild.id)
            await events_of(bot).forget(outside, [place.id])
    return []


async def _text(bot: HermesBot, message: discord.Message, place: Place) -> str:
    """What a message says in the talk of a place."""
    thread = place if isinstance(place, discord.Thread) else None
    outside = message.channel.id != place.id
    return (await chat_of(bot).read(message, thread if outside else None)).text


def _is_later(message: discord.Message, since: float | None) -> bool:
    """Whether nobody heard of an edit: what no window holds is only of interest then."""
    return since is not None and bool(message.edited_at and message.edited_at.timestamp() > since)


async def _place(bot: HermesBot, channel_id: int) -> Place | None:
    """A channel that can be read back; what was said in one that is gone is forgotten."""
    found = bot.get_channel(channel_id)
    if found is None:
        await live_of(bot).pace.take(Priority.PREVIEW)
        try:
            found = await bot.fetch_channel(channel_id)
        except discord.NotFound as error:
            if error.code == _UNKNOWN_CHANNEL:
                await events_of(bot).place_gone(channel_id)
            return None
        except discord.InvalidData:
            return None
    if isinstance(found, discord.DMChannel):
        return found
    return found if isinstance(found, GuildPlace) and is_readable(found) else None


def _gone(before: Snapshot, history: Sequence[discord.Message], begins: int) -> list[int]:
    """The remembered messages that should be in this stretch of the channel, and are not.

    What is as old as the id with which it `begins`, or older, is not judged: it was cut off, or
    said elsewhere before there was this thread. Nor is what a reply that is owed will change.
    """
    there = {message.id for message in history}
    # A question by command is known by the command's id; the response tells it.
    there.update(m.interaction_metadata.id for m in history if m.interaction_metadata)
    owed = {pending.replaces for pending in before.pending}
    shown = {one for turn in before.turns if turn.id not in owed for one in _messages(turn)}
    return sorted(one for one in shown if one > begins and one not in there)


def _messages(turn: Turn) -> list[int]:
    """The ids of the messages that show a turn, or did so when it was said."""
    ids = turn.shown if turn.role == "assistant" else (turn.id,)
    return [int(one) for one in ids if one.isdecimal()]

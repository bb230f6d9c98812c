"""Replies that a former process began: finished in the messages that it had posted already."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

import discord

from bot.client import HermesBot
from bot.conversation.casting import CHARACTER
from bot.conversation.policies import MATURE
from bot.conversation.turns import Pending
from cogs.live import live_of
from cogs.live.pace import Priority
from cogs.live.redraw import take_away
from cogs.live.target import ChannelTarget, InteractionTarget, Target
from cogs.own_threads.where import HOME, hangs_at
from cogs.places import age_restricted, channel_of, conversation_in, user_of
from cogs.rounds import play_round
from cogs.voices import voices_of
from cogs.voices.mine import answered_by, is_mine, is_voice

log = logging.getLogger(__name__)

# Nobody waits for an answer that long.
_TOO_OLD = 86_400.0

# Where the beginning of a reply is looked for: so many messages after the question.
_SEARCHED = 50


async def owed_on(bot: HermesBot, shard: int) -> list[tuple[str, Pending]]:
    """What is owed on one shard, oldest first, but for what this very process is writing."""
    live = live_of(bot)
    return [
        (conversation, owed)
        for conversation, owed in await bot.conversations.owed()
        if (channel_of(conversation) is not None or user_of(conversation) is not None)
        and _shard_of(bot, owed) == shard
        and not live.begun(owed.reply)
    ]


async def finish(bot: HermesBot, conversation: str, owed: Pending, few: asyncio.Semaphore) -> None:
    """Finish one owed reply, or give it up if it is too old or its place is gone."""
    writing = bot.conversations.writing(conversation)
    if writing and writing.id == owed.reply:
        return
    async with few:
        target = await _target(bot, conversation, owed)
        if target is None:
            log.info("reply %s is given up", owed.reply)
            await bot.conversations.forgive(conversation, owed)
            return
        turns = await bot.conversations.history(conversation)
        if not any(turn.id in owed.asks for turn in turns):
            await _withdraw(bot, conversation, owed, target)
            return
        async with bot.conversations.resume(conversation, _as_now(bot, owed)) as reply:
            if reply is not None:
                log.info("reply %s is finished for a former process", owed.reply)
                await live_of(bot).deliver(reply, target)
    if reply is not None and (channel := channel_of(conversation)):
        place = bot.get_partial_messageable(channel, guild_id=_id(owed.origin.get("guild")))
        await play_round(bot, reply, place)


async def _withdraw(bot: HermesBot, conversation: str, owed: Pending, target: Target) -> None:
    """Let nothing be seen or kept of a reply whose question is gone."""
    log.info("reply %s is withdrawn: what it answers was deleted", owed.reply)
    await bot.conversations.forgive(conversation, owed)
    if owed.replaces:
        # Both were shown in the same messages.
        await bot.conversations.timeline.remove(conversation, [owed.replaces])
    for message in target.standing:
        await take_away(bot, target, message)


async def _target(bot: HermesBot, conversation: str, owed: Pending) -> Target | None:
    """Where the reply goes; None if nobody could see it or wants it any more."""
    if discord.utils.utcnow().timestamp() - owed.since > _TOO_OLD:
        return None
    if user_of(conversation) is not None:
        return _response(bot, owed)
    origin = owed.origin
    channel_id, guild_id = channel_of(conversation), _id(origin.get("guild"))
    asker, message = _id(origin.get("asker")), _id(origin.get("message"))
    if bot.opt_outs.ignores(str(asker)):
        return None
    if channel_id is None or (guild_id and bot.get_guild(guild_id) is None):
        return None
    channel = bot.get_partial_messageable(channel_id, guild_id=guild_id)
    private = conversation != conversation_in(channel_id)
    try:
        standing = () if private else await _begun(bot, channel, conversation, owed)
    except (discord.NotFound, discord.Forbidden) as error:
        if "interaction" not in origin:
            log.info("channel %s is out of reach: %s", channel_id, error)
            return None
        standing = ()
    if response := _response(bot, owed, standing):
        return response
    if private:
        return None  # Only the command's token could show it to nobody else.
    answers = None if _asked_outside(bot, channel_id, owed) else message
    return ChannelTarget(
        channel, reply_to=answers, asker=asker, standing=standing, mention=not standing
    )


def _response(
    bot: HermesBot, owed: Pending, standing: tuple[int, ...] = ()
) -> InteractionTarget | None:
    """The response to the command that asked, while its token lives.

    `standing` is what was found of the reply. If nothing was, it is the message that Discord made
    when the command was taken.
    """
    origin = owed.origin
    if "interaction" not in origin or not owed.asks:
        return None
    begun = _id(origin.get("given") or owed.asks[-1]) or 0
    made = _id(origin.get("response"))
    response = InteractionTarget.of_former_process(
        bot, origin, begun, standing or ((made,) if made else ())
    )
    return response if response.token_lives else None


async def _begun(
    bot: HermesBot, channel: discord.PartialMessageable, conversation: str, owed: Pending
) -> tuple[int, ...]:
    """The messages in which the reply was begun: the one that answers, and its follow-ups."""
    asks = {int(ask) for ask in owed.asks if ask.isdecimal()}
    if not asks:
        return ()
    turns = await bot.conversations.history(conversation)
    # Several characters may have answered the same.
    others = {one for turn in turns if turn.id != owed.replaces for one in (turn.id, *turn.shown)}
    await live_of(bot).pace.take(Priority.FOLLOW_UP)
    found: dict[int, bool] = {}
    stood = {one for turn in turns if turn.id == owed.replaces for one in turn.shown}
    async for message in channel.history(
        limit=_SEARCHED, after=discord.Object(min(asks)), oldest_first=True
    ):
        if not is_mine(bot, message) or message.flags.loading:
            # A response that still shows "thinking" can only be filled by its command's token.
            continue
        begun = bool(found) or str(message.id) in stood
        if str(message.id) not in others and _belongs(bot, owed, asks, message, begun=begun):
            found[message.id] = is_voice(bot, message)
        elif found:
            break
    for known, spoken in found.items():
        voices_of(bot).note(known, spoken=spoken)
    return tuple(found)


def _belongs(
    bot: HermesBot, owed: Pending, asks: set[int], message: discord.Message, *, begun: bool
) -> bool:
    """Whether a message is one of a reply, of which `begun` tells that another one was found."""
    answers = answered_by(message)
    if answers is not None:
        return answers in asks
    # A character that speaks by itself does not say to whom; nor does who answers in a thread what
    # stands in its channel.
    return begun or HOME in owed.origin or (CHARACTER in owed.origin and is_voice(bot, message))


def _asked_outside(bot: HermesBot, channel: int, owed: Pending) -> bool:
    """Whether the question stands in the channel of the thread in which it is answered."""
    return HOME in owed.origin or any(
        hangs_at(bot, channel, int(ask)) for ask in owed.asks if ask.isdecimal()
    )


def _as_now(bot: HermesBot, owed: Pending) -> Pending:
    """What is owed, for a channel whose age restriction may be another one by now."""
    channel = bot.get_channel(_id(owed.origin.get("channel")) or 0)
    if channel is None:
        return owed
    return replace(owed, origin={**owed.origin, MATURE: "yes" if age_restricted(channel) else ""})


def _shard_of(bot: HermesBot, owed: Pending) -> int:
    guild = _id(owed.origin.get("guild"))
    return (guild >> 22) % (bot.shard_count or 1) if guild else 0


def _id(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None

"""What becomes of messages: edits and deletions in Discord are taken over into the conversation."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import discord
from discord.ext import commands

from bot.client import HermesBot
from bot.client.failures import DISCORD_FAILURES
from bot.conversation.ask import Ask
from bot.conversation.questions import last_question
from bot.conversation.reply import Reply
from bot.conversation.turns import Replacing, Turn
from bot.errors import StoreUnavailable, UserError
from cogs.again import chat_of
from cogs.chat import is_readable
from cogs.events.deleted import forget_settings
from cogs.events.renew import CHANGED, RenewButton, offer, renew_button
from cogs.live import live_of
from cogs.live.buttons import question_of
from cogs.live.target import ChannelTarget
from cogs.own_threads.where import (
    HOME,
    find_thread_of,
    has_spoken_in,
    stands_in,
    thread_of,
    threads_of,
)
from cogs.places import channel_of, conversation_in
from cogs.reading import needs_download
from cogs.taking_back import is_taken_back
from cogs.voices import voices_of
from cogs.voices.mine import answered_by, is_mine

log = logging.getLogger(__name__)

T = TypeVar("T")

# Whoever adds the mention that was missing does so soon. Later, people there read something else,
# and an answer would come out of the blue.
_LATE = timedelta(minutes=15)

# Where an answer that was given is looked for: so many messages after the question.
_SEARCHED = 50

_UNKNOWN_MESSAGE = 10008

# When a store that is away is asked again, in seconds.
_AGAIN = (1.0, 5.0, 30.0)


class Events(commands.Cog):
    """Keeps what is remembered equal to what is to be seen."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot
        self._doors: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    # ------------------------------------------------------------------ edits

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """A message was edited, or something about it changed that is no edit: a preview, a pin."""
        if "content" in payload.data and is_edit(payload.message):
            async with _noted(f"edit of message {payload.message_id}"):
                await self.edited(payload.message)

    @commands.Cog.listener()
    async def on_partial_message_edit(self, data: Mapping[str, Any]) -> None:
        """A message was edited of which only the new text was told: it is asked for."""
        guild = int(data["guild_id"]) if data.get("guild_id") else None
        channel = int(data["channel_id"])
        place = self.bot.get_channel(channel)
        if not isinstance(place, discord.abc.Messageable):
            place = self.bot.get_partial_messageable(channel, guild_id=guild)
        async with _noted(f"edit of message {data['id']}"):
            message = await place.fetch_message(int(data["id"]))
            if is_edit(message):
                await self.edited(message)

    async def edited(self, message: discord.Message) -> None:
        """Take over what a message says now, and see to what is answered already, or not yet."""
        if self.bot.opt_outs.ignores(str(message.author.id)):
            # It is not read any more, and what it said before is no longer to be seen.
            guild = message.guild.id if message.guild else None
            place = self.bot.get_partial_messageable(message.channel.id, guild_id=guild)
            await self.forget(place, [message.id])
            return
        if needs_download(message) and not await self._concerns(message):
            return
        known = await self._taken_over(message)
        if not known and await self._wants_answer(message):
            await chat_of(self.bot).handle(message)
            # It may have been on its way all the time, as it was before the edit.
            await self._taken_over(message)

    async def _concerns(self, message: discord.Message) -> bool:
        """Whether a message is known, or wants an answer: else its files are not worth reading."""
        place, known = conversation_in(message.channel.id), str(message.id)
        if self.bot.conversations.timeline.busy(place):
            return True
        if await _surely(lambda: self.bot.conversations.timeline.heard(place, [known])):
            return True
        return thread_of(self.bot, message) is not None or await self._wants_answer(message)

    async def _taken_over(self, message: discord.Message) -> bool:
        """Whether the message is known, where it stands or in the thread that hangs at it.

        If its text is another one now, its answer is renewed.
        """
        chat = chat_of(self.bot)
        if await self._taken_over_as(message, await chat.read(message)):
            return True
        # Where somebody else was quicker to make one, it is answered there as well.
        thread = message.thread or await find_thread_of(self.bot, message)
        if thread is None:
            return False
        return await self._taken_over_as(message, await chat.read(message, thread))

    async def _taken_over_as(self, message: discord.Message, ask: Ask) -> bool:
        timeline = self.bot.conversations.timeline
        edited = await _surely(lambda: timeline.edit(ask.conversation, ask.id, ask.text))
        changed = edited.changed or self._is_outdated(ask)
        if changed and _is_asked_last(edited.turns, ask.id):
            await self._renew(message, ask, edited.turns)
        return edited.where != "unknown"

    def _is_outdated(self, ask: Ask) -> bool:
        """Whether a reply is being written here to what a message said before its edit.

        Another process may have been the first to take the edit over.
        """
        if self.bot.conversations.presence.alone:
            return False
        reply = self.bot.conversations.writing(ask.conversation)
        asked = next((one for one in reply.asks if one.id == ask.id), None) if reply else None
        return asked is not None and asked.text != ask.text

    async def _renew(self, message: discord.Message, ask: Ask, turns: Sequence[Turn]) -> None:
        """Write the reply anew if it is being written, else offer that under it."""
        if await self._written_anew(message, ask, turns):
            return
        timeline = self.bot.conversations.timeline
        if timeline.busy(ask.conversation):
            turns = await timeline.settled(ask.conversation)
        if _is_asked_last(turns, ask.id):
            await self._offer(message, ask, turns[-1])

    async def _written_anew(
        self, message: discord.Message, ask: Ask, turns: Sequence[Turn]
    ) -> bool:
        """Stop a reply that is being written, and write another one in its messages."""
        async with AsyncExitStack() as stack:
            # The next edit waits until it meets the new reply.
            async with self._door(ask.conversation):
                old = self.bot.conversations.writing(ask.conversation)
                if old is None or ask.id not in old.answers:
                    return False
                old.notices.append(CHANGED)
                old.stop()
                reply = await self._begin_anew(stack, ask, old)
            if reply is not None:
                await live_of(self.bot).deliver(
                    reply, _target(self._place(message, ask), message, turns, old)
                )
        return reply is not None

    async def _begin_anew(self, stack: AsyncExitStack, ask: Ask, old: Reply) -> Reply | None:
        """Begin another reply in the place of a stopped one; None if something came first."""
        # What has stopped before its first word has left nothing, or what it should replace.
        replaced = [old.replaces] if old.replaces else []
        ways: list[tuple[Replacing, str]] = [("instead", one) for one in (old.id, *replaced)]
        ways.append(("", ""))
        for how, message in ways:
            async with AsyncExitStack() as attempt:
                again = self.bot.conversations.again(ask.conversation, ask.origin, how, message)
                try:
                    reply = await attempt.enter_async_context(again)
                except UserError as error:
                    log.info("no new reply to message %s: %s", ask.id, error)
                    return None
                if reply is not None:
                    await stack.enter_async_context(attempt.pop_all())
                    return reply
        return None

    async def _offer(self, message: discord.Message, ask: Ask, reply: Turn) -> None:
        question = question_of(reply.id)
        if reply.role == "assistant" and question and reply.shown and reply.shown[-1].isdecimal():
            shown = voices_of(self.bot).message(
                self._place(message, ask), int(reply.shown[-1]), spoken=bool(reply.character)
            )
            button = renew_button(ask.conversation, message.author.id, question)
            await offer(live_of(self.bot).pace, shown, button)

    async def _wants_answer(self, message: discord.Message) -> bool:
        """Whether a message that was never taken on is to be answered now, since an edit."""
        age = message.edited_at - message.created_at if message.edited_at else timedelta()
        if age > _LATE or is_taken_back(message):
            return False
        if not (await chat_of(self.bot).judge(message)).answer:
            return False
        return not await self._was_answered(message)

    async def _was_answered(self, message: discord.Message) -> bool:
        """Whether the bot has replied to a message, whatever is remembered of it."""
        thread = thread_of(self.bot, message)
        if thread is not None and await has_spoken_in(self.bot, thread):
            return True
        async for later in message.channel.history(
            limit=_SEARCHED, after=message, oldest_first=True
        ):
            if is_mine(self.bot, later) and answered_by(later) == message.id:
                return True
        return False

    # ------------------------------------------------------------------ deletions

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """A message was deleted."""
        await self._deleted(payload.channel_id, payload.guild_id, [payload.message_id])

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Up to a hundred messages were deleted at once."""
        await self._deleted(payload.channel_id, payload.guild_id, sorted(payload.message_ids))

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """A thread was deleted, with all that was said in it."""
        await self.place_gone(payload.thread_id)

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """A channel was deleted, with all that was said in it."""
        await self.place_gone(channel.id)

    async def place_gone(self, channel_id: int) -> None:
        """Forget what was said and set in a channel, thread or category that is there no more."""
        timeline = self.bot.conversations.timeline
        # The question at which a thread hung has its id, stands in the channel, and was answered.
        place, question = conversation_in(channel_id), str(channel_id)
        async with _noted(f"deletion of channel {channel_id}"):
            count = await _surely(lambda: timeline.forget(place, question))
            log.info("channel %s was deleted: %d messages are forgotten", channel_id, count)
            await _surely(lambda: forget_settings(self.bot, channel_id))

    async def _deleted(self, channel_id: int, guild_id: int | None, messages: list[int]) -> None:
        if gone := await live_of(self.bot).removals.others(messages):
            async with _noted(f"deletion of {len(gone)} messages in channel {channel_id}"):
                channel = self.bot.get_partial_messageable(channel_id, guild_id=guild_id)
                await self.forget(channel, gone)

    async def forget(self, channel: discord.PartialMessageable, messages: Iterable[int]) -> None:
        """Messages are gone: so are the turns they show, and the other messages of those."""
        gone = [str(message) for message in messages]
        live_of(self.bot).lose(gone)
        timeline = self.bot.conversations.timeline
        removed = await _surely(lambda: timeline.remove(conversation_in(channel.id), gone))
        known = {turn.id for turn in removed}
        for thread in threads_of(self.bot, channel, [one for one in gone if one not in known]):
            await self.forget(thread, [thread.id])
        replies = [turn for turn in removed if turn.role == "assistant"]
        for turn in replies:
            for shown in turn.shown:
                if shown.isdecimal() and shown not in gone:
                    spoken = bool(turn.character)
                    await self._take_away(channel, int(shown), spoken=spoken)
        asked = {question_of(turn.id) for turn in replies} - {0, *map(int, gone)}
        # A question by command stands nowhere but in its answer.
        unseen = [str(one) for one in sorted(asked) if await self._is_missing(channel, one)]
        if unseen:
            await _surely(lambda: timeline.remove(conversation_in(channel.id), unseen))

    async def _take_away(
        self, channel: discord.PartialMessageable, message: int, *, spoken: bool
    ) -> None:
        own = voices_of(self.bot).message(channel, message, spoken=spoken)
        try:
            await live_of(self.bot).take_away(own)
        except DISCORD_FAILURES as error:
            log.info("message %s of a deleted reply stays: %s", message, error)

    def _place(self, message: discord.Message, ask: Ask) -> discord.PartialMessageable:
        """Where a message is answered; that can be written to whatever kind of channel it is."""
        guild = message.guild.id if message.guild else None
        place = channel_of(ask.conversation) or message.channel.id
        return self.bot.get_partial_messageable(place, guild_id=guild)

    async def _is_missing(self, channel: discord.PartialMessageable, message: int) -> bool:
        """Whether there is certainly no such message where it would stand."""
        place = stands_in(self.bot, channel, message)
        if place is None:
            return False
        try:
            await place.fetch_message(message)
        except discord.NotFound as error:
            return error.code == _UNKNOWN_MESSAGE
        except DISCORD_FAILURES as error:
            log.info("message %s cannot be looked for: %s", message, error)
        return False

    def _door(self, conversation: str) -> asyncio.Lock:
        door = self._doors.get(conversation) or asyncio.Lock()
        self._doors[conversation] = door
        return door


def is_edit(message: discord.Message) -> bool:
    """Whether a person has changed the text of a message, and Discord shows what it is now."""
    by_person = not message.author.bot and message.webhook_id is None
    return message.edited_at is not None and by_person and is_readable(message)


def events_of(bot: commands.AutoShardedBot) -> Events:
    """The cog that takes over edits and deletions."""
    cog = bot.get_cog(Events.__cog_name__)
    if not isinstance(cog, Events):
        raise TypeError("the cog Events is not loaded")
    return cog


def _is_asked_last(turns: Sequence[Turn], message: str) -> bool:
    """Whether a message belongs to the last question, with its reply or without."""
    asked = turns[:-1] if turns and turns[-1].role == "assistant" else turns
    return any(turn.id == message for turn in last_question(asked))


def _target(
    channel: discord.PartialMessageable,
    message: discord.Message,
    turns: Sequence[Turn],
    old: Reply,
) -> ChannelTarget:
    """The messages of the reply that was stopped; if there are none, a new one."""
    replaced = next((turn for turn in turns if turn.id == old.replaces), None)
    shown = next((turn.shown for turn in (old.turn, replaced) if turn), ())
    newest = next((turn for turn in reversed(turns) if turn.id in old.answers), None)
    question = question_of(old.id) or message.id
    return ChannelTarget(
        channel,
        reply_to=None if HOME in old.origin and question == channel.id else question,
        asker=int(newest.author) if newest and newest.author.isdecimal() else message.author.id,
        standing=[int(one) for one in shown if one.isdecimal()],
    )


async def _surely(work: Callable[[], Awaitable[T]]) -> T:
    """Do it, again a few times if the store is away: such news comes only once."""
    for pause in _AGAIN:
        try:
            return await work()
        except StoreUnavailable as error:
            log.info("tried again in %g s: %s", pause, error)
        await asyncio.sleep(pause)
    return await work()


@asynccontextmanager
async def _noted(what: str) -> AsyncGenerator[None, None]:
    """Log what cannot be carried out; nobody has asked for it who could be told."""
    try:
        yield
    except (UserError, *DISCORD_FAILURES) as error:
        log.warning("%s: %s", what, error)


async def setup(bot: HermesBot) -> None:
    """Add the cog, and hear its button also under messages that former processes sent."""
    bot.add_dynamic_items(RenewButton)
    await bot.add_cog(Events(bot))

"""Threads of their own: who asks in a channel that wants it is answered in a new thread.

What Discord does not let the bot make, it does without: then it answers in the channel itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict

import discord
from discord.ext import commands

from bot.characters.scene import awake
from bot.characters.stage import Stage
from bot.checks import access
from bot.client import HermesBot
from bot.errors import StoreUnavailable
from bot.language import Text, later, speaking, tr
from cogs.language import language_in
from cogs.live import live_of
from cogs.live.pace import Priority
from cogs.live.sending import FAILURES, note_refusal
from cogs.own_threads.title import title_of
from cogs.own_threads.where import can_answer_in, find_thread_of, lacking, set_for
from cogs.places import conversation_in
from cogs.reading.message import words_of

log = logging.getLogger(__name__)

# How long a thread is waited for, in seconds; then the channel will do.
_PATIENCE = 10.0

# Of how many channels it is remembered that the last thread could not be made.
_REMEMBERED = 1_000

_UNKNOWN_MESSAGE = 10008
_HAS_A_THREAD = 160004
_TOO_MANY = (160006, 160007)
_FORBIDDEN = (50001, 50013)

# The name is not allowed: by Discord's form, or by the server's own rules about words.
_UNFIT_NAME = (50035, 200000, 200001)

_FULL = later("Discord allows no more open threads in this server. Please close some.")
_REFUSED = later("Discord did not allow it.")
_SLOW = later("Discord did not make it in time, or wants me to make fewer.")
_OTHER = later("Discord did not make it.")


class OwnThreads(commands.Cog):
    """Makes the threads, and knows where the last one could not be made."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot
        self._failed: OrderedDict[int, Text] = OrderedDict()
        self._late: set[asyncio.Task[None]] = set()

    async def cog_unload(self) -> None:
        """Wait for no thread any more."""
        for late in self._late:
            late.cancel()

    def wanted(self, message: discord.Message) -> bool:
        """Whether a message that is answered is to get a thread; one in a thread never does."""
        return bool(set_for(self.bot, message.channel))

    async def opened(self, message: discord.Message) -> discord.Thread | None:
        """The thread of a message, made if there is none, with what its channel lends.

        None if the message is to be answered where it stands: a scene is played there, or there
        can be no thread. Raises `StoreUnavailable`.
        """
        loan = await self.bot.store.loan(conversation_in(message.channel.id))
        thread = await find_thread_of(self.bot, message)
        if thread is None:
            if loan.stage and _is_played_here(loan.stage):
                return None
            thread = await self._made(message)
        if thread is None or not can_answer_in(thread):
            return None
        if loan:
            await self.bot.store.lend(loan, conversation_in(thread.id))
        return thread

    def troubles(self, channel: object) -> list[Text]:
        """Why questions in a channel get no threads although they should, in whole sentences."""
        if not set_for(self.bot, channel):
            return []
        if missing := lacking(channel):
            return [missing_in_words(missing)]
        failed = self._failed.get(getattr(channel, "id", 0))
        return [] if failed is None else [_failed(failed)]

    async def _made(self, message: discord.Message) -> discord.Thread | None:
        """A new thread at a message; None, and a note for moderators, where there is none."""
        home = message.channel
        if lacking(home):
            return None  # `troubles` tells, as things are then.
        with speaking(language_in(self.bot, home)):
            plain = tr("Question")
            title = title_of(words_of(message, self.bot.user)) or plain
        await live_of(self.bot).pace.take(Priority.FIRST)
        for name in dict.fromkeys((title, plain)):
            making = asyncio.create_task(message.create_thread(name=name))
            try:
                async with asyncio.timeout(_PATIENCE):
                    thread = await asyncio.shield(making)
            except FAILURES as error:
                note_refusal(error, live_of(self.bot).pace)
                code = error.code if isinstance(error, discord.HTTPException) else 0
                if code in _UNFIT_NAME and name != plain:
                    continue
                why = str(error) or "it took too long"
                log.info("message %s gets no thread: %s", message.id, why)
                found = await self._there_anyway(message, error)
                if found is None and isinstance(error, TimeoutError):
                    self._give_up(message, making)
                return found
            self._failed.pop(home.id, None)
            return thread
        return None

    async def _there_anyway(
        self, message: discord.Message, error: BaseException
    ) -> discord.Thread | None:
        """The thread that somebody else has made, or a request whose answer got lost.

        A message has one thread at most: where another process of the bot answers in it, this one
        has to as well, so that the two find out about each other.
        """
        code = error.code if isinstance(error, discord.HTTPException) else 0
        if code == _UNKNOWN_MESSAGE:
            return None  # It was deleted, which is heard elsewhere.
        passing = not isinstance(error, discord.HTTPException) or error.status >= 500
        if code == _HAS_A_THREAD or passing:
            found = message.thread or await self._fetched(message.id)
            if found is not None:
                return found
        self._note(message.channel.id, _reason(error, code))
        return None

    def _give_up(self, message: discord.Message, making: asyncio.Task[discord.Thread]) -> None:
        """Go on without a thread; one that Discord makes too late is taken away again."""
        late = asyncio.create_task(self._taken_away(message, making))
        self._late.add(late)
        late.add_done_callback(self._late.discard)

    async def _taken_away(
        self, message: discord.Message, making: asyncio.Task[discord.Thread]
    ) -> None:
        try:
            thread = await making
            known = str(message.id)
            timeline = self.bot.conversations.timeline
            if not await timeline.heard(conversation_in(thread.id), [known]):
                await thread.delete()
        except (StoreUnavailable, *FAILURES) as error:
            log.info("message %s has a thread for nothing, if any: %s", message.id, error)

    async def _fetched(self, thread: int) -> discord.Thread | None:
        try:
            async with asyncio.timeout(_PATIENCE):
                found = await self.bot.fetch_channel(thread)
        except (discord.InvalidData, *FAILURES) as error:
            log.info("thread %s is not to be seen: %s", thread, error)
            return None
        return found if isinstance(found, discord.Thread) else None

    def _note(self, channel: int, reason: Text) -> None:
        self._failed[channel] = reason
        self._failed.move_to_end(channel)
        if len(self._failed) > _REMEMBERED:
            self._failed.popitem(last=False)


def missing_in_words(missing: list[int]) -> Text:
    """What it means that these permissions are missing in a channel that wants threads."""
    names = ", ".join(tr(access.PERMISSIONS[bit]) for bit in missing)
    return later(
        "Questions here are to get threads of their own, but I lack {permissions}. Until I have "
        "that, I answer in the channel itself.",
        permissions=names,
    )


def _failed(reason: Text) -> Text:
    return later(
        "Questions here are to get threads of their own, but the last one got none: {reason} I "
        "answered in the channel itself.",
        reason=reason,
    )


def _reason(error: BaseException, code: int) -> Text:
    if code in _TOO_MANY:
        return _FULL
    if code in _FORBIDDEN:
        return _REFUSED
    status = error.status if isinstance(error, discord.HTTPException) else 429
    return _SLOW if status == 429 or status >= 500 else _OTHER


def _is_played_here(stage: Stage) -> bool:
    """Whether a story is told there that would fall apart in threads, or in which nobody speaks.

    A single character that answers whoever asks goes along.
    """
    several = len(stage.cast) > 1
    return bool(stage.cast) and (several or stage.order == "manual" or not awake(stage))


def own_threads_of(bot: commands.AutoShardedBot) -> OwnThreads:
    """The cog that makes threads."""
    cog = bot.get_cog(OwnThreads.__cog_name__)
    if not isinstance(cog, OwnThreads):
        raise TypeError("the cog OwnThreads is not loaded")
    return cog


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(OwnThreads(bot))

"""After an absence: what was edited or deleted, replies that are owed, messages nobody heard.

Done at each fresh session of a shard, not when Discord resumed one: then it sends all events of the
meantime by itself. Until when the bot has heard everything is told by the newest message that it
heard, in Discord's own time: clocks differ, and Discord's is in every id.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine
from contextlib import aclosing
from typing import Any

import discord
from discord.ext import commands, tasks

from bot.client import HermesBot
from bot.client.failures import note
from bot.conversation.turns import LANGUAGE, Pending
from bot.errors import StoreUnavailable
from bot.language import language_of, speaking
from cogs.again import chat_of
from cogs.catch_up.changed import take_over_changes
from cogs.catch_up.missed import missed_messages, newest_message, time_of
from cogs.catch_up.owed import finish, owed_on
from cogs.language import language_answering, recall_language
from cogs.live.sending import FAILURES

log = logging.getLogger(__name__)

_NOTED_EVERY = 15.0

# A dead connection is noticed late: so much of the time before a disconnect may be missing.
_UNHEARD_BEFORE = 120.0

# Replies of former processes that are finished at the same time.
_AT_ONCE = 5


class CatchUp(commands.Cog):
    """Sees to it that an absence of the bot leaves nobody without an answer."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot
        self._sessions = Counter[int]()
        self._first: set[int] = set()
        self._lost: dict[int, float] = {}
        self._behind: dict[int, float | None] = {}
        self._heard: float | None = None
        self._heard_before: float | None = None
        self._asked_when = False
        self._catching_up = asyncio.Lock()
        self._recalling = asyncio.Lock()
        self._few = asyncio.Semaphore(_AT_ONCE)
        self._finishing: set[str] = set()
        self._looking = False
        self._jobs: set[asyncio.Task[None]] = set()

    async def cog_load(self) -> None:
        """Look after other processes with each sign of life."""
        self.bot.conversations.presence.listen(self._look_round)

    async def cog_unload(self) -> None:
        """End what is under way; it stays owed."""
        self.bot.conversations.presence.ignore(self._look_round)
        self._note_heard.cancel()
        for job in self._jobs:
            job.cancel()

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Note until when everything was heard."""
        if self.bot.closing:
            return
        self._heard = max(self._heard or 0.0, time_of(message.id))
        try:
            await self._recall()
        except StoreUnavailable as error:
            log.info("not known until when everything was heard: %s", error)

    @commands.Cog.listener()
    async def on_shard_ready(self, shard_id: int) -> None:
        """A fresh session: events from before it will never come."""
        # What was not made up for yet, or is just being made up for, belongs to this absence too.
        since = (self._lost.pop(shard_id, None), self._behind.get(shard_id))
        self._behind[shard_id] = min((one for one in since if one is not None), default=None)
        if shard_id not in self._sessions:
            self._first.add(shard_id)
        self._sessions[shard_id] += 1
        if self._note_heard.is_running():
            await self._catch_up()
        else:
            self._note_heard.start()

    @commands.Cog.listener()
    async def on_shard_disconnect(self, shard_id: int) -> None:
        """From now on events may be missing, and a little from before too."""
        if shard_id in self._sessions or self._heard is not None:
            self._lost.setdefault(shard_id, (self._heard or 0.0) - _UNHEARD_BEFORE)

    @commands.Cog.listener()
    async def on_shard_resumed(self, shard_id: int) -> None:
        """Nothing is missing: Discord has sent everything."""
        self._lost.pop(shard_id, None)

    @tasks.loop(seconds=_NOTED_EVERY)
    async def _note_heard(self) -> None:
        """Tell the next process until when everything was heard."""
        await self._catch_up()
        if self._behind or self._lost or self._heard is None or self.bot.closing:
            return
        try:
            await self.bot.store.say_heard(self._heard)
        except StoreUnavailable as error:
            log.info("not noted until when everything was heard: %s", error)

    async def _catch_up(self) -> None:
        """Begin what is to be made up for; what fails now is tried again later."""
        async with self._catching_up:
            for shard, since in list(self._behind.items()):
                session = self._sessions[shard]
                try:
                    await self._begin(shard, since)
                except (StoreUnavailable, *FAILURES) as error:
                    log.warning("shard %s cannot catch up yet: %s", shard, error)
                    return
                except Exception as error:
                    # A defect would be met each time; nothing else is to wait for it.
                    note(error, f"catching up on shard {shard}")
                self._first.discard(shard)
                # Else there was another absence meanwhile, which waits for its turn.
                if session == self._sessions[shard]:
                    self._behind.pop(shard, None)

    async def _recall(self) -> None:
        """Find out until when former processes heard everything.

        The first process of all notes its first message at once, so that even its sudden end
        leaves a beginning.
        """
        async with self._recalling:
            if self._asked_when:
                return
            self._heard_before = await self.bot.store.last_heard()
            if self._heard_before is None and self._heard is not None:
                await self.bot.store.say_heard(self._heard)
            self._asked_when = True

    async def _begin(self, shard: int, since: float | None) -> None:
        await self._recall()
        if shard in self._first and self._heard_before is not None:
            since = self._heard_before
        # First, so that nothing is answered that is gone, and all is answered as it reads now.
        await take_over_changes(self.bot, shard, since, self._few, self._start)
        await self._take_over(shard, begin=True)
        newest = newest_message(self.bot, shard)
        if since is not None:  # Else nothing was ever heard here.
            async with aclosing(missed_messages(self.bot, shard, since, newest)) as missed:
                async for message in missed:
                    self._start(self._handle(message), f"missed {message.id}")
        self._heard = max(self._heard or 0.0, newest)

    def _look_round(self) -> None:
        """Finish what other processes have left behind."""
        if self._sessions and not self._looking and not self.bot.closing:
            self._looking = True
            self._start(self._look_after(), "what others owe")

    async def _look_after(self) -> None:
        try:
            for shard in set(self._sessions) - set(self._behind):
                await self._take_over(shard)
        except StoreUnavailable as error:
            log.info("not known what other processes owe: %s", error)
        finally:
            self._looking = False

    async def _take_over(self, shard: int, *, begin: bool = False) -> None:
        """Begin to finish what dead processes owe; what is not noted to be anybody's, at the start.

        So is what this process has begun and left behind itself.
        """
        seen, presence = asyncio.get_running_loop().time(), self.bot.conversations.presence
        found = await owed_on(self.bot, shard)
        if any(owed.by and not presence.knows(owed.by) for _, owed in found):
            await presence.beat()
        for conversation, owed in found:
            free = begin and owed.by in ("", presence.name)
            dead = bool(owed.by) and presence.is_dead(owed.by, seen)
            if (free or dead) and owed.reply not in self._finishing:
                self._finishing.add(owed.reply)
                self._start(self._finish(conversation, owed), f"owed {owed.reply}")

    async def _finish(self, conversation: str, owed: Pending) -> None:
        try:
            async with self.bot.conversations.handover.adopting(conversation, owed) as ours:
                if ours:
                    with speaking(language_of(owed.origin.get(LANGUAGE))):
                        await finish(self.bot, conversation, owed, self._few)
        finally:
            self._finishing.discard(owed.reply)

    @commands.Cog.listener()
    async def on_closing(self) -> None:
        """Leave what came and was not begun to the next process."""
        dropped = [
            time_of(int(one)) for one in self.bot.conversations.handover.close() if one.isdecimal()
        ]
        if self._heard is None or self._behind or self._lost:
            return
        try:
            await self.bot.store.say_heard(min([self._heard, *dropped]))
        except StoreUnavailable as error:
            log.info("not noted until when everything was heard: %s", error)

    async def _handle(self, message: discord.Message) -> None:
        log.info("message %s came while the bot was away", message.id)
        await recall_language(self.bot, message)
        with speaking(language_answering(self.bot, message)):
            await chat_of(self.bot).handle(message)

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        job = asyncio.create_task(work, name=name)
        self._jobs.add(job)
        job.add_done_callback(self._ended)

    def _ended(self, job: asyncio.Task[None]) -> None:
        self._jobs.discard(job)
        if not job.cancelled() and (error := job.exception()):
            note(error, job.get_name())


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(CatchUp(bot))

"""Replies that people watch being written: previews, pages, the Stop button, the final text."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Collection, Sequence
from contextlib import ExitStack

import discord
from discord.ext import commands

from bot import metrics
from bot.client import HermesBot
from bot.conversation.books import HOUSE
from bot.conversation.policies import SERVER
from bot.conversation.reply import Reply
from bot.conversation.turns import Turn
from bot.language import speaking, spoken
from cogs.closed import closed_of
from cogs.language import language_for, learn_language
from cogs.live.board import OwnRemovals
from cogs.live.delivery import Delivery
from cogs.live.pace import MOST, Pace, Priority
from cogs.live.target import ChannelTarget, Target
from cogs.live.tidying import Tidier
from cogs.live.voice import Speaker, VoiceTarget, spoken_by
from cogs.places import conversation_in
from cogs.voices import OwnMessage, voices_of

_HTTP_LOG = "discord.http"
_REFUSED_GLOBALLY = "Global rate limit has been hit"

# So many replies that could not be saved are remembered, so that they are not written again.
_REMEMBERED = 10_000


class Live(commands.Cog):
    """Shows replies. Holds what all of them share: the pace, and which ones are under way.

    `removals` are the messages that the bot takes away itself.

    `most` is how many requests a second this process tries out in a rush, until Discord refuses
    something. Who asked is told of the end of an answer that was written for longer than
    `notify_after` seconds (0: never). With `controls` the newest reply of each talk has buttons,
    which takes a `bot`.
    """

    def __init__(
        self,
        most: float = MOST,
        notify_after: float = 0.0,
        bot: HermesBot | None = None,
        *,
        controls: bool = False,
    ) -> None:
        self._bot = bot
        self.pace = Pace(most=most)
        self.pressed: set[str] = set()
        self.tidier = Tidier(bot, self.pace) if bot and controls else None
        self.removals = OwnRemovals(bot)
        self._under_way: set[Delivery] = set()
        self._notify_after = notify_after
        self._unsettled: OrderedDict[str, None] = OrderedDict()
        self._shown = ExitStack()

    async def cog_load(self) -> None:
        """Listen to what discord.py finds out about Discord's limits."""
        logging.getLogger(_HTTP_LOG).addFilter(self._hear)
        self._shown.enter_context(metrics.looking(self._show))

    async def cog_unload(self) -> None:
        """Stop listening."""
        if self.tidier:
            self.tidier.close()
        logging.getLogger(_HTTP_LOG).removeFilter(self._hear)
        self._shown.close()

    def _show(self) -> None:
        metrics.DISCORD_RATE.set(self.pace.rate)
        metrics.DISCORD_WAITING.set(self.pace.waiting)

    def _hear(self, record: logging.LogRecord) -> bool:
        """Go slower after a refusal that discord.py deals with by itself: it only logs it."""
        if str(record.msg).startswith(_REFUSED_GLOBALLY):
            self.pace.refused()
        return True

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """The bot was sent away: nobody there reads what it writes any more."""
        for delivery in self._under_way:
            if delivery.reply.origin.get(SERVER) == str(guild.id):
                delivery.reply.stop()

    async def deliver(self, reply: Reply, target: Target) -> None:
        """Show a reply while it is written, and commit it once its last message is there.

        Returns when all is done. What Discord refuses is logged; nobody is there to be told.
        """
        if self._bot:
            learn_language(self._bot, reply)
        with speaking(language_for(self._bot, reply.conversation) if self._bot else spoken()):
            await self._deliver(reply, target)

    async def _deliver(self, reply: Reply, target: Target) -> None:
        self._unsettled[reply.id] = None
        if len(self._unsettled) > _REMEMBERED:
            self._unsettled.popitem(last=False)
        asked_in, target = target, await self._spoken(reply, target)
        tidier, older = self.tidier, reply.older
        delivery = Delivery(
            reply,
            target,
            self.pace,
            self.removals,
            self._notify_after,
            controls=tidier is not None,
            conversations=self._bot.conversations if self._bot else None,
            thoughts=bool(tidier and older and tidier.has_thoughts(reply.conversation, older.id)),
        )
        self._under_way.add(delivery)
        cannot_answer = self._is_closed(asked_in)
        if cannot_answer:
            # That was not so when it was asked; nobody is to wait for what nobody can read.
            reply.stop()
        try:
            if await delivery.run():
                self._unsettled.pop(reply.id, None)
                if tidier:
                    tidier.finished(reply, target.asker)
        finally:
            self._under_way.discard(delivery)
        if (cannot_answer or delivery.unseen) and not reply.unasked:
            await self._tell_otherwise(asked_in)

    def _is_closed(self, target: Target) -> bool:
        """Whether nothing can be posted there (any more), as far as it is known."""
        if self._bot is None or not isinstance(target, ChannelTarget) or target.standing:
            return False
        return closed_of(self._bot).covers(target.channel)

    async def _tell_otherwise(self, target: Target) -> None:
        """Tell who asked there, and cannot be answered there, by another way."""
        if self._bot is None or not isinstance(target, ChannelTarget):
            return
        if target.reply_to:
            await closed_of(self._bot).tell(target.channel, target.reply_to, target.asker)
        elif (asked := target.question) and not isinstance(asked.channel, discord.GroupChannel):
            await closed_of(self._bot).tell(asked.channel, asked.id, target.asker)

    @property
    def under_way(self) -> Sequence[Delivery]:
        """The replies that are being shown, or saved."""
        return tuple(self._under_way)

    @property
    def handing_over(self) -> bool:
        """Whether any of them is just being left to another process."""
        return any(delivery.reply.left for delivery in self._under_way)

    def lose(self, messages: Collection[str]) -> None:
        """Messages were taken away by others: replies that are begun in them are withdrawn."""
        for delivery in self._under_way:
            delivery.lose(messages)

    async def _spoken(self, reply: Reply, target: Target) -> Target:
        """The target, in which a character speaks if it is one's reply."""
        part, older = reply.part, reply.older
        if part is not None:
            speaker = self._speaker(reply.conversation, part.character, part.name)
        elif older is not None:
            speaker = self._speaker(reply.conversation, older.character, older.speaker)
        else:
            return target
        if speaker is None:
            return target
        if not target.standing:
            # Whoever reads is not to wait for the picture when the first words are there.
            speaker.look_for_picture()
        return self._paced(await spoken_by(speaker, target, reply.notices))

    async def spoken(self, turn: Turn, target: ChannelTarget) -> Target:
        """The target for a stored reply; what a character said is changed as it was said."""
        here = conversation_in(target.channel.id)
        speaker = self._speaker(here, turn.character, turn.speaker)
        return self._paced(await spoken_by(speaker, target)) if speaker else target

    def _paced(self, target: Target) -> Target:
        if isinstance(target, VoiceTarget) and target.by_webhook:
            self.pace.is_webhook(target.key)
        return target

    def _speaker(self, conversation: str, character: str, name: str) -> Speaker | None:
        """Who speaks there; None if no character does, or the bot as its own one."""
        if self._bot is None or character in ("", HOUSE):
            return None
        return Speaker(voices_of(self._bot), conversation, character, name)

    async def take_away(self, message: discord.Message | OwnMessage) -> None:
        """Delete a message of the bot; that it is gone then changes nothing about the talk.

        Raises what discord.py raises.
        """
        await self.removals.tell(message.id)
        await self.pace.take(Priority.FOLLOW_UP)
        await message.delete()

    def begun(self, reply: str) -> bool:
        """Whether this very process has begun a reply that is not saved: it is not to be redone."""
        return reply in self._unsettled


def live_of(bot: commands.AutoShardedBot) -> Live:
    """The cog that shows replies."""
    cog = bot.get_cog(Live.__cog_name__)
    if not isinstance(cog, Live):
        raise TypeError("the cog Live is not loaded")
    return cog


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    settings = bot.settings
    live = Live(notify_after=settings.notify_after, bot=bot, controls=settings.reply_controls)
    await bot.add_cog(live)

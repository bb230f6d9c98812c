"""Replies that people watch being written: previews, pages, the Stop button, the final text."""

from __future__ import annotations

import logging

from discord.ext import commands

from bot.client import HermesBot
from bot.conversation.reply import Reply
from cogs.live.delivery import Delivery
from cogs.live.pace import MOST, RATE, Pace
from cogs.live.target import Target
from cogs.live.tidying import Tidier

_HTTP_LOG = "discord.http"
_REFUSED_GLOBALLY = "Global rate limit has been hit"


class Live(commands.Cog):
    """Shows replies. Holds what all of them share: the pace, and which ones are under way.

    `rate` is how many requests a second this process makes (Discord allows a bot 50), `most` what
    it tries out in a rush until Discord refuses something. Who asked is told of the end of an
    answer that was written for longer than `notify_after` seconds (0: never). With `bot` the newest
    reply of each talk has controls.
    """

    def __init__(
        self,
        rate: float = RATE,
        most: float = MOST,
        notify_after: float = 0.0,
        bot: HermesBot | None = None,
    ) -> None:
        self.pace = Pace(rate, most)
        self.pressed: set[str] = set()
        self.tidier = Tidier(bot, self.pace) if bot else None
        self._notify_after = notify_after
        self._unsettled: set[str] = set()

    async def cog_load(self) -> None:
        """Listen to what discord.py finds out about Discord's limits."""
        logging.getLogger(_HTTP_LOG).addFilter(self._hear)

    async def cog_unload(self) -> None:
        """Stop listening."""
        if self.tidier:
            self.tidier.close()
        logging.getLogger(_HTTP_LOG).removeFilter(self._hear)

    def _hear(self, record: logging.LogRecord) -> bool:
        """Go slower after a refusal that discord.py deals with by itself: it only logs it."""
        if str(record.msg).startswith(_REFUSED_GLOBALLY):
            self.pace.refused()
        return True

    async def deliver(self, reply: Reply, target: Target) -> None:
        """Show a reply while it is written, and commit it once its last message is there.

        Returns when all is done. What Discord refuses is logged; nobody is there to be told.
        """
        self._unsettled.add(reply.id)
        tidier, older = self.tidier, reply.older
        delivery = Delivery(
            reply,
            target,
            self.pace,
            self._notify_after,
            controls=tidier is not None,
            thoughts=bool(tidier and older and tidier.has_thoughts(reply.conversation, older.id)),
        )
        if await delivery.run():
            self._unsettled.discard(reply.id)
            if tidier:
                tidier.finished(reply, target.asker)

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
    with_controls = bot if settings.reply_controls else None
    await bot.add_cog(Live(notify_after=settings.notify_after, bot=with_controls))

"""The end of the process: replies that are being written come to theirs, or are handed over."""

from __future__ import annotations

import asyncio
import logging

from discord.ext import commands

from bot.client import HermesBot
from bot.conversation.reply import Reply
from bot.errors import StoreUnavailable
from cogs.live import live_of

log = logging.getLogger(__name__)

# A reply that has no words after so many seconds is better begun anew by the next process.
_WORDLESS = 5.0

# How long Discord has to take what is said of replies that are left, and the store to release them.
_LAST_WORDS = 3.0
_RELEASE = 1.0

_PAUSE = 0.05
_ROUNDS = 10


class Leaving(commands.Cog):
    """Ends what this process does; what it heard and has not begun is for the next one."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    async def cog_load(self) -> None:
        """Be asked when the process is to end."""
        self.bot.farewell = self.leave

    async def leave(self, within: float) -> None:
        """Let replies end for so many seconds, and hand over what is left."""
        begun = _now()
        while not self._is_done() and (late := _now() - begun) < within:
            if late >= _WORDLESS:
                await self._hand_over([one for one in self._written if not one.text.strip()])
            await asyncio.sleep(_PAUSE)
        for _ in range(_ROUNDS):
            # A command that waited for one of them begins now: then it is in the journal, too.
            await self._hand_over(self._written)
            if self._is_done():
                break
            await asyncio.sleep(_PAUSE)

    def _is_done(self) -> bool:
        return self.bot.conversations.handover.idle and not live_of(self.bot).under_way

    @property
    def _written(self) -> list[Reply]:
        replies = (delivery.reply for delivery in live_of(self.bot).under_way)
        return [reply for reply in replies if not reply.done]

    async def _hand_over(self, replies: list[Reply]) -> None:
        if not replies:
            return
        log.info("%d replies are left to the next process", len(replies))
        for reply in replies:
            reply.leave()
        for _ in range(round(_LAST_WORDS / _PAUSE)):
            if not live_of(self.bot).handing_over:
                break
            await asyncio.sleep(_PAUSE)
        try:
            async with asyncio.timeout(_RELEASE):
                await asyncio.gather(*map(self.bot.conversations.handover.release, replies))
        except (StoreUnavailable, TimeoutError) as error:
            log.info("the next process finds them a little later: %s", str(error) or "too slow")


def _now() -> float:
    return asyncio.get_running_loop().time()


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(Leaving(bot))

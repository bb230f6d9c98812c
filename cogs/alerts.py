"""Telling the operator in Discord that an engine is away, and that it is back."""

from __future__ import annotations

import asyncio
import logging
import time

from discord.ext import commands

from bot.client import HermesBot
from bot.conversation.absence import Away, Back
from bot.conversation.models import DEFAULT
from bot.errors import StoreUnavailable
from cogs.live import live_of
from cogs.live.pace import Priority
from cogs.live.sending import Gone, Refused, insist, once
from cogs.live.target import NOBODY

log = logging.getLogger(__name__)

# A process that tells some news has so many seconds to do it; others keep quiet so long after.
_CLAIMED = 60
_TOLD = 600
_LOOKS = 8

_AWAY = "⚠️ {engine} does not answer, since <t:{since}:R>. I tell you here when it is back."
_BACK = "✅ {engine} answers again. It was away for {time}."


class Alerts(commands.Cog):
    """Posts one message when an engine has been away for a while, and one when it is back."""

    def __init__(self, bot: HermesBot, channel: int) -> None:
        self.bot = bot
        self._channel = channel
        self._posting: set[asyncio.Task[None]] = set()

    async def cog_load(self) -> None:
        """Begin to listen."""
        self.bot.watch.listen(self._hear)

    async def cog_unload(self) -> None:
        """Stop listening; what is not posted yet is left out."""
        self.bot.watch.ignore(self._hear)
        for task in self._posting:
            task.cancel()

    def _hear(self, engine: str, news: Away | Back) -> None:
        several = len(self.bot.conversations.models) > 1 or engine != DEFAULT
        name = f"The engine **{engine}**" if several else "The model's engine"
        kinds = ("away", "back") if isinstance(news, Away) else ("back", "away")
        about, before = (f"alert {engine or '-'} {kind}" for kind in kinds)
        work = self._tell(_in_words(name, news), about, before)
        task = asyncio.create_task(work, name=f"alert {engine}")
        self._posting.add(task)
        task.add_done_callback(self._posting.discard)

    async def _tell(self, text: str, about: str, before: str) -> None:
        """Post the news, unless another process of the bot does; if that one dies, after all."""
        store = self.bot.store
        try:
            claim = await store.claim(about, _CLAIMED)
            for _ in range(_LOOKS):
                if claim == "taken":
                    await asyncio.sleep(_CLAIMED / 4)
                    claim = await store.claim(about, _CLAIMED)
            if claim == "mine":
                await self._post(text, once(time.time_ns(), about))
                await store.settle_claim(about, _TOLD)
                await store.unclaim(before)
        except StoreUnavailable as error:
            log.info("the news of an engine is told unclaimed: %s", error)
            await self._post(text, once(0, about))

    async def _post(self, text: str, nonce: str) -> None:
        await self.bot.wait_until_ready()
        channel, pace = self.bot.get_partial_messageable(self._channel), live_of(self.bot).pace
        await pace.take(Priority.FOLLOW_UP)
        try:
            await insist(lambda: channel.send(text, allowed_mentions=NOBODY, nonce=nonce), pace)
        except (Gone, Refused) as refused:
            log.warning("ALERT_CHANNEL %s: %s; it was: %s", self._channel, refused, text)


def _in_words(engine: str, news: Away | Back) -> str:
    if isinstance(news, Away):
        return _AWAY.format(engine=engine, since=int(news.since))
    return _BACK.format(engine=engine, time=in_words(news.seconds))


def in_words(seconds: float) -> str:
    """A time in its two largest units: "2 h 5 min"."""
    whole = max(round(seconds), 1)
    sizes = ((whole // 86_400, "d"), (whole // 3_600 % 24, "h"), (whole // 60 % 60, "min"))
    parts = [f"{number} {unit}" for number, unit in (*sizes, (whole % 60, "s"))]
    first = next(place for place, part in enumerate(parts) if not part.startswith("0 "))
    return " ".join(part for part in parts[first : first + 2] if not part.startswith("0 "))


async def setup(bot: HermesBot) -> None:
    """Add the cog where the operator wants to be told."""
    if bot.settings.alert_channel is not None:
        await bot.add_cog(Alerts(bot, bot.settings.alert_channel))

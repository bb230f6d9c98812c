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
from bot.language import Text, later, speaking, tr
from cogs.language import language_in
from cogs.live import live_of
from cogs.live.pace import Priority
from cogs.live.sending import Gone, Refused, insist, once
from cogs.live.target import NOBODY

log = logging.getLogger(__name__)

# A process that tells some news has so many seconds to do it; others keep quiet so long after.
_CLAIMED = 60
_TOLD = 600
_LOOKS = 8


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
        name = (
            later("The engine **{name}**", name=engine) if several else later("The model's engine")
        )
        task = asyncio.create_task(self._tell(name, engine, news), name=f"alert {engine}")
        self._posting.add(task)
        task.add_done_callback(self._posting.discard)

    async def _tell(self, name: Text, engine: str, news: Away | Back) -> None:
        """Post the news, unless another process of the bot does; if that one dies, after all."""
        kinds = ("away", "back") if isinstance(news, Away) else ("back", "away")
        about, before = (f"alert {engine or '-'} {kind}" for kind in kinds)
        store = self.bot.store
        try:
            claim = await store.claim(about, _CLAIMED)
            for _ in range(_LOOKS):
                if claim == "taken":
                    await asyncio.sleep(_CLAIMED / 4)
                    claim = await store.claim(about, _CLAIMED)
            if claim == "mine":
                await self._post(name, news, once(time.time_ns(), about))
                await store.settle_claim(about, _TOLD)
                await store.unclaim(before)
        except StoreUnavailable as error:
            log.info("the news of an engine is told unclaimed: %s", error)
            await self._post(name, news, once(0, about))

    async def _post(self, engine: Text, news: Away | Back, nonce: str) -> None:
        await self.bot.wait_until_ready()
        with speaking(language_in(self.bot, self.bot.get_channel(self._channel))):
            text = _in_words(engine, news)
        channel, pace = self.bot.get_partial_messageable(self._channel), live_of(self.bot).pace
        await pace.take(Priority.FOLLOW_UP)
        try:
            await insist(
                lambda: channel.send(text, allowed_mentions=NOBODY, nonce=nonce), pace, new=True
            )
        except (Gone, Refused) as refused:
            log.warning("ALERT_CHANNEL %s: %s; it was: %s", self._channel, refused, text)


def _in_words(engine: Text, news: Away | Back) -> str:
    if isinstance(news, Away):
        return tr(
            "⚠️ {engine} does not answer, since {since}. I tell you here when it is back.",
            engine=engine,
            since=f"<t:{int(news.since)}:R>",
        )
    return tr(
        "✅ {engine} answers again. It was away for {time}.",
        engine=engine,
        time=in_words(news.seconds),
    )


def in_words(time: float) -> str:
    """A time in its two largest units: "2 h 5 min"."""
    whole = max(round(time), 1)
    days, hours, minutes, seconds = (
        whole // 86_400,
        whole // 3_600 % 24,
        whole // 60 % 60,
        whole % 60,
    )
    parts = [
        (days, tr("{number} d", number=days)),
        (hours, tr("{number} h", number=hours)),
        (minutes, tr("{number} min", number=minutes)),
        (seconds, tr("{number} s", number=seconds)),
    ]
    first = next(place for place, (number, _) in enumerate(parts) if number)
    return " ".join(part for number, part in parts[first : first + 2] if number)


async def setup(bot: HermesBot) -> None:
    """Add the cog where the operator wants to be told."""
    if bot.settings.alert_channel is not None:
        await bot.add_cog(Alerts(bot, bot.settings.alert_channel))

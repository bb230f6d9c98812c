"""Places where the bot may read but not write: who asks there hears of it in another way.

A reaction to the message if that is allowed, else a direct message. Discord is not asked for what
it has refused already: too many refusals shut out the bot's address (`bot.client.refused`).
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

import discord
from discord.ext import commands

from bot.client import HermesBot
from bot.client.failures import DISCORD_FAILURES
from bot.errors import StoreUnavailable
from bot.language import speaking, tr
from cogs.language import language_of_asker
from cogs.places import Channel, can_write, may_react

log = logging.getLogger(__name__)

T = TypeVar("T")

Place = discord.abc.GuildChannel | discord.Thread

MARK = "🔇"
"""The reaction to a question that cannot be answered where it was asked."""

# Nobody hears of one place more often than once a day.
_DAY = 24 * 3600.0
_REMEMBERED = 5_000

# Discord limits how many people an app writes to for the first time.
_MOST_LETTERS = 10
_LETTERS_WITHIN = 600.0


class Closed(commands.Cog):
    """Knows where the bot cannot answer, and tells those who ask there."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot
        self._told: OrderedDict[tuple[int, int], float] = OrderedDict()
        self._asked: OrderedDict[int, float] = OrderedDict()
        self._letters: deque[float] = deque(maxlen=_MOST_LETTERS)

    def covers(self, channel: object) -> bool:
        """Whether nothing can be written in a channel, as far as Discord has told."""
        guild = getattr(channel, "guild", None)
        if not isinstance(guild, discord.Guild):
            return False
        return self.bot.get_guild(guild.id) is None or self.refuses(channel)

    async def found(self, channel: Channel) -> bool:
        """The same before anything is tried: in doubt Discord is asked, which has the last word.

        What is known of permissions may be old, or never have been told as a whole.
        """
        if self.covers(channel):
            return True
        if self._seems_open(channel):
            return False
        try:
            await channel.typing()
        except discord.Forbidden:
            self.bot.closed.shut(channel.id)
            return True
        except DISCORD_FAILURES as error:
            log.debug("channel %s: not known whether the bot may write: %s", channel.id, error)
        return False

    def _seems_open(self, channel: Channel) -> bool:
        if not isinstance(guild := channel.guild, discord.Guild):
            return True
        return can_write(guild.get_channel_or_thread(channel.id) or channel, guild.me)

    def refuses(self, channel: object) -> bool:
        """Whether Discord has refused what the bot wanted to say there a moment ago."""
        return self.bot.closed.covers(getattr(channel, "id", 0))

    def asked_in_vain(self, guild: discord.Guild) -> Sequence[Place]:
        """Where in a server somebody has asked within a day, and the bot cannot answer."""
        recent = [place for place, at in self._asked.items() if at > _now() - _DAY]
        found = map(guild.get_channel_or_thread, recent)
        return [place for place in found if place is not None and self._is_shut(place)]

    def _is_shut(self, place: Place) -> bool:
        return self.refuses(place) or not can_write(place, place.guild.me)

    async def tell(
        self, channel: Channel, message: int, person: int, *, called: bool = True
    ) -> None:
        """Let somebody know that a question of theirs cannot be answered where it stands.

        Who has not `called` the bot, but writes where it answers everything, gets no more than a
        mark, once a day.
        """
        place, guild = channel.id, channel.guild
        if guild is None or self.bot.get_guild(guild.id) is None:
            return  # Who has sent it away knows.
        if self._asked.get(place, -_DAY) <= _now() - _DAY:
            log.warning("channel %s: somebody asked, and the bot may not write there", place)
        _note(self._asked, place, _now())
        known = self._told.get((place, person), -_DAY) > _now() - _DAY
        if (known and not called) or not await self._may_be_told(person):
            return
        if await self._mark(channel, message):
            _note(self._told, (place, person), _now())
        elif called and not known:
            _note(self._told, (place, person), _now())
            await self._write(channel, message, person)

    async def _may_be_told(self, person: int) -> bool:
        try:
            return bool(person) and not await self.bot.opt_outs.covers(str(person))
        except StoreUnavailable as error:
            log.info("not known whether somebody wants to be left alone: %s", error)
            return False

    async def _mark(self, channel: Channel, message: int) -> bool:
        """React to the message, if that is allowed; whether it worked."""
        if not may_react(channel):
            return False
        try:
            await channel.get_partial_message(message).add_reaction(MARK)
        except DISCORD_FAILURES as error:
            log.info("no reaction to message %s: %s", message, error)
            return False
        return True

    async def _write(self, channel: Channel, message: int, person: int) -> None:
        """Write to the asker directly; that they do not want that is no trouble."""
        now = _now()
        if len(self._letters) == _MOST_LETTERS and now - self._letters[0] < _LETTERS_WITHIN:
            log.info("message %s: too many were written to just now to tell its author", message)
            return
        self._letters.append(now)
        link = channel.get_partial_message(message).jump_url
        me: discord.Member | None = getattr(channel.guild, "me", None)
        until = me.timed_out_until if me and me.is_timed_out() else None
        with speaking(language_of_asker(self.bot, person)):
            text = _silenced(link, until) if until else _closed(link)
        try:
            letters = await self.bot.create_dm(discord.Object(person))
            # Another process may say the same: Discord takes it once.
            await letters.send(text, nonce=f"shut{message}")
        except DISCORD_FAILURES as error:
            log.info("message %s: its author cannot be told: %s", message, error)

    # ------------------------------------------------------------------ what may open a place

    @commands.Cog.listener()
    async def on_guild_channel_update(self, _: object, after: discord.abc.GuildChannel) -> None:
        """Its permissions may be others."""
        self._look_again(after.guild)

    @commands.Cog.listener()
    async def on_thread_update(self, _: object, after: discord.Thread) -> None:
        """It may be open again."""
        self._look_again(after.guild)

    @commands.Cog.listener()
    async def on_guild_role_update(self, _: object, after: discord.Role) -> None:
        """A role may give the bot more."""
        self._look_again(after.guild)

    @commands.Cog.listener()
    async def on_member_update(self, _: object, after: discord.Member) -> None:
        """The bot itself may have other roles: it hears of no other member."""
        self._look_again(after.guild)

    def _look_again(self, guild: discord.Guild) -> None:
        self.bot.closed.forget(
            place for place in self.bot.closed.known if guild.get_channel_or_thread(place)
        )


def closed_of(bot: HermesBot) -> Closed:
    """The cog that knows where the bot cannot answer."""
    cog = bot.get_cog(Closed.__cog_name__)
    if not isinstance(cog, Closed):
        raise TypeError("the cog Closed is not loaded")
    return cog


def _closed(link: str) -> str:
    return tr(
        "You asked me something in {place}, but I may not write there. Whoever manages the server "
        "can let me: `/doctor` says what I lack. Until then, ask me there with `/ask`, or here.",
        place=link,
    )


def _silenced(link: str, until: datetime) -> str:
    return tr(
        "You asked me something in {place}, but somebody has timed me out in that server until "
        "{until}, so I cannot write there. You can ask me here all the same.",
        place=link,
        until=discord.utils.format_dt(until),
    )


def _note(known: OrderedDict[T, float], what: T, at: float) -> None:
    known[what] = at
    known.move_to_end(what)
    if len(known) > _REMEMBERED:
        known.popitem(last=False)


def _now() -> float:
    return asyncio.get_running_loop().time()


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(Closed(bot))

"""Servers that sent the bot away: what is kept of them is erased later, unless it comes back."""

from __future__ import annotations

import logging
import time

import discord
from discord.ext import commands, tasks

from bot.client import HermesBot
from bot.client.failures import DISCORD_FAILURES
from bot.conversation.departures import LEFT_DAYS, Departure
from bot.errors import StoreUnavailable
from cogs.config.files import places_in
from cogs.places import schema_owner
from cogs.voices import voices_of

log = logging.getLogger(__name__)

_DAY = 86_400
# A server that does not exist, and one in which the bot is not.
_OUTSIDE = (10004, 50001)


class Departures(commands.Cog):
    """Notes departures, and looks at the start and once a day what has become of them.

    A departure that nobody heard of is none: then everything stays.
    """

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    async def cog_unload(self) -> None:
        """Look no more."""
        self._look.cancel()

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """The bot was sent away, or the server was deleted; an outage of Discord is neither."""
        try:
            departure = Departure(time.time(), tuple(places_in(guild)))
            await self.bot.store.note_departure(str(guild.id), departure)
            log.info("server %s was left: in %d days it is forgotten", guild.id, LEFT_DAYS)
        except StoreUnavailable as error:
            log.warning("server %s was left, but that is not noted: %s", guild.id, error)

    @commands.Cog.listener()
    async def on_shard_ready(self, _: int) -> None:
        """The servers are known from now on."""
        if not self._look.is_running():
            self._look.start()

    @tasks.loop(hours=24)
    async def _look(self) -> None:
        try:
            for server, departure in (await self.bot.store.departures()).items():
                if not server.isdecimal():
                    continue  # Somebody's slip of the pen.
                if self.bot.get_guild(int(server)):
                    await self.bot.store.forget_departure(server)
                elif departure.at + LEFT_DAYS * _DAY < time.time() and await self._is_out(server):
                    await self._erase(server, departure)
        except StoreUnavailable as error:
            log.info("servers that were left are looked at tomorrow: %s", error)

    async def _is_out(self, server: str) -> bool:
        """Whether Discord says for certain that the bot is not in a server."""
        try:
            await self.bot.http.get_guild(int(server), with_counts=False)
        except (discord.NotFound, discord.Forbidden) as error:
            return error.code in _OUTSIDE
        except DISCORD_FAILURES as error:
            log.info("whether server %s is left: %s", server, error)
        return False

    async def _erase(self, server: str, departure: Departure) -> None:
        library = schema_owner(int(server), 0)
        pictures = [one.picture for one in await self.bot.store.characters(library)]
        count = await self.bot.store.erase_server(server, departure.places)
        await voices_of(self.bot).forget(pictures)
        log.info("server %s was left %d days ago: %d keys are erased", server, LEFT_DAYS, count)


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(Departures(bot))

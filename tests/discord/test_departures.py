"""Servers that sent the bot away: kept for a while, then forgotten, unless the bot is back."""

from __future__ import annotations

import time

import pytest
from simcord.backend import serializers

from bot.conversation.departures import LEFT_DAYS, Departure
from bot.conversation.library import Character
from bot.store.history import RedisStore
from cogs.places import conversation_in, server_place
from tests.discord.conftest import MakeBot, Stage

pytestmark = pytest.mark.usefixtures("one_hour")

_DAY = 86_400


class Home:
    """A server where something is set for the whole and for a channel, and with a character."""

    def __init__(self, stage: Stage, store: RedisStore, name: str) -> None:
        self.stage = stage
        self.store = store
        self.guild = stage.env.create_guild(name)
        self.channel = self.guild.create_text_channel("general")
        self.places = {server_place(self.guild.id), conversation_in(self.channel.id)}
        self.library = f"discord:server:{self.guild.id}"

    async def furnish(self) -> Home:
        for place in self.places:
            await self.stage.bot.configuration.change(place, language="de")
        await self.store.save_character(Character("c1", self.library, "Mira", "42", "9f3c"), b"{}")
        return self

    async def is_kept(self) -> bool:
        """Whether all of it is there; False if nothing is."""
        settings = self.places & {*await self.store.config()}
        characters = await self.store.characters(self.library)
        assert bool(characters) == bool(settings)
        assert settings in (set(), self.places)
        return bool(characters)

    async def was_left(self, days: float) -> None:
        """It is noted that the bot was sent away; that was so many days ago."""
        noted = (await self.store.departures())[str(self.guild.id)]
        assert self.places <= {*noted.places}
        before = Departure(time.time() - days * _DAY, noted.places)
        await self.store.note_departure(str(self.guild.id), before)


@pytest.fixture
async def away(stage: Stage, store: RedisStore) -> Home:
    """Another server than that of the stage."""
    return await Home(stage, store, "Away").furnish()


async def test_what_is_kept_of_a_server_goes_thirty_days_after_the_bot(
    away: Home, stage: Stage, store: RedisStore, make_bot: MakeBot
) -> None:
    stays = await Home(stage, store, "Stays").furnish()
    stage.env.backend.remove_guild(away.guild.id)
    await stage.settle()
    assert await away.is_kept()
    for days, kept in ((LEFT_DAYS - 0.1, True), (LEFT_DAYS + 0.1, False)):
        await away.was_left(days)
        await stage.env.restart_bot(make_bot())
        await stage.settle()
        assert await away.is_kept() == kept
    assert await store.departures() == {}
    assert await stays.is_kept()


@pytest.mark.parametrize(("status", "code"), [(500, 0), (404, 0), (403, 50013)])
async def test_only_discords_clear_word_lets_it_go(
    status: int, code: int, away: Home, stage: Stage, store: RedisStore, make_bot: MakeBot
) -> None:
    stage.env.backend.remove_guild(away.guild.id)
    await stage.settle()
    await away.was_left(LEFT_DAYS + 1)
    stage.env.inject_error("GET", f"/guilds/{away.guild.id}", status=status, code=code, times=None)
    await stage.env.restart_bot(make_bot())
    await stage.settle()
    assert await away.is_kept()
    assert await store.departures()


async def test_an_outage_is_no_departure(away: Home, stage: Stage, store: RedisStore) -> None:
    gone = {"id": str(away.guild.id), "unavailable": True}
    stage.env.backend.emit("GUILD_DELETE", gone)
    await stage.settle()
    assert await store.departures() == {}


async def test_who_comes_back_keeps_everything(
    away: Home, stage: Stage, store: RedisStore, make_bot: MakeBot
) -> None:
    backend, server = stage.env.backend, str(away.guild.id)
    back = serializers.guild_create_payload(backend, backend.get_guild(away.guild.id))
    backend.emit("GUILD_DELETE", {"id": server})
    await stage.settle()
    await away.was_left(LEFT_DAYS + 1)
    backend.emit("GUILD_CREATE", back)
    await stage.env.restart_bot(make_bot())
    await stage.settle()
    assert await store.departures() == {}
    assert await away.is_kept()

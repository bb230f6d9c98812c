"""Servers as large as Discord has them: nothing is held up by what it tells of them."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from tests.stand_ins.discord import DiscordStandIn
from tests.stand_ins.engine import ScriptedEngine
from tests.wire.in_process import answered, running

NOW = "2026-01-01T00:00:00+00:00"


def role(guild: int, n: int) -> dict[str, Any]:
    colours = {"primary_color": 0, "secondary_color": None, "tertiary_color": None}
    known = {"hoist": False, "managed": False, "mentionable": False, "flags": 0, "color": 0}
    more = {
        "id": str(guild + n),
        "name": f"role {n}",
        "position": n,
        "permissions": "2248473465835073",
    }
    return {**known, **more, "colors": colours}


def channel(guild: int, n: int, roles: int) -> dict[str, Any]:
    overwrites = [
        {"id": str(guild + 1 + one), "type": 0, "allow": "1024", "deny": "0"}
        for one in range(min(roles - 1, 10))
    ]
    return {
        "id": str(guild + 10_000 + n),
        "type": 0,
        "name": f"channel-{n}",
        "position": n,
        "permission_overwrites": overwrites,
        "topic": "All about it. " * 10,
        "last_message_id": str(guild + 40_000),
    }


def thread(guild: int, n: int, channels: int) -> dict[str, Any]:
    closing = {"archived": False, "auto_archive_duration": 1440, "archive_timestamp": NOW}
    return {
        "id": str(guild + 20_000 + n),
        "type": 11,
        "parent_id": str(guild + 10_000 + n % channels),
        "owner_id": "5",
        "name": f"thread {n}",
        "message_count": 5,
        "member_count": 3,
        "guild_id": str(guild),
        "thread_metadata": {**closing, "locked": False},
    }


def server(
    world: DiscordStandIn, guild: int, *, channels: int, roles: int, emojis: int, threads: int
) -> dict[str, Any]:
    """What Discord tells of a server when the bot comes to it."""
    me = {"id": str(world.bot_id), "username": "bot", "discriminator": "0", "avatar": None}
    emoji = {"roles": [], "require_colons": True, "managed": False, "animated": False}
    return {
        "id": str(guild),
        "name": "Huge",
        "owner_id": "1",
        "preferred_locale": "en-US",
        "features": ["COMMUNITY"],
        "large": True,
        "member_count": 250_000,
        "unavailable": False,
        "roles": [role(guild, n) for n in range(roles)],
        "emojis": [{**emoji, "id": str(guild + 5_000 + n), "name": f"e{n}"} for n in range(emojis)],
        "channels": [channel(guild, n, roles) for n in range(channels)],
        "threads": [thread(guild, n, channels) for n in range(threads)],
        "members": [{"user": me, "roles": [], "joined_at": NOW, "deaf": False, "mute": False}],
    }


async def test_a_huge_server_comes_in_one_frame_and_holds_nothing_up(world, store) -> None:
    huge = 1 << 60
    payload = server(world, huge, channels=500, roles=1_000, emojis=500, threads=1_000)
    engine = ScriptedEngine(*[("word ", *[0.05, "word "] * 20)] * 3)
    async with running(world, store, engine=engine) as bot:
        asked = world.send(world.channel, world.alice, f"{world.mention} hi")
        await world.until(lambda: world.replies(asked))
        begun = time.thread_time()
        world.world.emit("GUILD_CREATE", payload)
        await world.until(lambda: bot.get_guild(huge))
        assert time.thread_time() - begun < 0.5
        found = bot.get_guild(huge)
        assert (len(found.channels), len(found.threads), len(found.roles)) == (500, 1_000, 1_000)
        await world.until(lambda: world.replies(asked)[0].content.count("word") == 21)


async def test_a_server_that_is_away_for_a_while_goes_on_where_it_was(world, store) -> None:
    async with running(world, store) as bot:
        assert "All right." in await answered(world)
        world.world.emit("GUILD_DELETE", {"id": str(world.guild), "unavailable": True})
        await world.until(lambda: bot.get_guild(world.guild).unavailable)
        away = await asyncio.wait_for(answered(world, "still there?"), 5)
        assert "All right." in away
        from simcord.backend import serializers

        guild = world.world.guilds[world.guild]
        back = dict(serializers.guild_create_payload(world.world, guild))
        world.world.emit("GUILD_CREATE", {**back, "unavailable": False})
        await world.until(lambda: not bot.get_guild(world.guild).unavailable)
        assert "All right." in await answered(world, "and now?")


async def test_a_thousand_servers_at_once(world, store) -> None:
    async with running(world, store) as bot:
        small = {"channels": 30, "roles": 30, "emojis": 30, "threads": 10}
        for n in range(1_000):
            world.world.emit("GUILD_CREATE", server(world, (1 << 60) + n * 100_000, **small))
        begun = time.thread_time()
        asked = world.send(world.channel, world.alice, f"{world.mention} hi")
        await world.until(lambda: world.replies(asked), 15)
        assert len(bot.guilds) == 1_001
        assert time.thread_time() - begun < 6

"""Discord refuses, and goes on refusing: nobody is left without a word, and the bot soon stops."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import discord
import pytest
from simcord.backend.models import Overwrite

from bot.client import refused
from tests.stand_ins.discord import DiscordStandIn
from tests.stand_ins.engine import ScriptedEngine
from tests.wire.in_process import answered, running

CREATE = ("POST", "/channels/*/messages")
MISSING = {"code": 50013, "message": "Missing Permissions"}


def ask(world: DiscordStandIn, text: str = "hi") -> int:
    return world.send(world.channel, world.alice, f"{world.mention} {text}")


def marks(world: DiscordStandIn, message: int) -> list[str]:
    return [reaction.emoji for reaction in world.trail(message).message.reactions]


def is_marked(world: DiscordStandIn, message: int) -> bool:
    return marks(world, message) == ["🔇"]


def refusals(world: DiscordStandIn) -> int:
    return sum(call.status in (401, 403, 429) for call in world.calls)


async def test_a_channel_that_refuses_what_it_should_take_is_not_asked_again(world, store) -> None:
    """The permissions that the bot knows say that it may write."""
    engine = ScriptedEngine()
    async with running(world, store, engine=engine):
        world.fault(*CREATE, status=403, said=MISSING, times=None)
        # One refusal may be a slip, two are not.
        for words in ("hello?", "anybody?"):
            asked = ask(world, words)
            await world.until(partial(is_marked, world, asked))
        prompts, before = len(engine.prompts), refusals(world)
        for n in range(10):
            asked = ask(world, f"and {n}?")
        await world.until(lambda: marks(world, asked) == ["🔇"])
        assert refusals(world) == before <= 4
        assert len(engine.prompts) == prompts
        world.heal()
        # Whatever is changed there may open it.
        world.world.set_overwrite(world.channel, Overwrite(world.guild, 0))
        await asyncio.sleep(0.2)
        assert "All right." in await answered(world, "and now?")


async def test_where_not_even_a_mark_is_taken_the_asker_is_written_to(world, store) -> None:
    def in_channel(_: object) -> bool:
        return True

    async with running(world, store):
        path = f"/channels/{world.channel}/*"
        world.fault("*", path, status=403, said=MISSING, times=None, when=in_channel)
        asked = ask(world)
        await world.until(lambda: world.messages(world.dm(world.alice), bot_only=True))
        for n in range(5):
            ask(world, f"and {n}?")
        await asyncio.sleep(0.5)
        [letter] = world.messages(world.dm(world.alice), bot_only=True)
        assert f"/{world.channel}/{asked}" in letter.content
        assert refusals(world) <= 8


async def test_a_right_that_is_taken_away_in_the_middle_leaves_what_stands(world, store) -> None:
    engine = ScriptedEngine(("Once ", 1.5, "upon ", 0.3, "a time."))
    async with running(world, store, engine=engine):
        asked = ask(world)
        await world.until(lambda: world.replies(asked))
        deny = discord.Permissions(send_messages=True, add_reactions=True).value
        world.world.set_overwrite(world.channel, Overwrite(world.guild, 0, deny=deny))
        await world.until(lambda: "a time." in world.replies(asked)[0].content)
        again = ask(world, "and now?")
        await world.until(lambda: world.messages(world.dm(world.alice), bot_only=True))
        assert world.replies(again) == []


async def test_it_falls_silent_before_discord_shuts_its_address_out(
    world, store, caplog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refused, "_MOST", 6)
    async with running(world, store):
        # A refusal that says nothing of the channel: each message is tried.
        said = {"code": 20001, "message": "no"}
        world.fault("*", "/channels/*", status=403, said=said, times=None)
        for n in range(12):
            ask(world, f"{n}?")
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.5)
        assert 6 <= refusals(world) <= 9
        assert caplog.text.count("has refused 6 requests") == 1
        world.heal()
        # Commands do not go that way.
        shown = world.slash(world.channel, world.alice, "help")
        await world.until(lambda: shown.answered)


async def test_a_limit_that_lasts_for_an_hour_does_not_end_the_start(world, store) -> None:
    world.fault(
        "*", "/applications/*", status=429, said={"retry_after": 3600, "global": False}, times=None
    )
    async with running(world, store):
        assert "All right." in await answered(world)


@pytest.mark.parametrize("said", [{"ok": True}, [{}], ["help"], b"{"], ids=str)
async def test_commands_that_cannot_be_read_do_not_end_the_start(
    world, store, caplog, said: Any
) -> None:
    world.fault("GET", "/applications/*/commands", status=200, said=said)
    async with running(world, store) as bot:
        assert "All right." in await answered(world)
        assert await bot.sync_commands()
        assert "ask" in world.commands
    assert "could not be synced" in caplog.text


async def test_who_is_sent_away_in_the_middle_of_an_answer_stops_writing_it(world, store) -> None:
    engine = ScriptedEngine(("Once ", *[0.3, "more "] * 60))
    async with running(world, store, engine=engine) as bot:
        asked = ask(world)
        await world.until(lambda: world.replies(asked))
        waiting = ask(world, "and then?")
        world.fault(
            "*", "/channels/*", status=403, said={"code": 50001, "message": "x"}, times=None
        )
        world.world.emit("GUILD_DELETE", {"id": str(world.guild)})
        await world.until(lambda: not bot.guilds)
        await world.until(
            lambda: bot.conversations.writing(f"discord:{world.channel}") is None, timeout=5
        )
        await asyncio.sleep(0.5)
        assert len(engine.prompts) == 1
        assert world.replies(waiting) == []
        assert refusals(world) < 8
        assert world.messages(world.dm(world.alice), bot_only=True) == []


async def test_a_channel_that_goes_in_the_middle_of_an_answer_ends_it(world, store, caplog) -> None:
    engine = ScriptedEngine(("Once ", *[0.3, "more "] * 60))
    async with running(world, store, engine=engine) as bot:
        asked = ask(world)
        await world.until(lambda: world.replies(asked))
        world.world.delete_channel(world.channel)
        await world.until(
            lambda: bot.conversations.writing(f"discord:{world.channel}") is None, timeout=5
        )
        assert not [r for r in caplog.records if r.levelname == "ERROR" and "asyncio" not in r.name]


async def test_who_asks_in_a_thread_that_is_locked_hears_of_it(world, store) -> None:
    async with running(world, store):
        said = {"code": 50083, "message": "Thread is archived"}
        world.fault("*", f"/channels/{world.channel}/*", status=400, said=said, times=None)
        asked = ask(world)
        await world.until(lambda: world.messages(world.dm(world.alice), bot_only=True))
        [letter] = world.messages(world.dm(world.alice), bot_only=True)
        assert f"/{world.channel}/{asked}" in letter.content

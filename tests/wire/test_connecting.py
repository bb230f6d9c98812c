"""How the client finds Discord, gets in, and what it does without an intent; real sockets."""

from __future__ import annotations

import asyncio
import gc

import discord
import pytest
from aiohttp import web
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.client import HermesBot
from bot.errors import SettingsError, StartupError
from tests.stand_ins.discord import DiscordStandIn
from tests.wire.in_process import answered, make_bot, running


@pytest.mark.parametrize("path", ["", "/", "/api", "/api/v10", "/api/v10/"])
async def test_every_form_of_the_address_leads_in(world, store, path: str) -> None:
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    async with running(world, store, world.url + path):
        assert await answered(world) == "All right."
        assert str(DiscordWebSocket.DEFAULT_GATEWAY) == world.gateway.url
    now = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    assert now == before


async def test_proxy_that_only_knows_whole_paths(world, store) -> None:
    calls: list[str] = []

    async def forward(request: web.Request) -> web.StreamResponse:
        calls.append(request.path)
        if not request.path.startswith("/api/v10"):
            raise web.HTTPNotFound
        raise web.HTTPTemporaryRedirect(world.url + request.path_qs)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", forward)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with running(world, store, f"http://127.0.0.1:{port}"):
            assert await answered(world) == "All right."
    finally:
        await runner.cleanup()
    assert calls[:2] == ["/gateway/bot", "/api/v10/users/@me"]


async def test_refused_intent_is_done_without(world, store, caplog) -> None:
    world.gateway.approved.discard("message_content")
    async with running(world, store) as bot:
        assert world.gateway.refused == [4014]
        assert not bot.reads_everything
        assert await answered(world) == "All right."
        # The cogs were not unloaded and loaded again on the way.
        assert bot.get_cog("Chat") is not None
        shown = world.slash(world.channel, world.alice, "help")
        await world.until(lambda: shown.answered)
        assert "Message Content intent is off" in shown.text
    assert len([r for r in caplog.records if "Message Content intent" in r.getMessage()]) == 1


async def test_new_session_and_resume_stay_with_the_same_gateway(world, store) -> None:
    async with running(world, store):
        world.gateway.drop(4000)
        asked = world.send(world.channel, world.alice, f"{world.mention} in the gap")
        await world.until(lambda: world.replies(asked), 20)
        assert world.gateway.resumes == 1
        world.gateway.invalidate()
        await world.until(lambda: world.gateway.identifies == 2, 20)
        assert await answered(world) == "All right."


async def test_message_of_4000_emoji_is_answered(world, store) -> None:
    async with running(world, store):
        assert await answered(world, "🙂" * 3_900) == "All right."


async def test_a_request_nobody_waits_for_fails_without_a_word(
    world, store, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(world, store) as bot:
        assert await answered(world) == "All right."
        fault = world.fault("POST", "/channels/*/typing", drop=True, delay=0.2, times=None)
        typing = asyncio.create_task(bot.http.send_typing(world.channel))
        await world.until(lambda: fault.hits)
        typing.cancel()
        await asyncio.sleep(0.5)
        del typing
        gc.collect()
    assert "never retrieved" not in caplog.text


async def test_an_event_that_cannot_be_read_costs_itself_only(
    world, store, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(world, store):
        assert await answered(world) == "All right."
        [session] = world.gateway.sessions.values()
        poll = {"question": {"text": "?"}, "answers": [], "expiry": None, "layout_type": 1}
        session.dispatch("MESSAGE_CREATE", {"id": "1", "channel_id": str(world.channel)})
        session.dispatch("MESSAGE_CREATE", {"id": "2", "channel_id": "3", "poll": poll})
        session.dispatch("GUILD_UPDATE", {"id": str(world.guild)})
        session.dispatch("INTERACTION_CREATE", {"id": "4", "type": 2})
        assert await answered(world, "And now?") == "All right."
    assert caplog.text.count("reading MESSAGE_CREATE failed") == 2
    assert world.gateway.identifies == 1


async def test_wrong_token_is_one_line(store) -> None:
    async with DiscordStandIn(token="right") as world:
        with pytest.raises(SettingsError, match="DISCORD_TOKEN") as failed:
            async with make_bot(world.api, store) as bot:
                await bot.start("wrong")
        assert "\n" not in str(failed.value)


async def test_unreachable_discord_is_one_line(store) -> None:
    with pytest.raises(StartupError, match="cannot be reached") as failed:
        async with make_bot("http://127.0.0.1:9/api/v10", store) as bot:
            await bot.start("token")
    assert "\n" not in str(failed.value)


async def test_commands_are_written_once_and_then_only_what_differs(world, store) -> None:
    def writes() -> list[str]:
        return [c.route for c in world.calls if "commands" in c.route and c.method != "GET"]

    async with running(world, store):
        assert len(writes()) == 1
        assert "help" in world.commands
    async with running(world, store):
        assert len(writes()) == 1
    stored = world.world.commands[None]
    stored[("help", 1)]["description"] = "An old text"
    async with running(world, store):
        assert len(writes()) == 2
        assert stored[("help", 1)]["description"] != "An old text"
    stored[("old", 1)] = {**stored[("help", 1)], "name": "old", "id": "77"}
    async with running(world, store):
        assert len(writes()) == 3
        assert "old" not in world.commands


async def test_cog_that_does_not_load_fails_the_start_with_its_name(
    world, store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: HermesBot) -> None:
        raise KeyError("nonsense")

    monkeypatch.setattr("cogs.help.setup", broken)
    with pytest.raises(StartupError, match=r"cogs\.help does not load: KeyError"):
        async with make_bot(world.api, store) as bot:
            await bot.start("token")


async def test_intents_are_the_least_that_do(world, store) -> None:
    async with running(world, store) as bot:
        asked = {name for name, wanted in bot.intents if wanted}
        assert asked == {
            *("guilds", "guild_messages", "dm_messages", "message_content"),
        }
        assert list(bot.get_guild(world.guild).members) == [bot.get_guild(world.guild).me]
        assert list(bot.cached_messages) == []
        assert isinstance(bot.allowed_mentions, discord.AllowedMentions)

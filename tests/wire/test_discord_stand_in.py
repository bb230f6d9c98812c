"""The Discord stand-in against an unmodified discord.py client, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator

import aiohttp
import discord
import pytest
import yarl
from discord import app_commands

from tests.stand_ins.discord import DiscordStandIn
from tests.wire.processes import ROOT, environment


class TinyBot(discord.Client):
    """Answers mentions with `pong`, has a slash command, a button and a modal."""

    def __init__(self, *, message_content: bool = True) -> None:
        intents = discord.Intents.default()
        intents.message_content = message_content
        super().__init__(intents=intents)
        self._connection.guild_ready_timeout = 0.05
        self.tree = app_commands.CommandTree(self)
        self.seen: list[discord.Message] = []
        self.resumed = 0
        self.came_up = asyncio.Event()

        @self.tree.command(name="hello", description="Says hello")
        async def hello(interaction: discord.Interaction, name: str, loud: bool = False) -> None:
            await interaction.response.defer(ephemeral=True)
            await asyncio.sleep(0.05)
            await interaction.edit_original_response(content=f"hello {name} {loud}")
            await interaction.followup.send("and bye", ephemeral=True)

        @self.tree.command(name="form", description="Shows a modal")
        async def form(interaction: discord.Interaction) -> None:
            await interaction.response.send_modal(Form())

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def on_message(self, message: discord.Message) -> None:
        self.seen.append(message)
        if self.user not in message.mentions or message.author.bot:
            return
        async with message.channel.typing():
            reply = await message.reply("p", view=Stop(), nonce=message.id)
        for length in range(2, 5):
            await reply.edit(content="pong"[:length])

    async def on_ready(self) -> None:
        self.came_up.set()

    async def on_resumed(self) -> None:
        self.resumed += 1


class Stop(discord.ui.View):
    @discord.ui.button(label="Stop")
    async def stop_it(self, interaction: discord.Interaction, _: discord.ui.Button) -> None:
        await interaction.response.edit_message(content="stopped", view=None)


class Form(discord.ui.Modal, title="Form"):
    answer = discord.ui.TextInput(label="Answer")

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"you said {self.answer.value}")


@contextlib.asynccontextmanager
async def running(stand_in: DiscordStandIn, **options) -> AsyncIterator[TinyBot]:
    base, default = discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
    discord.http.Route.BASE = stand_in.api
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(stand_in.gateway.url)
    bot = TinyBot(**options)
    task = asyncio.create_task(bot.start("token"))
    try:
        await asyncio.wait(
            {task, asyncio.create_task(bot.came_up.wait())},
            timeout=10,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if task.done():
            task.result()
        yield bot
    finally:
        await bot.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        discord.http.Route.BASE = base
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = default


@pytest.fixture
async def world() -> AsyncIterator[DiscordStandIn]:
    async with DiscordStandIn() as stand_in:
        stand_in.guild = stand_in.add_guild()
        stand_in.channel = stand_in.add_channel(stand_in.guild)
        stand_in.alice = stand_in.add_user("alice", stand_in.guild)
        yield stand_in
        assert stand_in.rest.unsupported == []


async def test_mention_is_answered_with_edits_in_order(world: DiscordStandIn) -> None:
    async with running(world):
        asked = world.send(world.channel, world.alice, f"{world.mention} ping")
        await world.until(lambda: any(t.content == "pong" for t in world.replies(asked)))
        [reply] = world.replies(asked)
        assert [r.content for r in reply.revisions] == ["p", "po", "pon", "pong"]
        assert reply.nonce == str(asked)
        assert reply.replies_to == asked
        assert world.typed_in(world.channel)
        assert world.count("PATCH /channels/{id}/messages/{id}") == 3


async def test_button_modal_and_slash_command(world: DiscordStandIn) -> None:
    async with running(world):
        assert world.commands == ["form", "hello"]
        asked = world.send(world.channel, world.alice, f"{world.mention} ping")
        await world.until(lambda: any(t.content == "pong" for t in world.replies(asked)))
        [reply] = world.replies(asked)
        world.press(reply.id, world.alice, "stop")
        await world.until(lambda: reply.content == "stopped")
        assert reply.labels == []

        said = world.slash(world.channel, world.alice, "hello", name="you", loud=True)
        await world.until(lambda: said.followups)
        assert said.text == "hello you True\nand bye"
        assert said.ephemeral

        shown = world.slash(world.channel, world.alice, "form")
        await world.until(lambda: shown.modal)
        sent = world.submit(world.alice, shown, Answer="yes")
        await world.until(lambda: sent.text == "you said yes")


async def test_sixth_message_waits_for_its_bucket(world: DiscordStandIn) -> None:
    async with running(world) as bot:
        channel = bot.get_channel(world.channel)
        for number in range(6):
            await channel.send(str(number))
        times = [trail.created for trail in world.messages(world.channel)]
        assert times[4] - times[0] < 2
        assert 4.5 < times[5] - times[0] < 7
        assert world.rest.limits.hits == 0


async def test_ordered_429_and_500_are_healed_by_discord_py(world: DiscordStandIn) -> None:
    async with running(world) as bot:
        channel = bot.get_channel(world.channel)
        route = ("POST", "/channels/*/messages")
        world.fault(*route, status=429, retry_after=0.2)
        await channel.send("one")
        world.fault(*route, status=429, retry_after=0.2, is_global=True)
        await channel.send("two")
        world.fault(*route, status=503)
        with pytest.raises(discord.DiscordServerError):
            await channel.send("three")
        world.fault(*route, drop=True)
        with pytest.raises((OSError, aiohttp.ClientError)):
            await channel.send("four")
        assert [t.content for t in world.messages(world.channel)] == ["one", "two"]


async def test_lost_answer_does_not_double_a_message_with_a_nonce(world: DiscordStandIn) -> None:
    async with running(world) as bot:
        channel = bot.get_channel(world.channel)
        world.fault("POST", "/channels/*/messages", drop=True, applied=True)
        body = {"content": "once", "nonce": "n1", "enforce_nonce": True}
        route = discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=channel.id)
        with pytest.raises((OSError, aiohttp.ClientError)):
            await bot.http.request(route, json=body)
        again = await bot.http.request(route, json=body)
        assert [t.id for t in world.messages(world.channel)] == [int(again["id"])]


async def test_resume_replays_what_was_missed(world: DiscordStandIn) -> None:
    async with running(world) as bot:
        world.gateway.drop(4000)
        world.send(world.channel, world.alice, "in the gap")
        await world.until(lambda: bot.resumed, 15)
        await world.until(lambda: [m.content for m in bot.seen] == ["in the gap"])
        assert world.gateway.identifies == 1


async def test_lost_session_loses_the_gap_but_shows_the_last_message(world: DiscordStandIn) -> None:
    async with running(world) as bot:
        world.gateway.forget()
        lost = world.send(world.channel, world.alice, "lost")
        await world.until(lambda: world.gateway.identifies == 2, 15)
        await world.until(lambda: bot.get_channel(world.channel).last_message_id == lost)
        assert bot.seen == []
        assert bot.resumed == 0


async def test_message_content_is_blank_without_the_intent(world: DiscordStandIn) -> None:
    async with running(world, message_content=False) as bot:
        world.send(world.channel, world.alice, "secret")
        world.send(world.channel, world.alice, f"{world.mention} hi")
        own = await world.until(
            lambda: next((t for t in world.messages(world.channel, bot_only=True)), None)
        )
        world.send(world.channel, world.alice, "with ping", reply_to=own.id)
        world.send(world.channel, world.alice, "without", reply_to=own.id, ping=False)
        world.send(world.dm(world.alice), world.alice, "direct")
        await world.until(lambda: len([m for m in bot.seen if not m.author.bot]) == 5)
        told = [m.content for m in bot.seen if not m.author.bot]
        assert told == ["", f"{world.mention} hi", "with ping", "", "direct"]


async def test_disallowed_intent_closes_with_4014(world: DiscordStandIn) -> None:
    world.gateway.approved.discard("message_content")
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with running(world):
            pass


async def test_attachments_are_served_and_counted(world: DiscordStandIn) -> None:
    async with running(world) as bot:
        world.send(world.channel, world.alice, "look", attachments=[("a.txt", b"inside")])
        [message] = await world.until(lambda: bot.seen)
        assert world.world.cdn.reads == {}
        assert await message.attachments[0].read() == b"inside"
        await bot.get_channel(world.channel).send(file=discord.File(__file__, "me.py"))
        [sent] = await world.until(lambda: world.messages(world.channel, bot_only=True))
        assert b"served and counted" in world.read_attachment(sent.message.attachments[0])
        assert sum(world.world.cdn.reads.values()) == 1


async def test_global_limit_answers_429_for_all(world: DiscordStandIn) -> None:
    world.rest.limits.per_second = 10
    async with running(world) as bot:
        channels = [world.add_channel(world.guild, f"c{n}") for n in range(15)]
        await world.until(lambda: bot.get_channel(channels[-1]))
        await asyncio.gather(*(bot.get_channel(channel).send("x") for channel in channels))
        assert world.rest.limits.global_hits > 0
        assert all(world.messages(channel) for channel in channels)


async def test_it_runs_as_a_process_with_a_control_endpoint() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.stand_ins.discord"),
        cwd=ROOT,
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        addresses = json.loads(await asyncio.wait_for(process.stdout.readline(), 15))
        async with aiohttp.ClientSession() as http:

            async def control(method: str, **arguments):
                url = f"{addresses['url']}/_control/{method}"
                async with http.post(url, json=arguments) as answer:
                    return await answer.json()

            guild = await control("add_guild", name="Home")
            channel = await control("add_channel", guild=guild)
            user = await control("add_user", name="alice")
            message = await control("send", channel=channel, user=user, content="hi")
            assert (await control("messages", channel=channel))[0]["id"] == message
            assert "TypeError" in (await control("send", nonsense=1))["error"]
            assert (await control("info")) == {"bot": addresses["bot"], "connected": False}
    finally:
        process.kill()
        await process.wait()

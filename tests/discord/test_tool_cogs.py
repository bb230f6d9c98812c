"""Tools that know the server: what they tell, and what they refuse to whom."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import discord
import pytest
import pytest_asyncio
from simcord.backend import serializers
from simcord.backend.models import Overwrite
from simcord.builders import ChannelHandle
from simcord.enums import OverwriteType
from simcord.http.router import RequestContext, route

from bot.conversation.facts import Fact
from bot.conversation.reminding import Reminder
from bot.conversation.turns import Turn
from bot.settings import load
from bot.store.history import RedisStore
from bot.tools.context import ToolContext
from bot.tools.kit import Kit
from bot.tools.run import ToolRun
from bot.tools.runner import run
from bot.tools.tool import tools_of
from cogs.tools import ToolCog
from cogs.tools.channel import Channels
from cogs.tools.members import Members
from cogs.tools.memory import Memory
from cogs.tools.reminders import Reminders
from tests.discord.conftest import Stage
from tests.discord.live_support import VIRTUAL

pytestmark = pytest.mark.usefixtures("one_hour")

Hidden = discord.PermissionOverwrite


@route("GET", "/guilds/{guild_id}/members/search")
def search_members(ctx: RequestContext) -> Any:
    """What simcord lacks: members whose name or nickname begins like this."""
    guild = ctx.backend.get_guild(ctx.int_arg("guild_id"))
    query, limit = ctx.params["query"].casefold(), int(ctx.params["limit"])
    payloads = [
        dict(serializers.member_payload(ctx.backend, guild, m)) for m in guild.members.values()
    ]
    names = [
        [found["nick"], found["user"]["username"], found["user"]["global_name"]]
        for found in payloads
    ]
    return [
        found
        for found, called in zip(payloads, names, strict=True)
        if any(name and name.casefold().startswith(query) for name in called)
    ][:limit]


class Hands:
    """The tools, used for one of the people on the stage."""

    def __init__(self, stage: Stage, kit: Kit) -> None:
        self.stage = stage
        self.cogs: list[ToolCog] = [kind(kit) for kind in (Memory, Reminders, Channels, Members)]
        self.tools = {tool.name: tool for cog in self.cogs for tool in tools_of(cog)}

    def context(self, **other: Any) -> ToolContext:
        stage = self.stage
        known = ToolContext(
            conversation=f"discord:{stage.channel.id}",
            asker=str(stage.alice.id),
            name="Alice",
            server=str(stage.guild.id),
            channel=str(stage.channel.id),
        )
        return replace(known, **other)

    async def use(
        self, name: str, context: ToolContext | None = None, /, **arguments: Any
    ) -> ToolRun:
        return await run(self.tools[name], context or self.context(), arguments)

    async def get(self, name: str, context: ToolContext | None = None, /, **arguments: Any) -> Any:
        done = await self.use(name, context, **arguments)
        assert not done.failed, done.content
        return done.content

    async def refused(
        self, name: str, context: ToolContext | None = None, /, **arguments: Any
    ) -> str:
        done = await self.use(name, context, **arguments)
        assert done.failed, done.content
        assert "the log has the reason" not in done.content["error"]
        return done.content["error"]


@pytest.fixture
def hands(stage: Stage, store: RedisStore) -> Hands:
    # Discord's clock is ours.
    backend = stage.env.backend
    backend.advance_clock(time.time() - backend.clock.now().timestamp())
    kit = Kit(load({}, dotenv=None), fetch=None, store=store, discord=stage.bot)
    return Hands(stage, kit)


def forbid(stage: Stage, who: int, channel: ChannelHandle | None = None, **denied: bool) -> None:
    """Deny somebody something in a channel."""
    deny = discord.Permissions(**denied).value
    stage.env.backend.set_overwrite(
        (channel or stage.channel).id,
        Overwrite(target_id=who, type=OverwriteType.MEMBER, allow=0, deny=deny),
    )


# ---------------------------------------------------------------------- memory


async def test_what_a_person_tells_is_theirs_in_the_whole_server(hands: Hands) -> None:
    assert await hands.get("remember", fact="my dog is  called Rex") == {
        "saved": "my dog is called Rex"
    }
    other = hands.stage.guild.create_text_channel("other")
    elsewhere = hands.context(conversation=f"discord:{other.id}", channel=str(other.id))
    await hands.get("remember", elsewhere, fact="the meeting is on Friday")
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    assert await hands.get("recall", elsewhere, query="What is my dog called?") == {
        "facts": [f"my dog is called Rex (Alice, {day})"]
    }
    everything = (await hands.get("recall", query=""))["facts"]
    assert everything[0] == f"the meeting is on Friday (Alice, {day})", "the newest first"
    assert len(everything) == 2
    bob = hands.context(asker=str(hands.stage.bob.id), name="Bob")
    assert await hands.get("recall", bob, query="What is Alice's dog called?") == {"facts": []}


async def test_channel_and_server_are_recalled_by_everybody_there(
    hands: Hands, store: RedisStore
) -> None:
    stage = hands.stage
    for owner in (f"discord:server:{stage.guild.id}", f"discord:{stage.channel.id}"):
        await store.remember(owner, Fact(f"dog of {owner}", "1", "Carol", 1.0))
    bob = hands.context(asker=str(stage.bob.id), name="Bob")
    run = await hands.use("recall", bob, query="dog")
    assert len(run.content["facts"]) == 2
    assert not run.for_asker
    await hands.get("remember", bob, fact="my dog is Tim")
    assert (await hands.use("recall", bob, query="dog")).for_asker, "a person's are theirs"
    assert not (await hands.use("recall", replace(bob, private=True), query="dog")).for_asker


async def test_what_is_told_in_a_closed_room_stays_there(hands: Hands) -> None:
    stage = hands.stage
    await hands.get("remember", hands.context(private=True), fact="the code is 1111")
    nobody = discord.PermissionOverwrite(view_channel=False)
    room = stage.guild.create_text_channel("room", overwrites={stage.guild.default_role: nobody})
    closed = hands.context(conversation=f"discord:{room.id}", channel=str(room.id))
    await hands.get("remember", closed, fact="the code is 2222")
    assert await hands.get("recall", query="code") == {"facts": []}
    assert "2222" in (await hands.get("recall", closed, query="code"))["facts"][0]
    [private] = (await hands.get("recall", hands.context(private=True), query="code"))["facts"]
    assert "1111" in private


async def test_a_channel_that_is_not_known_is_a_closed_one(hands: Hands) -> None:
    unknown = hands.context(conversation="discord:7", channel="7")
    await hands.get("remember", unknown, fact="the code is 3333")
    assert await hands.get("recall", query="code") == {"facts": []}
    assert "3333" in (await hands.get("recall", unknown, query="code"))["facts"][0]


async def test_memories_do_not_leave_their_place(hands: Hands) -> None:
    await hands.get("remember", fact="the code is 1234")
    direct = hands.context(server="", conversation="discord:7", channel="7")
    await hands.get("remember", direct, fact="the code is 5678")
    playground = ToolContext("playground:1")
    other = replace(direct, conversation="discord:8", channel="8")
    for elsewhere in (hands.context(server="2", channel="9"), playground, other):
        assert await hands.get("recall", elsewhere, query="code") == {"facts": []}
    assert "5678" in (await hands.get("recall", direct, query="code"))["facts"][0]
    await hands.get("remember", playground, fact="the code is 9")
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    assert await hands.get("recall", playground, query="code") == {
        "facts": [f"the code is 9 ({day})"]
    }


async def test_facts_are_bounded_and_told_once(hands: Hands) -> None:
    assert "nothing to remember" in await hands.refused("remember", fact=" \n ")
    assert "501 characters of 500" in await hands.refused("remember", fact="x" * 501)
    for _ in range(3):
        await hands.get("remember", fact="y" * 500)
    assert len((await hands.get("recall", query=""))["facts"]) == 1
    for n in range(15):
        await hands.get("remember", fact=f"fact {n} {'z' * 480}")
    found = await hands.use("recall", query="fact")
    assert isinstance(found.content, dict), "short enough for the model to get it whole"


# ---------------------------------------------------------------------- reading back


async def test_history_is_told_with_names_and_times(hands: Hands) -> None:
    stage = hands.stage
    await stage.alice.send(stage.channel, "first")
    await stage.bob.send(stage.channel, f"hi {stage.alice.mention}", attachments=[("a.png", b"x")])
    asked = await stage.alice.send(stage.channel, "what was said?")
    read = await hands.get("read_channel_history", hands.context(message=str(asked.id)))
    first, second = read["messages"]
    assert (first["author"], first["text"]) == ("Alice", "first")
    assert (second["author"], second["text"]) == ("Bob", "hi @Alice")
    assert second["files"] == ["a.png"]
    assert datetime.fromisoformat(second["time"]).year == 2026
    one = await hands.get("read_channel_history", before_message=str(second["id"]), count=1)
    assert [message["text"] for message in one["messages"]] == ["first"]


async def test_long_histories_are_cut_between_messages(hands: Hands) -> None:
    stage = hands.stage
    for n in range(30):
        stage.env.backend.create_message(stage.channel.id, stage.alice.id, f"{n} " + '"\n' * 600)
    done = await hands.use("read_channel_history", count=1_000)
    assert isinstance(done.content, dict), "short enough for the model to get it whole"
    texts = [message["text"] for message in done.content["messages"]]
    assert texts[-1].startswith("29 ")
    assert texts[-1].endswith("…")
    assert 3 < len(texts) < 30
    assert len(json.dumps(done.content)) < 6_000


async def test_history_is_only_for_those_who_may_read_it(hands: Hands) -> None:
    stage = hands.stage
    await stage.bob.send(stage.channel, "for later eyes only")
    forbid(stage, stage.alice.id, read_message_history=True)
    await stage.settle()
    assert "You may not read back" in await hands.refused("read_channel_history")
    bob = hands.context(asker=str(stage.bob.id))
    assert len((await hands.get("read_channel_history", bob))["messages"]) == 1
    stage.guild.remove_member(stage.bob)
    assert "not in this server any more" in await hands.refused("read_channel_history", bob)
    assert await hands.refused("read_channel_history", hands.context(channel="12345"))


async def test_history_of_a_direct_message_and_of_a_thread(hands: Hands) -> None:
    stage = hands.stage
    await stage.alice.send_dm("psst")
    there = hands.context(server="", channel=str(stage.alice.user.dm_channel.id))
    read = await hands.get("read_channel_history", there)
    assert read["messages"][0]["text"] == "psst"
    thread = stage.thread()
    await stage.bob.send(thread, "in the thread")
    read = await hands.get("read_channel_history", hands.context(channel=str(thread.id)))
    assert "in the thread" in [message["text"] for message in read["messages"]]


# ---------------------------------------------------------------------- pinning


async def test_pinning_takes_both_permissions(hands: Hands) -> None:
    stage = hands.stage
    message = await stage.bob.send(stage.channel, "important")
    assert "You may not pin" in await hands.refused("pin_message", message_id=str(message.id))
    carol = stage.guild.add_member(
        stage.env.create_user("carol"),
        roles=[
            stage.guild.create_role("mod", permissions=discord.Permissions(manage_messages=True))
        ],
    )
    mod = hands.context(asker=str(carol.id))
    link = f"https://discord.com/channels/{stage.guild.id}/{stage.channel.id}/{message.id}"
    assert (await hands.get("pin_message", mod, message_id=link))["link"] == link
    assert [pinned.id for pinned in stage.channel.pinned_messages()] == [message.id]
    assert "no such message" in await hands.refused("pin_message", mod, message_id="123456")
    assert "takes the id" in await hands.refused("pin_message", mod, message_id="the last one")
    other = link.replace(str(stage.channel.id), "5")
    assert "another channel" in await hands.refused("pin_message", mod, message_id=other)
    forbid(stage, stage.bot_id, manage_messages=True, pin_messages=True)
    await stage.settle()
    assert "I lack the permission" in await hands.refused("pin_message", mod, message_id=link)


# ---------------------------------------------------------------------- posting elsewhere


@pytest.mark.parametrize("named", ["news", "#news", "#News", "<#{id}>", "{id}"])
async def test_a_message_goes_to_a_channel_by_any_name_and_pings_nobody(
    hands: Hands, named: str
) -> None:
    stage = hands.stage
    news = stage.guild.create_text_channel("news")
    text = f"Hello @everyone and {stage.bob.mention}!"
    sent = await hands.get("send_message", channel=named.format(id=news.id), text=text)
    assert sent["channel"] == "#news"
    [message] = stage.shown(news)
    assert message.content == f"{text}\n-# for {stage.alice.mention}"
    [posted] = [r for r in stage.env.http_requests if r.path.endswith(f"/{news.id}/messages")]
    assert posted.json["allowed_mentions"] == {"parse": []}


@VIRTUAL
async def test_what_it_posts_elsewhere_is_part_of_the_talk_there(
    hands: Hands, store: RedisStore
) -> None:
    stage = hands.stage
    news = stage.guild.create_text_channel("news")
    await hands.get("send_message", channel="news", text=f"Hello {stage.bob.mention}")
    await hands.get("send_message", channel="general", text="Here it stands in the exchange.")
    [there] = await until_remembered(store, news.id)
    assert (there.role, there.text) == ("assistant", f"Hello {stage.bob.mention}")
    assert there.shown == (str(stage.shown(news)[0].id),)
    assert (await store.load(f"discord:{stage.channel.id}")).turns == ()
    await stage.alice.send(news, f"{stage.me} what did you say?")
    assert "<|im_start|>assistant\nHello" in stage.engine.prompts[-1]


async def test_nobody_writes_where_they_may_not(hands: Hands) -> None:
    stage = hands.stage
    secret, quiet, deaf = map(stage.guild.create_text_channel, ("secret", "quiet", "deaf"))
    forbid(stage, stage.alice.id, secret, view_channel=True)
    forbid(stage, stage.alice.id, quiet, send_messages=True)
    forbid(stage, stage.bot_id, deaf, send_messages=True)
    abroad = stage.env.create_guild("Abroad").create_text_channel("abroad")
    await stage.settle()
    told = {
        name: (await hands.refused("send_message", channel=name, text="x")).replace(name, "*")
        for name in ("secret", "quiet", "nowhere", "abroad", str(abroad.id), str(secret.id))
    }
    assert set(told.values()) == {"There is no channel called “*” here in which you may write."}
    assert "I lack the permission to write in #deaf" in await hands.refused(
        "send_message", channel="deaf", text="x"
    )
    assert "1 to 1,900" in await hands.refused("send_message", channel="general", text="x" * 1_901)
    assert "only in a server" in await hands.refused(
        "send_message", hands.context(server=""), channel="general", text="x"
    )
    assert [stage.said(channel) for channel in (secret, quiet, deaf, abroad)] == [[], [], [], []]


# ---------------------------------------------------------------------- who is who


async def test_a_member_by_name_nickname_and_mention(hands: Hands) -> None:
    stage = hands.stage
    roles = [stage.guild.create_role("Gardener"), stage.guild.create_role("Cook")]
    rose = stage.guild.add_member(
        stage.env.create_user("rosalind", global_name="Rosa"), nick="Thorn", roles=roles
    )
    stage.guild.add_member(stage.env.create_user("rosalinda"))
    for name in ("rosalind", "@Rosalind", "thorn", "Tho", rose.mention, str(rose.id)):
        [found] = (await hands.get("who_is", name=name))["members"]
        assert found["name"] == "rosalind"
        assert found["nickname"] == found["shown_as"] == "Thorn"
        assert sorted(found["roles"]) == ["Cook", "Gardener"]
        assert found["joined"].startswith("2026-")
    both = (await hands.get("who_is", name="rosal"))["members"]
    assert sorted(one["name"] for one in both) == ["rosalind", "rosalinda"]


async def test_strangers_and_empty_names(hands: Hands) -> None:
    assert "Nobody in this server" in await hands.refused("who_is", name="zoe")
    assert "Nobody in this server" in await hands.refused("who_is", name="<@1234567890123456>")
    assert "takes a name" in await hands.refused("who_is", name=" @ ")
    direct = hands.context(server="")
    assert "only in a server" in await hands.refused("who_is", direct, name="alice")


# ---------------------------------------------------------------------- reminders


@pytest_asyncio.fixture
async def running(hands: Hands) -> AsyncIterator[Callable[[], Any]]:
    """Begin to deliver, with a cog of its own each time as two processes have."""
    begun: list[Reminders] = []

    async def begin() -> Reminders:
        cog = Reminders(hands.cogs[0].kit)
        begun.append(cog)
        await cog.cog_load()
        return cog

    yield begin
    for cog in begun:
        await cog.cog_unload()


async def until_settled(hands: Hands) -> None:
    """Wait until Alice has no reminders left."""
    store = hands.cogs[0].kit.store
    async with asyncio.timeout(10):
        while await store.reminders(str(hands.stage.alice.id)):  # noqa: ASYNC110 - Redis tells nobody
            await asyncio.sleep(0.02)


async def until(met: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not met():  # noqa: ASYNC110 - what is waited for is in Discord
            await asyncio.sleep(0.02)


async def until_remembered(store: RedisStore, channel: int) -> Sequence[Turn]:
    """Wait until something was said in a channel, as far as the bot remembers."""
    found: Sequence[Turn] = ()
    async with asyncio.timeout(10):
        while not found:
            await asyncio.sleep(0.02)
            found = (await store.load(f"discord:{channel}")).turns
    return found


def reminder(stage: Stage, due: float, **other: Any) -> Reminder:
    known = {"id": f"id{due}", "text": "take the bread out", "at": 1_763_719_200.0}
    known |= {"asker": str(stage.alice.id), "channel": str(stage.channel.id)}
    return Reminder(due=due, **known | other)


async def test_the_cogs_live_beside_the_bots_own(hands: Hands) -> None:
    bot = hands.stage.bot
    for cog in hands.cogs:
        await bot.add_cog(cog)
    store = hands.cogs[0].kit.store
    await store.save_reminder(reminder(hands.stage, time.time()))
    await until(hands.stage.said)
    for cog in hands.cogs:
        await bot.remove_cog(cog.qualified_name)
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "reminders"]


async def test_setting_listing_and_cancelling(hands: Hands) -> None:
    made = await hands.get("set_reminder", text="call  Bob", when="in 2 hours")
    assert made["number"] == 1
    assert made["text"] == "call Bob"
    assert made["due"].endswith("UTC")
    await hands.get("set_reminder", text="stand up", when="in 20 minutes")
    listed = (await hands.get("list_reminders"))["reminders"]
    assert [(one["number"], one["text"]) for one in listed] == [(2, "stand up"), (1, "call Bob")]
    bob = hands.context(asker=str(hands.stage.bob.id))
    assert await hands.get("list_reminders", bob) == {"reminders": []}
    assert "no reminder with the number 1" in await hands.refused("cancel_reminder", bob, number=1)
    assert (await hands.get("cancel_reminder", number=1))["cancelled"]["text"] == "call Bob"
    assert len((await hands.get("list_reminders"))["reminders"]) == 1


async def test_a_private_reminder_is_told_to_its_owner_alone(hands: Hands) -> None:
    private = hands.context(private=True)
    await hands.get("set_reminder", private, text="call the doctor", when="in 2 hours")
    direct = hands.context(server="")
    for context in (private, direct):
        [listed] = (await hands.get("list_reminders", context))["reminders"]
        assert listed["text"] == "call the doctor"
    [listed] = (await hands.get("list_reminders"))["reminders"]
    assert (listed["number"], "doctor" in listed["text"]) == (1, False)
    cancelled = (await hands.get("cancel_reminder", number=1))["cancelled"]
    assert "doctor" not in cancelled["text"]


async def test_times_that_cannot_be(hands: Hands) -> None:
    for when, told in (
        ("soon", "I cannot read"),
        ("2020-01-01", "not in the future"),
        ("in 2 years", "a year at most"),
    ):
        assert told in await hands.refused("set_reminder", text="x", when=when)
    assert "1 to 500" in await hands.refused("set_reminder", text="x" * 501, when="in 1 hour")
    for n in range(25):
        await hands.get("set_reminder", text=f"{n}", when="in 1 hour")
    assert "25 reminders already" in await hands.refused("set_reminder", text="x", when="in 1 hour")


async def test_time_counts_from_the_question_not_from_the_confirmation(hands: Hands) -> None:
    asked = datetime.fromtimestamp(time.time() - 600, UTC)
    context = hands.context(message=str(discord.utils.time_snowflake(asked)))
    await hands.get("set_reminder", context, text="tea", when="in 20 minutes")
    [saved] = await hands.cogs[0].kit.store.reminders(context.asker)
    assert saved.due == pytest.approx(asked.timestamp() + 1_200, abs=1)
    assert "has passed meanwhile" in await hands.refused(
        "set_reminder", context, text="tea", when="in 5 minutes"
    )


async def test_a_reminder_comes_when_it_is_due_and_pings_its_owner_only(
    hands: Hands, running: Callable[[], Any]
) -> None:
    stage = hands.stage
    cog = await running()
    hands.tools |= {tool.name: tool for tool in tools_of(cog)}
    text = f"wake @everyone and {stage.bob.mention}"
    await hands.get("set_reminder", text=text, when="in 1 second")
    assert stage.said() == [], "not before"
    await until(stage.said)
    [said] = stage.said()
    assert said.startswith(f"{stage.alice.mention} You asked me <t:")
    assert said.endswith(text), "in time, so there is no excuse"
    [posted] = [r for r in stage.env.http_requests if r.path.endswith("/messages")]
    assert posted.json["allowed_mentions"] == {
        "parse": [],
        "users": [stage.alice.id],
    }
    assert posted.json["enforce_nonce"] is True
    await until_settled(hands)


async def test_what_fell_due_meanwhile_comes_late_and_once_though_two_deliver(
    hands: Hands, store: RedisStore, running: Callable[[], Any]
) -> None:
    stage = hands.stage
    now = time.time()
    for n in range(25):
        await store.save_reminder(reminder(stage, now - 3_600 - n, text=f"number {n}"))
    await running()
    await running()
    await until_settled(hands)
    said = stage.said()
    assert len(said) == 25
    assert len({*said}) == 25
    assert all("\n-# This comes late: it was due <t:" in text for text in said)


@VIRTUAL
async def test_a_reminder_is_part_of_the_talk(
    hands: Hands, store: RedisStore, running: Callable[[], Any]
) -> None:
    stage = hands.stage
    await store.save_reminder(reminder(stage, time.time()))
    await running()
    [turn] = await until_remembered(store, stage.channel.id)
    assert (turn.id, turn.role) == (str(stage.shown()[0].id), "assistant")
    assert turn.text == "@Alice You asked me 21 November 2025, 10:00 UTC: take the bread out"
    await stage.alice.send(stage.channel, f"{stage.me} done")
    assert "take the bread out" in stage.engine.prompts[-1]


async def test_a_reminder_whose_channel_is_gone_comes_as_a_direct_message(
    hands: Hands, store: RedisStore, running: Callable[[], Any]
) -> None:
    stage = hands.stage
    side = stage.guild.create_text_channel("side")
    await store.save_reminder(reminder(stage, time.time(), channel=str(side.id)))
    stage.env.backend.delete_channel(side.id)
    await running()
    await until_settled(hands)
    [message] = stage.shown(stage.alice.user.dm_channel)
    assert "take the bread out" in message.content
    assert "I cannot write any more where you asked me" in message.content


async def test_a_reminder_of_who_has_left_the_server_comes_as_a_direct_message(
    hands: Hands, running: Callable[[], Any]
) -> None:
    stage = hands.stage
    cog = await running()
    hands.tools |= {tool.name: tool for tool in tools_of(cog)}
    await hands.get("set_reminder", text="take the bread out", when="in 1 second")
    stage.guild.remove_member(stage.alice)
    await until_settled(hands)
    [message] = stage.shown(stage.alice.user.dm_channel)
    assert "take the bread out" in message.content
    assert "You are no longer in the server where you asked me" in message.content
    assert stage.said() == [], "nobody there waits for it"


@pytest.mark.parametrize("private", [False, True])
async def test_a_reminder_of_who_is_gone_and_takes_no_messages_is_dropped(
    private: bool,
    hands: Hands,
    store: RedisStore,
    running: Callable[[], Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = hands.stage
    direct = await stage.bot.create_dm(discord.Object(stage.alice.id))
    stage.env.inject_error("POST", f"/channels/{direct.id}/messages", status=403, times=None)
    server = str(stage.guild.id)
    stage.guild.remove_member(stage.alice)
    await store.save_reminder(reminder(stage, time.time(), server=server, private=private))
    await running()
    await until_settled(hands)
    assert "dropped" in caplog.text
    assert stage.said() == []


@pytest.mark.parametrize(("status", "code"), [(500, 0), (403, 50001), (404, 0), (404, 10004)])
async def test_not_knowing_whether_somebody_has_left_holds_no_reminder_back(
    status: int, code: int, hands: Hands, store: RedisStore, running: Callable[[], Any]
) -> None:
    stage = hands.stage
    stage.env.inject_error(
        "GET", f"/guilds/*/members/{stage.alice.id}", status=status, code=code, times=None
    )
    await store.save_reminder(reminder(stage, time.time(), server=str(stage.guild.id)))
    await running()
    await until_settled(hands)
    [said] = stage.said()
    assert said.endswith("take the bread out")


async def test_a_reminder_of_a_private_talk_comes_as_a_direct_message(
    hands: Hands, running: Callable[[], Any]
) -> None:
    stage = hands.stage
    cog = await running()
    hands.tools |= {tool.name: tool for tool in tools_of(cog)}
    private = hands.context(private=True)
    await hands.get("set_reminder", private, text="call the doctor", when="in 1 second")
    await until_settled(hands)
    [message] = stage.shown(stage.alice.user.dm_channel)
    assert message.content.endswith(": call the doctor"), "and it says nothing of a lost channel"
    assert stage.said() == []


async def test_where_others_read_a_private_reminder_does_not_say_what_it_is(
    hands: Hands, store: RedisStore, running: Callable[[], Any]
) -> None:
    stage = hands.stage
    direct = await stage.bot.create_dm(discord.Object(stage.alice.id))
    stage.env.inject_error("POST", f"/channels/{direct.id}/messages", status=403, times=None)
    await store.save_reminder(reminder(stage, time.time(), private=True))
    await running()
    await until_settled(hands)
    [said] = stage.said()
    assert said.startswith(f"{stage.alice.mention} You asked me <t:")
    assert "in private" in said
    assert "bread" not in said


async def test_a_second_attempt_goes_to_the_channel_though_it_cannot_be_read_back(
    hands: Hands, store: RedisStore, running: Callable[[], Any]
) -> None:
    stage = hands.stage
    now = time.time()
    await store.save_reminder(reminder(stage, now - 10))
    await store.claim_reminders(now - 5, now - 1)
    stage.env.inject_error("GET", f"/channels/{stage.channel.id}/messages", status=403, times=None)
    await running()
    await until_settled(hands)
    [said] = stage.said()
    assert said.endswith("take the bread out")


async def test_what_can_go_nowhere_is_dropped(
    hands: Hands, store: RedisStore, running: Callable[[], Any], caplog: pytest.LogCaptureFixture
) -> None:
    stage = hands.stage
    stage.env.inject_error("POST", "/channels/*/messages", status=403, times=None)
    await store.save_reminder(reminder(stage, time.time()))
    await running()
    await until_settled(hands)
    assert "dropped" in caplog.text
    assert stage.said() == []


async def test_a_delivery_that_was_cut_off_is_not_repeated_if_it_had_arrived(
    hands: Hands, store: RedisStore, running: Callable[[], Any]
) -> None:
    stage = hands.stage
    now = time.time()
    arrived, lost = reminder(stage, now - 10, text="arrived"), reminder(stage, now - 9, text="lost")
    for one in (arrived, lost):
        await store.save_reminder(one)
    # A process claims both, posts one, and dies.
    claims = await store.claim_reminders(now - 5, now - 1)
    assert len(claims.reminders) == 2
    await running()
    await until_settled(hands)
    both = stage.said()
    assert len(both) == 2
    await store.save_reminder(arrived)
    await store.claim_reminders(now - 5, now - 1)
    await running()
    await until_settled(hands)
    assert stage.said() == both, "found in the channel, and not said again"


async def test_discord_being_away_loses_nothing(
    hands: Hands, store: RedisStore, caplog: pytest.LogCaptureFixture
) -> None:
    stage = hands.stage
    now = time.time()
    await store.save_reminder(reminder(stage, now))
    stage.env.inject_error("POST", "/channels/*/messages", status=500, times=1)
    cog = Reminders(hands.cogs[0].kit)
    await cog.cog_load()
    await until(lambda: "is tried again" in caplog.text)
    await cog.cog_unload()
    assert stage.said() == []
    [(again, first)] = (await store.claim_reminders(now + 500, now + 600)).reminders
    assert (again.text, first) == ("take the bread out", pytest.approx(now, abs=5))

"""`/privacy`: what people see of their data, take along, erase, and keep from the bot."""

from __future__ import annotations

import io
import json
import secrets
import zipfile
from collections.abc import Sequence

import discord
import pytest

from bot.characters.read import read_card
from bot.conversation.facts import Fact
from bot.conversation.opt_outs import OptOuts
from bot.conversation.people import Held
from bot.conversation.ports import LoggedCall
from bot.conversation.reminding import Reminder
from bot.settings import load
from bot.store.history import RedisStore
from bot.tools.context import ToolContext
from bot.tools.kit import Kit
from bot.tools.runner import run
from bot.tools.tool import tools_of
from cogs.privacy import export
from cogs.tools import ToolCog
from cogs.tools.channel import Channels
from cogs.tools.members import Members
from tests.discord.character_support import as_file, in_picture, member
from tests.discord.conftest import Stage
from tests.discord.guests import Installed
from tests.discord.live_support import VIRTUAL, play, speech
from tests.discord.test_tool_cogs import search_members

__all__ = ["search_members"]

SECRET = "the marmalade is in the submarine"


@pytest.fixture
def kit(store: RedisStore) -> Kit:
    return Kit(load({}, dotenv=None), None, store)


@pytest.fixture
def tool_cogs(kit: Kit) -> Sequence[ToolCog]:
    return ()


def keys(raw) -> str:
    """All of the database as an operator would dump it, compressed values aside."""
    found: list[object] = []
    for name in raw.scan_iter():
        read = {"hash": raw.hgetall, "set": raw.smembers, "string": raw.get}
        found += (name, read.get(raw.type(name), lambda n: raw.zrange(n, 0, -1))(name))
    return repr(found)


@pytest.fixture
def raw(valkey_url: str):
    import redis

    with redis.Redis.from_url(
        valkey_url, decode_responses=True, encoding_errors="replace"
    ) as client:
        yield client


class TestShow:
    async def test_it_tells_what_is_kept_and_how_long(self, stage: Stage, store: RedisStore):
        await stage.alice.send(stage.channel, f"{stage.me} {SECRET}")
        await stage.bob.send(stage.channel, f"{stage.me} hello")
        await store.remember("discord:server:1", Fact("x", str(stage.alice.id), "Alice", 1.0))
        shown = await stage.alice.slash(stage.channel, "privacy show")
        text = shown.response.content
        assert shown.response.ephemeral
        assert len(text) <= 2_000
        assert "quiet for 30 days" in text
        assert "one message of yours and one reply in one conversation" in text
        assert "400 days. Right now: 1." in text
        assert "30 days, the last 1,000" in text
        assert "opted out" not in text

    async def test_to_a_stranger(self, stage: Stage):
        shown = await stage.bob.slash(stage.channel, "privacy show")
        assert "Right now: no messages." in shown.response.content


class TestExport:
    async def test_it_comes_by_direct_message(self, stage: Stage, store: RedisStore):
        asked = await stage.alice.send(stage.channel, f"{stage.me} {SECRET}")
        await stage.bob.send(stage.channel, f"{stage.me} what did she say?")
        alice = str(stage.alice.id)
        await store.remember("discord:server:1", Fact("likes tea", alice, "Alice", 1.0))
        await store.save_reminder(Reminder("x1", alice, "bread", 9e9, 1.0, "5"))
        await store.save_schema(f"discord:user:{alice}", "film", "title: text")
        await store.log_calls("discord:server:1", [LoggedCall(1.0, alice, "5", "dice", {"n": 2})])
        told = await stage.alice.slash(stage.channel, "privacy export")
        assert told.response.ephemeral
        assert "direct message" in told.response.content
        data, text = await _sent(stage)
        assert data["person"] == alice
        assert data["settings"] == {"opted_out": False, "kept_days": 30}
        [talk] = data["conversations"]
        assert talk["conversation"] == f"discord:{stage.channel.id}"
        [mine, reply] = talk["messages"]
        assert (mine["from"], mine["text"], mine["id"]) == ("you", SECRET, str(asked.id))
        assert mine["time"].endswith("UTC")
        assert (reply["from"], reply["text"]) == ("bot", "All right.")
        assert data["facts"][0]["text"] == "likes tea"
        assert data["reminders"][0]["due"].startswith("2255")
        assert data["schemas"] == {"film": "title: text"}
        assert data["tool_calls"][0]["arguments"] == {"n": 2}
        for words in (SECRET, "All right.", "likes tea", "bread", "film", "dice"):
            assert words in text
        assert "what did she say" not in text

    async def test_with_closed_messages_it_stays_between_us(self, stage: Stage):
        await stage.alice.send(stage.channel, f"{stage.me} {SECRET}")
        stage.env.inject_error(
            "POST", "/channels/*/messages", status=403, code=50007, message="Cannot send"
        )
        told = await stage.alice.slash(stage.channel, "privacy export")
        assert "may not send you" in told.response.content
        [followup] = told.followups
        assert followup.ephemeral
        assert [file.filename for file in followup.attachments] == ["my-data.json", "my-data.md"]

    def test_too_much_for_one_file_is_packed_and_divided(self):
        turns = [
            {"id": str(n), "n": n, "role": "user", "text": secrets.token_hex(100)}
            for n in range(200)
        ]
        held = Held(conversations={"a": turns[:150], "b": turns[150:]}, facts=[{"text": "tea"}])
        head = {"made": "now", "settings": {}}
        limit = 5_000
        messages = export.messages_of(held, head, limit)
        assert len(messages) > 2
        found: list[str] = []
        for number, [(name, data)] in enumerate(messages, 1):
            assert len(data) <= limit
            assert name == f"my-data-{number}-of-{len(messages)}.zip"
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                assert archive.namelist() == ["my-data.json", "my-data.md"]
                part = json.loads(archive.read("my-data.json"))
                found += [m["id"] for talk in part["conversations"] for m in talk["messages"]]
                assert bool(part["facts"]) == (number == 1)
        assert found == [turn["id"] for turn in turns]

    async def test_what_was_brought_for_stories_is_there(self, stage: Stage):
        for name, data in (as_file("Mira"), in_picture("Anselm")):
            await stage.alice.slash(stage.channel, "character import", file=(name, data))
        form = await stage.alice.slash(stage.channel, "persona set")
        await stage.alice.submit_modal(form, {"name": "Ada of the Fen", "text": "She limps."})
        shown = await stage.alice.slash(stage.channel, "privacy show")
        assert "2 characters, no lorebooks, one persona" in shown.response.content
        await stage.alice.slash(stage.channel, "privacy export")
        user = await stage.bot.fetch_user(stage.alice.id)
        sent = [m async for m in (await user.create_dm()).history(oldest_first=True)]
        assert [[file.filename for file in m.attachments] for m in sent] == [
            ["my-data.json", "my-data.md"],
            ["my-pictures-1-of-1.zip"],
        ]
        data = json.loads(await sent[0].attachments[0].read())
        cards = {one["name"]: one["card"]["data"] for one in data["characters"]}
        assert cards["Mira"]["personality"] == "warm, nosy"
        assert data["personas"][0]["text"] == "She limps."
        with zipfile.ZipFile(io.BytesIO(await sent[1].attachments[0].read())) as archive:
            [name] = archive.namelist()
            assert archive.read(name) == read_card(in_picture("Anselm")[1]).picture

    def test_many_cards_and_pictures_are_divided_too(self):
        cards = [{"name": str(n), "place": "p", "card": secrets.token_hex(500)} for n in range(20)]
        pictures = {str(n): secrets.token_bytes(900) for n in range(9)}
        books = [{"name": "b", "place": "p", "book": secrets.token_hex(900)}]
        held = Held(characters=cards, lorebooks=books, pictures=pictures)
        messages = export.messages_of(held, {"made": "now", "settings": {}}, 5_000)
        names: list[str] = []
        for [(_, data)] in messages:
            assert len(data) <= 5_000
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                if "my-data.json" in archive.namelist():
                    part = json.loads(archive.read("my-data.json"))
                    names += [one["name"] for one in (*part["characters"], *part["lorebooks"])]
                else:
                    names += archive.namelist()
        wanted = [str(n) for n in range(20)] + ["b"] + [f"{n}.bin" for n in range(9)]
        assert sorted(names) == sorted(wanted)


async def _sent(stage: Stage) -> tuple[dict, str]:
    """The two files that Alice got."""
    user = await stage.bot.fetch_user(stage.alice.id)
    channel = await user.create_dm()
    [message] = [m async for m in channel.history()]
    names = [file.filename for file in message.attachments]
    assert names == ["my-data.json", "my-data.md"]
    data, text = [await file.read() for file in message.attachments]
    return json.loads(data), text.decode()


class TestErase:
    async def test_it_asks_first_and_then_nothing_is_left(self, stage: Stage, store, raw):
        await stage.alice.send(stage.channel, f"{stage.me} {SECRET}")
        await stage.bob.send(stage.channel, f"{stage.me} granite telescope")
        await stage.alice.send_dm(f"and here: {SECRET}")
        asked = await stage.alice.slash(stage.channel, "privacy erase")
        assert asked.response.ephemeral
        assert "2 messages of yours and 2 replies in 2 conversations" in asked.response.content
        assert SECRET in keys(raw), "nothing is gone before it is confirmed"
        await stage.alice.click(asked.response, label="Erase everything")
        found = keys(raw)
        assert SECRET not in found
        assert str(stage.alice.id) not in found
        assert "granite telescope" in found
        [left] = [turn for turn in await _turns(stage, store) if turn.role == "user"]
        assert left.author == str(stage.bob.id)

    async def test_the_button_works_after_a_restart(self, stage: Stage, store, make_bot, raw):
        await stage.alice.send(stage.channel, f"{stage.me} {SECRET}")
        asked = await stage.alice.slash(stage.channel, "privacy erase")
        stage.bot = await stage.env.restart_bot(make_bot()) or stage.env.bot
        await stage.alice.click(asked.response, label="Erase everything")
        assert SECRET not in keys(raw)

    async def test_what_was_given_to_a_server_goes_too(self, stage: Stage, store, raw):
        keeper = member(stage, "keeper", manage_channels=True)
        await keeper.slash(stage.channel, "character import", file=as_file("Mira"))
        await stage.bob.slash(stage.channel, "character use", character="Mira")
        asked = await keeper.slash(stage.channel, "privacy erase")
        assert "one character" in asked.response.content
        assert "that you gave to a server go, too" in asked.response.content
        await keeper.click(asked.response, label="Erase everything")
        assert str(keeper.id) not in keys(raw)
        assert "keeps the inn" not in keys(raw)
        assert await store.characters(f"discord:server:{stage.guild.id}") == []

    async def test_a_change_of_mind(self, stage: Stage, raw):
        await stage.alice.send(stage.channel, f"{stage.me} {SECRET}")
        asked = await stage.alice.slash(stage.channel, "privacy erase")
        await stage.alice.click(asked.response, label="Cancel")
        assert SECRET in keys(raw)

    @VIRTUAL
    async def test_a_reply_being_written_ends_and_is_not_kept(self, stage: Stage, raw):
        stage.engine.answers = [speech(20, 1.0)]
        await stage.alice.send(stage.channel, f"{stage.me} {SECRET}")
        await play(stage.env, 3.5)
        [begun] = stage.said()
        assert begun.startswith("word")
        asked = await stage.alice.slash(stage.channel, "privacy erase")
        await stage.alice.click(asked.response, label="Erase everything")
        await play(stage.env, 5)
        assert stage.engine.closed == 1, "the model is free again"
        found = keys(raw)
        assert SECRET not in found
        assert "word word" not in found
        assert str(stage.alice.id) not in found
        assert stage.said() == []

    @VIRTUAL
    async def test_a_question_that_waits_is_dropped(self, stage: Stage, raw):
        stage.engine.answers = [speech(8, 1.0)]
        await stage.bob.send(stage.channel, f"{stage.me} granite telescope")
        await stage.alice.send(stage.channel, f"{stage.me} {SECRET}")
        await play(stage.env, 1.5)
        asked = await stage.alice.slash(stage.channel, "privacy erase")
        await stage.alice.click(asked.response, label="Erase everything")
        await play(stage.env, 12)
        assert len(stage.engine.requests) == 1
        assert SECRET not in keys(raw)
        assert "granite telescope" in keys(raw)


async def _turns(stage: Stage, store: RedisStore):
    return (await store.load(f"discord:{stage.channel.id}")).turns


@pytest.mark.simcord(check_errors=False)
async def test_a_guest_has_the_same_say(
    stage: Stage, raw, store: RedisStore, monkeypatch: pytest.MonkeyPatch
):
    """Where only Alice has installed the app."""
    away = Installed(stage, monkeypatch).elsewhere(stage.alice)
    await away.guest.slash(away.channel, "ask", question=SECRET)
    assert SECRET in keys(raw)
    seen = await away.guest.slash(away.channel, "privacy show")
    assert "one message of yours and one reply" in seen.response.content
    refused = await away.guest.slash(away.channel, "privacy retention", days=2)
    assert "a member of" in refused.response.content
    asked = await away.guest.slash(away.channel, "privacy erase")
    await away.guest.click(asked.response, label="Erase everything")
    assert SECRET not in keys(raw)
    assert str(stage.alice.id) not in keys(raw)


class TestOptOut:
    async def test_messages_are_neither_answered_nor_kept(self, stage: Stage, store, raw):
        told = await stage.alice.slash(stage.channel, "privacy opt-out")
        assert told.response.ephemeral
        assert "/privacy opt-in" in told.response.content
        await stage.alice.send(stage.channel, f"{stage.me} {SECRET}")
        await stage.alice.send_dm(SECRET)
        assert stage.said() == []
        assert SECRET not in keys(raw)
        assert str(stage.alice.id) not in keys(raw), "only a mark is kept"
        await stage.bob.send(stage.channel, f"{stage.me} hello")
        assert stage.said() == ["All right."]
        shown = await stage.alice.slash(stage.channel, "privacy show")
        assert "You have opted out" in shown.response.content
        await stage.alice.slash(stage.channel, "privacy opt-in")
        await stage.alice.send(stage.channel, f"{stage.me} hello again")
        assert stage.said() == ["All right."] * 2

    async def test_it_survives_a_restart_and_an_erasure(self, stage: Stage, make_bot, raw):
        await stage.alice.slash(stage.channel, "privacy opt-out")
        asked = await stage.alice.slash(stage.channel, "privacy erase")
        await stage.alice.click(asked.response, label="Erase everything")
        stage.bot = await stage.env.restart_bot(make_bot()) or stage.env.bot
        await stage.alice.send(stage.channel, f"{stage.me} {SECRET}")
        assert stage.said() == []

    async def test_nobody_else_s_quote_brings_it_in(self, stage: Stage):
        said = await stage.alice.send(stage.channel, SECRET)
        await stage.alice.slash(stage.channel, "privacy opt-out")
        await stage.reply(stage.bob, said, f"{stage.me} what does she mean?")
        assert stage.asked == "Bob: what does she mean?"
        assert SECRET not in stage.engine.prompts[-1]

    @pytest.mark.simcord(check_errors=False)
    async def test_ask_says_how_to_opt_in(self, stage: Stage):
        await stage.alice.slash(stage.channel, "privacy opt-out")
        refused = await stage.alice.slash(stage.channel, "ask", question=SECRET)
        assert refused.response.ephemeral
        assert "/privacy opt-in" in refused.response.content
        refused = await stage.alice.slash(stage.channel, "json ask", question="?", schema="a: text")
        assert "/privacy opt-in" in refused.response.content
        assert stage.engine.prompts == []

    @pytest.mark.simcord(check_errors=False)
    async def test_nobody_can_ask_about_it(self, stage: Stage):
        said = await stage.alice.send(stage.channel, SECRET)
        other = await stage.bob.send(stage.channel, "granite telescope")
        await stage.alice.slash(stage.channel, "privacy opt-out")
        refused = await stage.bob.context_menu(stage.channel, "Ask about this", said)
        assert "leave it alone" in refused.response.content
        refused = await stage.alice.context_menu(stage.channel, "Ask about this", other)
        assert "/privacy opt-in" in refused.response.content

    @VIRTUAL
    async def test_what_came_while_the_bot_was_away(self, stage: Stage):
        await stage.bob.send(stage.channel, f"{stage.me} hello")
        await stage.alice.slash(stage.channel, "privacy opt-out")
        await play(stage.env, 20)
        with stage.env._bot_scope():
            await stage.env.bot.shards[0].disconnect()
        await stage.alice.send(stage.channel, f"{stage.me} {SECRET}")
        await stage.bob.send(stage.channel, f"{stage.me} are you back?")
        with stage.env._bot_scope():
            await stage.env.bot.shards[0].reconnect()
        await play(stage.env, 5)
        assert len(stage.engine.prompts) == 2
        assert "are you back?" in stage.engine.prompts[-1]
        assert SECRET not in stage.engine.prompts[-1]

    @VIRTUAL
    async def test_what_is_still_owed_is_not_finished(self, stage: Stage, make_bot, store):
        stage.engine.answers = [speech(20, 1.0)]
        await stage.alice.send(stage.channel, f"{stage.me} {SECRET}")
        await play(stage.env, 1.5)
        await OptOuts(store).switch(str(stage.alice.id), True)
        await stage.env.restart_bot(make_bot())
        await play(stage.env, 5)
        assert len(stage.engine.requests) == 1
        assert await store.owed() == []

    @VIRTUAL
    async def test_a_reply_being_written_ends(self, stage: Stage):
        stage.engine.answers = [speech(20, 1.0)]
        await stage.alice.send(stage.channel, f"{stage.me} {SECRET}")
        await play(stage.env, 3.5)
        await stage.alice.slash(stage.channel, "privacy opt-out")
        await play(stage.env, 2)
        assert stage.engine.closed == 1

    async def test_tools_do_not_read_it_back(self, stage: Stage, kit: Kit):
        kit.discord = stage.bot
        await stage.alice.send(stage.channel, SECRET)
        await stage.bob.send(stage.channel, "granite telescope")
        await stage.alice.slash(stage.channel, "privacy opt-out")
        context = ToolContext(
            f"discord:{stage.channel.id}",
            asker=str(stage.bob.id),
            server=str(stage.guild.id),
            channel=str(stage.channel.id),
        )
        tools = {t.name: t for cog in (Channels(kit), Members(kit)) for t in tools_of(cog)}
        read = await run(tools["read_channel_history"], context, {})
        assert [m["text"] for m in read.content["messages"]] == ["granite telescope"]
        who = await run(tools["who_is"], context, {"name": "alice"})
        assert who.failed

    async def test_other_processes_learn_of_it(self, stage: Stage, store: RedisStore):
        elsewhere = OptOuts(store)
        await elsewhere.switch(str(stage.alice.id), True)
        await stage.env.advance_time(61)
        await stage.bob.send(stage.channel, "a minute later")
        await stage.alice.send(stage.channel, f"{stage.me} {SECRET}")
        assert stage.said() == []


class TestRetention:
    @pytest.mark.simcord(check_errors=False)
    async def test_only_for_those_who_manage_the_server(self, stage: Stage, store: RedisStore):
        refused = await stage.alice.slash(stage.channel, "privacy retention", days=7)
        assert "manage the server" in refused.response.content
        assert await store.retention(str(stage.guild.id)) is None
        told = await stage.alice.slash(stage.channel, "privacy retention")
        assert "30 days" in told.response.content

    @pytest.mark.simcord(check_errors=False)
    async def test_it_holds_at_once(self, stage: Stage, store: RedisStore, raw):
        await stage.alice.send(stage.channel, f"{stage.me} {SECRET}")
        manager = stage.guild.add_member(
            stage.env.create_user("manager"),
            roles=[
                stage.guild.create_role("m", permissions=discord.Permissions(manage_guild=True))
            ],
        )
        refused = await manager.slash(stage.channel, "privacy retention", days=31)
        assert "30 days at most" in refused.response.content
        told = await manager.slash(stage.channel, "privacy retention", days=7)
        assert "kept for 7 days" in told.response.content
        key = f"hermes:1:{{discord:{stage.channel.id}}}:turns"
        assert raw.ttl(key) == pytest.approx(7 * 86_400, abs=60)
        await stage.alice.send(stage.channel, f"{stage.me} again")
        assert raw.ttl(key) == pytest.approx(7 * 86_400, abs=60)
        shown = await stage.alice.slash(stage.channel, "privacy show")
        assert "(in this server: 7 days)" in shown.response.content
        await manager.slash(stage.channel, "privacy retention", days=30)
        assert raw.ttl(key) == pytest.approx(30 * 86_400, abs=60)


def test_it_works_wherever_the_app_is_installed(stage: Stage):
    [command] = [
        one for one in stage.env.backend.commands[None].values() if one["name"] == "privacy"
    ]
    assert sorted(command["integration_types"]) == [0, 1]
    assert sorted(command["contexts"]) == [0, 1, 2]

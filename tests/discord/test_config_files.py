"""Settings as a file, and the question why something got no answer."""

from __future__ import annotations

import json
from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from simcord.results import InteractionResult

from bot.characters.stage import Member
from bot.characters.stage import Stage as Scene
from cogs.places import category_place, conversation_in, server_place
from tests.discord.conftest import MakeBot, Stage

REFUSED = pytest.mark.simcord(check_errors=False)


@pytest.fixture
def admin(stage: Stage) -> MemberActor:
    """Somebody who may manage the server."""
    role = stage.guild.create_role("admin", permissions=discord.Permissions(manage_guild=True))
    return stage.guild.add_member(stage.env.create_user("admin"), roles=[role])


def text(result: InteractionResult) -> str:
    assert result.response
    return result.response.content


def file_of(places: Any, **more: Any) -> bytes:
    return json.dumps({"hermes_config": 1, "places": places, **more}).encode()


async def give(stage: Stage, who: MemberActor, data: bytes) -> InteractionResult:
    return await who.slash(stage.channel, "config import", file=("config.json", data))


async def exported(stage: Stage, who: MemberActor) -> dict[str, Any]:
    given = await who.slash(stage.channel, "config export")
    assert given.response
    assert given.ephemeral
    [file] = given.response.attachments
    assert file.filename == f"config-{stage.guild.id}.json"
    return json.loads(await file.read())


class TestFiles:
    async def test_what_was_exported_can_be_brought_back(
        self, stage: Stage, admin: MemberActor
    ) -> None:
        category = stage.guild.create_category("games")
        server, games = server_place(stage.guild.id), category_place(category.id)
        here = conversation_in(stage.channel.id)
        limits = {"tokens_per_server": 90_000, "tokens_per_role": {"77": 5_000}}
        settings = {
            server: {"answers": True, "deny": [f"user:{stage.bob.id}"], "replies_per_user": 9}
            | limits,
            games: {
                "mode": "always",
                "system": "You are a rook.",
                "language": "zh-TW",
                "sampling": {"temperature": 0.4},
                "reply_tokens": 300,
            },
            here: {"mode": "mention", "system": "You are a bard.", "engine": "default"},
        }
        told = await give(stage, admin, file_of(settings))
        assert "That file changes 13 settings:" in text(told)
        assert "category games · mode: not set → always" in text(told)
        assert "category games · language: not set → 繁體中文" in text(told)
        assert "#general · system: not set → You are a bard." in text(told)
        assert stage.bot.configuration.known == {}
        await admin.click(told.response, label="Apply")
        data = await exported(stage, admin)
        assert data == {"hermes_config": 1, "server": "Home", "places": settings}
        same = await give(stage, admin, json.dumps(data).encode())
        assert "as in that file already" in text(same)
        cleared = await give(stage, admin, file_of({server: {"deny": None}}))
        assert f"the server · deny: user:{stage.bob.id} → not set" in text(cleared)
        await admin.click(cleared.response, label="Apply")
        left = await exported(stage, admin)
        assert left["places"][server] == {"answers": True, "replies_per_user": 9} | limits
        assert left["places"][here] == settings[here]
        logged = await admin.slash(stage.channel, "config log")
        assert text(logged).count("→") == 14

    async def test_cancel_changes_nothing(self, stage: Stage, admin: MemberActor) -> None:
        told = await give(stage, admin, file_of({server_place(stage.guild.id): {"answers": False}}))
        await admin.click(told.response, label="Cancel")
        assert (await exported(stage, admin))["places"] == {}

    @REFUSED
    @pytest.mark.parametrize(
        ("values", "named"),
        [
            ({"colour": "red"}, "colour"),
            ({"answers": "yes"}, "`answers` has to be true or false"),
            ({"mode": "sometimes"}, "`mode` has to be"),
            ({"mode": ["always"]}, "`mode` has to be"),
            ({"engine": "huge"}, "`engine` has to be the name of a model"),
            ({"engine": {}}, "`engine` has to be the name of a model"),
            ({"allow": ["everyone"]}, "`allow` has to be a list"),
            ({"allow": ["role:x"]}, "`allow` has to be a list"),
            ({"deny": "user:1"}, "`deny` has to be a list"),
            ({"deny": [f"user:{n}" for n in range(26)]}, "`deny` can name 25"),
            ({"tokens_per_role": {"77": 0}}, "`tokens_per_role` has to be an object"),
            ({"tokens_per_role": {}}, "`tokens_per_role` has to be an object"),
            ({"calls_per_role": {"everyone": 5}}, "`calls_per_role` has to be an object"),
            ({"calls_per_role": {str(n): 1 for n in range(26)}}, "`calls_per_role` can name 25"),
            ({"language": "tlh"}, "`language` has to be one of"),
            ({"sampling": {"min_p": 1}}, '"temperature" (0 to 2), "top_p" (0.01 to 1)'),
            ({"reply_tokens": 5}, "`reply_tokens` has to be a whole number from 16 to 16,384."),
            ({"system": " "}, "`system` has to be a text"),
            ({"system": "x" * 4_001}, "`system` can have 4,000"),
            ({"replies_per_user": 0}, "`replies_per_user` has to be a whole number"),
            ({"replies_per_user": 10**30}, "`replies_per_user` has to be a whole number"),
            ({"replies_per_server": True}, "`replies_per_server` has to be"),
        ],
    )
    async def test_what_cannot_be_is_refused_by_its_name(
        self, stage: Stage, admin: MemberActor, values: dict[str, Any], named: str
    ) -> None:
        place = server_place(stage.guild.id)
        refused = await give(stage, admin, file_of({place: {"age_restricted_only": True} | values}))
        assert refused.ephemeral
        assert f"places.{place}." in text(refused)
        assert named in text(refused)
        assert (await exported(stage, admin))["places"] == {}

    @REFUSED
    @pytest.mark.parametrize(
        ("data", "named"),
        [
            (b"{", "no JSON: line 1"),
            (b"\xff\x00", "no JSON"),
            (b"[]", "`hermes_config` has to be 1"),
            (b"[" * 100_000, "That file"),
            (b'{"hermes_config": 2, "places": {}}', "`hermes_config` has to be 1"),
            (file_of({}, secret=1), "`secret`"),
            (file_of({"server:1": {}}), "`places.server:1`"),
            (file_of({"server:1": []}), "`places.server:1` has to be an object"),
        ],
    )
    async def test_what_is_no_file_of_settings_is_refused(
        self, stage: Stage, admin: MemberActor, data: bytes, named: str
    ) -> None:
        assert named in text(await give(stage, admin, data))

    @REFUSED
    async def test_a_limit_is_for_a_server_only(self, stage: Stage, admin: MemberActor) -> None:
        place = conversation_in(stage.channel.id)
        refused = await give(stage, admin, file_of({place: {"replies_per_user": 3}}))
        assert "only be set for a whole server" in text(refused)

    async def test_many_changes_are_shown_in_a_file(self, stage: Stage, admin: MemberActor) -> None:
        channels = [stage.guild.create_text_channel(f"channel-{n}") for n in range(30)]
        places = {
            conversation_in(one.id): {"answers": False, "system": "You are a bard, and you sing."}
            for one in channels
        }
        told = await give(stage, admin, file_of(places))
        assert text(told) == "That file changes 60 settings, all of them in this file."
        assert told.response
        [file] = told.response.attachments
        assert (await file.read()).decode().count("\n") == 59

    @REFUSED
    async def test_what_a_former_process_asked_has_to_be_asked_again(
        self, stage: Stage, admin: MemberActor, make_bot: MakeBot
    ) -> None:
        told = await give(stage, admin, file_of({server_place(stage.guild.id): {"answers": False}}))
        await stage.env.restart_bot(make_bot())
        refused = await admin.click(told.response, label="Apply")
        assert "I do not remember that file any more" in text(refused)

    @REFUSED
    async def test_only_for_those_who_manage_the_server(self, stage: Stage) -> None:
        refused = await give(stage, stage.alice, file_of({}))
        assert "Manage Server" in text(refused)


class TestWhy:
    async def why(
        self, stage: Stage, message: discord.Message, who: MemberActor | None = None
    ) -> str:
        link = f"https://discord.com/channels/{stage.guild.id}/{message.channel.id}/{message.id}"
        shown = await (who or stage.alice).slash(stage.channel, "config why", message=link)
        assert shown.ephemeral
        return text(shown)

    async def test_tells_for_each_message(self, stage: Stage) -> None:
        plain = await stage.alice.send(stage.channel, "hello?")
        called = await stage.alice.send(stage.channel, f"{stage.me} hello?")
        other = await stage.alice.send(stage.channel, f"{stage.bob.mention} hello?")
        assert "❌" in (told := await self.why(stage, plain))
        assert "does not address me" in told
        assert "✅" in (told := await self.why(stage, called))
        assert "it mentions me" in told
        assert "begins with a mention of somebody else" in await self.why(stage, other)
        crier = stage.person("crier", mention_everyone=True)
        everyone = await crier.send(stage.channel, "@everyone hello?")
        assert (
            "It calls everyone. I answer such a message only if it mentions me, too."
            in await self.why(stage, everyone)
        )

    async def test_tells_what_the_server_has_set(self, stage: Stage, admin: MemberActor) -> None:
        role = stage.guild.create_role("friends")
        carol = stage.guild.add_member(stage.env.create_user("carol"), roles=[role])
        server = server_place(stage.guild.id)
        hers = await carol.send(stage.channel, f"{stage.me} hello?")
        his = await stage.bob.send(stage.channel, f"{stage.me} hello?")
        await stage.bot.configuration.change(server, allow=(f"role:{role.id}",))
        assert "✅" in await self.why(stage, hers)
        assert "Only some may talk to me there (set for server)" in await self.why(stage, his)
        await stage.bot.configuration.change(server, deny=(f"user:{carol.id}",))
        assert "on the list of those I do not answer (set for server)" in await self.why(
            stage, hers
        )
        here = conversation_in(stage.channel.id)
        await stage.bot.configuration.change(here, answers=False)
        assert "switched off there (set for this channel)" in await self.why(stage, hers)
        shown = await admin.slash(stage.channel, "config why")
        assert "❌ I would not answer you: I am switched off there" in text(shown)

    async def test_tells_of_a_channel(self, stage: Stage, admin: MemberActor) -> None:
        shown = await stage.alice.slash(stage.channel, "config why")
        assert "I answer who mentions me" in text(shown)
        await stage.bot.always_on.choose(server_place(stage.guild.id), "always")
        panel = await admin.slash(stage.channel, "config show")
        told = await admin.click(panel.response, label="Why do I (not) answer?")
        assert "I answer everything here (server)" in text(told)

    async def test_tells_of_a_scene(self, stage: Stage) -> None:
        called = await stage.bob.send(stage.channel, f"{stage.me} hello?")
        mira = Member("discord:server:1", "5f0c", "9c1b", "Mira")
        here = conversation_in(stage.channel.id)
        await stage.bot.store.save_stage(here, Scene(cast=(mira,)))
        assert "Characters are on stage there" in await self.why(stage, called)
        await stage.bot.store.save_stage(here, Scene(cast=(mira,), paused=True))
        assert "the scene there is paused" in await self.why(stage, called)

    async def test_tells_that_it_may_not_write(self, stage: Stage) -> None:
        closed = {stage.bot.user: discord.PermissionOverwrite(send_messages=False)}
        mute = stage.guild.create_text_channel("mute", overwrites=closed)
        sent = await stage.alice.send(mute, "hello?")
        assert "I may not write there" in await self.why(stage, sent)

    @REFUSED
    async def test_tells_nothing_of_what_somebody_cannot_see(
        self, stage: Stage, admin: MemberActor
    ) -> None:
        role = stage.guild.create_role("inner")
        carol = stage.guild.add_member(stage.env.create_user("carol"), roles=[role])
        hidden = stage.guild.create_text_channel(
            "hidden",
            overwrites={
                stage.guild.default_role: discord.PermissionOverwrite(view_channel=False),
                role: discord.PermissionOverwrite(view_channel=True),
                stage.bot.user: discord.PermissionOverwrite(view_channel=True),
            },
        )
        sent = await carol.send(hidden, "psst")
        assert "You cannot see that channel" in await self.why(stage, sent)
        assert "does not address me" in await self.why(stage, sent, carol)
        assert "You cannot see that channel" in await self.why(stage, sent, admin)

    @REFUSED
    @pytest.mark.parametrize(
        "link", ["hello", "https://discord.com/channels/1/2/3", "https://example.com/1/2/3"]
    )
    async def test_wants_a_link_of_this_server(self, stage: Stage, link: str) -> None:
        refused = await stage.alice.slash(stage.channel, "config why", message=link)
        assert "no link to a message of this server" in text(refused)

    @REFUSED
    async def test_a_message_that_is_gone(self, stage: Stage) -> None:
        sent = await stage.alice.send(stage.channel, "hello?")
        await stage.alice.delete(sent)
        assert "I cannot see that message" in await self.why(stage, sent)

"""What a server allows, set and met in Discord: `/safety`, the gate, and blocked words."""

from __future__ import annotations

import hashlib
import json

import discord
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.characters.policy import MILD, PROTECTION
from bot.characters.stage import Member
from bot.conversation.library import Character
from tests.discord import webhooks
from tests.discord.conftest import MakeBot, Stage
from tests.discord.scene_support import character, director, story

MIRA = {"name": "Mira", "description": "Mira keeps the inn by the ford."}


@pytest.fixture(autouse=True)
def voices(monkeypatch: pytest.MonkeyPatch) -> None:
    webhooks.install(monkeypatch)


def admin(stage: Stage, name: str = "boss") -> MemberActor:
    role = stage.guild.create_role(name, permissions=discord.Permissions(manage_guild=True))
    return stage.guild.add_member(stage.env.create_user(name), roles=[role])


def library(stage: Stage) -> str:
    return f"discord:server:{stage.guild.id}"


async def save(stage: Stage, card: dict[str, object], *, adult: bool = False) -> Character:
    """A character in the server's library."""
    data = {"spec": "chara_card_v2", "spec_version": "2.0", "data": card}
    blob = json.dumps(data).encode()
    digest = hashlib.sha256(blob).hexdigest()
    name = str(card["name"])
    owner = str(stage.alice.id)
    saved = Character(digest[:12], library(stage), name, owner, digest, adult=adult)
    assert await stage.bot.store.save_character(saved, blob)
    return saved


async def on_stage(
    stage: Stage,
    card: dict[str, object] = MIRA,
    *,
    adult: bool = False,
    channel: ChannelHandle | None = None,
) -> Member:
    """A character of the server's library on a channel's stage."""
    saved = await save(stage, card, adult=adult)
    member = Member(saved.library, saved.id, saved.card, saved.name, adult=adult)
    where = (channel or stage.channel).id
    await stage.env.bot.conversations.stages.enter(f"discord:{where}", member)
    return member


def grown_up(stage: Stage, name: str = "late") -> ChannelHandle:
    """A channel that is age-restricted."""
    made = stage.guild.create_text_channel(name)
    restrict(stage, made, True)
    return made


def restrict(stage: Stage, channel: ChannelHandle, on: bool) -> None:
    """Say what Discord would: the simulation knows no age restriction."""
    known = stage.env.bot.get_channel(channel.id)
    assert isinstance(known, discord.TextChannel)
    known.nsfw = on


REFUSED = pytest.mark.simcord(horizon=0.8, check_errors=False)


async def policy(stage: Stage):
    return await stage.env.bot.conversations.policies.of(str(stage.guild.id))


class TestTheGate:
    async def test_a_character_for_adults_answers_where_only_adults_are(self, stage: Stage) -> None:
        late = grown_up(stage)
        await on_stage(stage, adult=True, channel=late)
        await stage.alice.send(late, f"{stage.me} hello")
        [said] = [m.content for m in stage.heard(late)]
        assert said.endswith("All right.")
        system = stage.engine.prompts[0].split("<|im_end|>")[0]
        assert system.endswith(PROTECTION)

    async def test_elsewhere_it_says_why_it_does_not(self, stage: Stage) -> None:
        await on_stage(stage, adult=True)
        await stage.alice.send(stage.channel, f"{stage.me} hello")
        [said] = [m.content for m in stage.heard()]
        assert "age-restricted" in said
        assert stage.engine.prompts == []

    async def test_a_thread_is_as_its_channel(self, stage: Stage) -> None:
        late = grown_up(stage)
        made = stage.env.backend.create_thread(late.id, "side", stage.alice.id)
        thread = ChannelHandle(stage.env, stage.guild, made)
        await on_stage(stage, adult=True, channel=thread)
        await stage.alice.send(thread, f"{stage.me} hello")
        [said] = [m.content for m in stage.heard(thread)]
        assert said.endswith("All right.")
        plain = stage.thread()
        await on_stage(stage, adult=True, channel=plain)
        await stage.alice.send(plain, f"{stage.me} hello")
        assert "age-restricted" in stage.said(plain)[0]

    async def test_it_falls_silent_when_the_channel_is_opened_to_all(self, stage: Stage) -> None:
        late = grown_up(stage)
        await on_stage(stage, adult=True, channel=late)
        await stage.alice.send(late, f"{stage.me} hello")
        restrict(stage, late, False)
        await stage.alice.send(late, f"{stage.me} and now?")
        assert "age-restricted" in stage.said(late)[-1]
        menu = await stage.alice.context_menu(late, "Regenerate", stage.heard(late)[0])
        assert "age-restricted" in menu.response.content
        assert len(stage.engine.prompts) == 1

    async def test_in_a_direct_message_it_never_plays(self, stage: Stage) -> None:
        await stage.alice.send_dm("hello")
        channel = stage.alice.user.dm_channel
        await on_stage(stage, adult=True, channel=channel)
        await stage.alice.send_dm("hello again")
        assert "age-restricted" in stage.said(channel)[-1]

    async def test_open_channels_stay_suitable_for_all(self, stage: Stage) -> None:
        await on_stage(stage)
        await stage.alice.send(stage.channel, f"{stage.me} hello")
        boss = admin(stage)
        await boss.slash(stage.channel, "safety set", **{"all-ages": False})
        await stage.alice.send(stage.channel, f"{stage.me} hello")
        first, second = (prompt.split("<|im_end|>")[0] for prompt in stage.engine.prompts)
        assert first.endswith(f"{PROTECTION} {MILD}")
        assert second.endswith(PROTECTION)


class TestTheCommands:
    async def test_they_are_for_who_manages_the_server(self, stage: Stage) -> None:
        assert "safety" not in str(stage.alice.available_commands(stage.channel))
        assert "safety show" in admin(stage).available_commands(stage.channel)

    async def test_all_that_is_set_is_shown(self, stage: Stage) -> None:
        boss = admin(stage)
        await boss.slash(stage.channel, "safety set", adults="nowhere", imports="everyone")
        shown = (await boss.slash(stage.channel, "safety show")).response
        assert shown.ephemeral
        assert "do not play in this server at all" in shown.content
        assert "everybody" in shown.content
        assert "/safety channel" in shown.content

    @REFUSED
    async def test_a_change_is_told_to_its_author_and_logged(
        self, stage: Stage, caplog: pytest.LogCaptureFixture
    ) -> None:
        boss = admin(stage)
        with caplog.at_level("INFO"):
            done = await boss.slash(stage.channel, "safety set", adults="nowhere")
        assert done.response.ephemeral
        assert "do not play" in done.response.content
        assert any(
            str(boss.id) in r.getMessage() and "allows" in r.getMessage() for r in caplog.records
        )
        again = await boss.slash(stage.channel, "safety set", adults="nowhere")
        assert "already" in again.response.content
        nothing = await boss.slash(stage.channel, "safety set")
        assert "at least one" in nothing.response.content

    async def test_the_moderators_channel_hears_of_changes(self, stage: Stage) -> None:
        boss, room = admin(stage), stage.guild.create_text_channel("mods")
        await boss.slash(stage.channel, "safety channel", channel=room)
        await boss.slash(stage.channel, "safety set", **{"all-ages": False})
        first, second = stage.said(room)
        assert str(boss.id) in first
        assert "suitable for all ages" in second
        posted = [r.json for r in stage.env.http_requests if "-# <@" in str(r.json)]
        assert [one["allowed_mentions"] for one in posted] == [{"parse": []}] * 2

    @REFUSED
    async def test_a_channel_that_cannot_be_written_to_is_refused(self, stage: Stage) -> None:
        hidden = discord.PermissionOverwrite(view_channel=False)
        closed = stage.guild.create_text_channel("closed", overwrites={stage.bot.user: hidden})
        done = await admin(stage).slash(stage.channel, "safety channel", channel=closed)
        assert "cannot write" in done.response.content
        assert (await policy(stage)).report_channel == ""

    @REFUSED
    async def test_a_character_is_blocked_and_let_play_again(
        self, stage: Stage, make_bot: MakeBot
    ) -> None:
        boss, mira = admin(stage), await on_stage(stage)
        offered = await boss.autocomplete(stage.channel, "safety block", "character", "mi")
        assert [choice["value"] for choice in offered] == [mira.character]
        done = await boss.slash(stage.channel, "safety block", character=mira.character)
        assert "**Mira** is blocked" in done.response.content
        await stage.env.restart_bot(make_bot())
        await stage.alice.send(stage.channel, f"{stage.me} hello")
        assert "blocked" in stage.said()[-1]
        offered = await boss.autocomplete(stage.channel, "safety unblock", "character", "")
        assert [choice["value"] for choice in offered] == [mira.character]
        await boss.slash(stage.channel, "safety unblock", character=mira.character)
        await stage.alice.send(stage.channel, f"{stage.me} hello")
        assert stage.heard()[-1].content.endswith("All right.")
        none = await boss.slash(stage.channel, "safety unblock", character="Mira")
        assert "No such character" in none.response.content


class TestBlockedWords:
    async def block(self, stage: Stage, *words: str) -> MemberActor:
        boss = admin(stage)
        form = await boss.slash(stage.channel, "safety words")
        done = await boss.submit_modal(form, {"words": "\n".join(words)})
        assert done.response.ephemeral
        return boss

    async def test_an_answer_ends_before_the_sentence_that_has_one(self, stage: Stage) -> None:
        await self.block(stage, "badword", "two words")
        stage.engine.answers = [["It rains. ", "A bad", "word falls. ", "More."]]
        await stage.alice.send(stage.channel, f"{stage.me} hello")
        [said] = [m.content for m in stage.heard()]
        assert said.startswith("It rains.")
        assert "not wanted in this server" in said
        assert "badword" not in said
        assert "More" not in said
        stage.engine.answers = ["Fine so far. Then two\nwords."]
        await stage.alice.send(stage.channel, f"{stage.me} hello")
        assert "words." not in stage.heard()[-1].content.split("-#")[0]

    @REFUSED
    async def test_data_with_one_is_not_shown(self, stage: Stage) -> None:
        await self.block(stage, "badword")
        stage.engine.default = '{"title": "A b\\u0061dword"}'
        asked = await stage.alice.slash(
            stage.channel, "json ask", question="A film?", schema="title: text"
        )
        assert "not wanted in this server" in asked.response.content

    async def test_a_greeting_with_one_is_not_said(self, stage: Stage) -> None:
        await character(stage, "Ada", greeting="What a badword!")
        await character(stage, "Bob", greeting="Good evening.")
        dora = director(stage)
        await dora.slash(stage.channel, "scene start", title="X", character="ada", second="bob")
        said = [("Ada", "What a badword!"), ("Bob", "Good evening.")]
        assert story(stage)[-2:] == said
        await self.block(stage, "badword")
        await dora.slash(stage.channel, "scene greet")
        assert [line for line in story(stage) if line in said] == [*said, said[1]]

    async def test_another_server_hears_it(self, stage: Stage) -> None:
        await self.block(stage, "badword")
        other = stage.env.create_guild("Elsewhere")
        channel = other.create_text_channel("general")
        eve = other.add_member(stage.env.create_user("eve"))
        stage.engine.answers = ["A badword falls."]
        await eve.send(channel, f"{stage.me} hello")
        assert stage.said(channel) == ["A badword falls."]

    async def test_the_form_shows_what_is_set_and_takes_it_back(self, stage: Stage) -> None:
        boss = await self.block(stage, "one", "One", "", "  two   words ")
        assert (await policy(stage)).words == ("One", "two words")
        form = await boss.slash(stage.channel, "safety words")
        assert form.modal["components"][0]["component"]["value"] == "One\ntwo words"
        done = await boss.submit_modal(form, {})
        assert "No words" in done.response.content
        assert (await policy(stage)).words == ()

    @REFUSED
    async def test_too_many_are_refused(self, stage: Stage) -> None:
        boss = admin(stage)
        form = await boss.slash(stage.channel, "safety words")
        done = await boss.submit_modal(form, {"words": "\n".join(map(str, range(300)))})
        assert "more than 200" in done.response.content

    @REFUSED
    async def test_nobody_puts_it_into_the_bots_mouth(self, stage: Stage) -> None:
        boss = await self.block(stage, "badword")
        await stage.alice.send(stage.channel, f"{stage.me} hello")
        form = await stage.alice.click(stage.shown()[0], custom_id=_edit(stage.shown()[0]))
        field = form.modal["components"][0]["component"]["custom_id"]
        done = await stage.alice.submit_modal(form, {field: "A badword!"})
        told = [done.response, *done.followups]
        assert any(one and "not wanted" in one.content for one in told)
        assert stage.said() == ["All right."]
        role = stage.guild.create_role("m", permissions=discord.Permissions(manage_messages=True))
        carol = stage.guild.add_member(stage.env.create_user("carol"), roles=[role])
        said = await carol.slash(stage.channel, "say", text="A badword!")
        assert "not wanted" in said.response.content
        assert boss

    @REFUSED
    async def test_a_card_that_has_one_is_not_brought_in(self, stage: Stage) -> None:
        boss = await self.block(stage, "badword")
        bad = {"spec": "chara_card_v2", "data": MIRA | {"scenario": "a BADWORD inn"}}
        card = ("card.json", json.dumps(bad).encode())
        done = await boss.slash(stage.channel, "character import", file=card)
        assert "“badword”" in done.response.content
        assert await stage.bot.store.characters(library(stage)) == []


def _edit(message: discord.Message) -> str:
    for row in message.components:
        for item in row.children:
            if str(item.emoji) == "✏️":
                return item.custom_id
    raise AssertionError


class TestWhoBringsCharacters:
    @REFUSED
    async def test_everybody_where_the_server_wants_that(self, stage: Stage) -> None:
        card = ("card.json", json.dumps({"spec": "chara_card_v2", "data": MIRA}).encode())
        options = {"file": card, "for": "server"}
        refused = await stage.alice.slash(stage.channel, "character import", **options)
        assert "share" in refused.response.content
        await admin(stage).slash(stage.channel, "safety set", imports="everyone")
        await stage.alice.slash(stage.channel, "character import", **options)
        [mira] = await stage.bot.store.characters(library(stage))
        assert mira.owner == str(stage.alice.id)


class TestComingOnStage:
    @REFUSED
    async def test_a_character_whose_card_has_a_blocked_word_stays_away(self, stage: Stage) -> None:
        mira = await save(stage, MIRA | {"first_mes": "A badword to you."})
        boss = admin(stage)
        form = await boss.slash(stage.channel, "safety words")
        await boss.submit_modal(form, {"words": "badword"})
        used = await boss.slash(stage.channel, "character use", character=mira.id)
        assert "“badword”" in used.response.content
        assert stage.heard() == []

    @REFUSED
    async def test_a_blocked_one_does_not_come(self, stage: Stage) -> None:
        mira = await save(stage, MIRA)
        boss = admin(stage)
        await boss.slash(stage.channel, "safety block", character=mira.id)
        used = await boss.slash(stage.channel, "character use", character=mira.id)
        assert "its moderators have blocked it" in used.response.content

    @REFUSED
    async def test_where_there_are_none_for_adults_an_age_restricted_channel_is_no_help(
        self, stage: Stage
    ) -> None:
        mira = await save(stage, MIRA, adult=True)
        boss, late = admin(stage), grown_up(stage)
        await boss.slash(stage.channel, "safety set", adults="nowhere")
        used = await boss.slash(late, "character use", character=mira.id)
        assert "does not want such characters" in used.response.content


class TestLinesOfAStory:
    @REFUSED
    async def test_nobody_says_a_blocked_word_through_me(self, stage: Stage) -> None:
        boss = admin(stage)
        form = await boss.slash(stage.channel, "safety words")
        await boss.submit_modal(form, {"words": "badword"})
        await on_stage(stage)
        for command, options in (("narrate", {}), ("as", {"name": "Guard"})):
            done = await stage.alice.slash(stage.channel, command, text="A badword!", **options)
            assert "not wanted" in done.response.content
        assert stage.heard() == []

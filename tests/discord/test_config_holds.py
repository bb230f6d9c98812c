"""What servers have set, as people in their channels see it."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

import discord
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.conversation import groundwork
from bot.conversation.ports import Store
from cogs.places import category_place, conversation_in, server_place
from tests.discord.conftest import MakeBot, Stage
from tests.discord.live_support import play
from tests.discord.test_controls import id_of

pytestmark = pytest.mark.usefixtures("one_hour")


class Day(datetime):
    """A clock that stands still."""

    today: datetime  # type: ignore[assignment]

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return cls.today


REFUSED = pytest.mark.simcord(check_errors=False)


def here(stage: Stage, channel: ChannelHandle | None = None) -> str:
    return conversation_in((channel or stage.channel).id)


def server(stage: Stage) -> str:
    return server_place(stage.guild.id)


async def answered(
    stage: Stage, who: MemberActor | None = None, channel: ChannelHandle | None = None
) -> bool:
    before = len(stage.said(channel))
    await (who or stage.alice).send(channel or stage.channel, f"{stage.me} hi")
    return len(stage.said(channel)) > before


async def test_a_server_can_be_switched_off_but_for_one_channel(stage: Stage):
    other = stage.guild.create_text_channel("other")
    await stage.bot.configuration.change(server(stage), answers=False)
    await stage.bot.configuration.change(here(stage, other), answers=True)
    assert not await answered(stage)
    assert await answered(stage, channel=other)
    assert stage.engine.prompts[0].count("hi<|im_end|>") == 1


@REFUSED
async def test_commands_say_that_it_is_off(stage: Stage):
    await stage.bot.configuration.change(server(stage), answers=False)
    asked = await stage.alice.slash(stage.channel, "ask", question="hm?")
    assert asked.ephemeral
    assert "switched off here" in asked.response.content
    assert stage.said() == []
    assert stage.engine.prompts == []


async def test_direct_messages_know_nothing_of_a_server(stage: Stage):
    await stage.bot.configuration.change(server(stage), answers=False)
    sent = await stage.alice.send_dm("hi")
    assert sent
    assert len(stage.engine.prompts) == 1


@REFUSED
async def test_who_is_denied_is_not_answered_and_hears_why_from_commands(stage: Stage):
    await stage.bot.configuration.change(server(stage), deny=(f"user:{stage.alice.id}",))
    assert not await answered(stage)
    assert await answered(stage, stage.bob)
    asked = await stage.alice.slash(stage.channel, "ask", question="hm?")
    assert asked.ephemeral
    assert "do not want me to answer you here" in asked.response.content


async def test_only_a_role_may_talk(stage: Stage):
    role = stage.guild.create_role("friends")
    carol = stage.guild.add_member(stage.env.create_user("carol"), roles=[role])
    await stage.bot.configuration.change(here(stage), allow=(f"role:{role.id}",))
    assert not await answered(stage)
    assert await answered(stage, carol)
    thread = stage.thread()
    assert not await answered(stage, channel=thread)


async def test_only_in_age_restricted_channels(stage: Stage):
    adult = stage.guild.create_text_channel("adult")
    known = stage.bot.get_channel(adult.id)
    assert isinstance(known, discord.TextChannel)
    known.nsfw = True
    await stage.bot.configuration.change(server(stage), age_restricted_only=True)
    assert not await answered(stage)
    assert await answered(stage, channel=adult)


async def test_a_category_answers_everything_but_one_channel(stage: Stage):
    category = stage.guild.create_category("games")
    chess = stage.guild.create_text_channel("chess", category=category)
    go = stage.guild.create_text_channel("go", category=category)
    await stage.bot.always_on.choose(category_place(category.id), "always")
    await stage.bot.always_on.choose(here(stage, go), "mention")
    for channel in (chess, go, stage.channel):
        await stage.alice.send(channel, "no mention")
    assert (len(stage.said(chess)), stage.said(go), stage.said()) == (1, [], [])


async def test_a_category_may_have_an_engine(stage: Stage):
    category = stage.guild.create_category("games")
    chess = stage.guild.create_text_channel("chess", category=category)
    await stage.bot.engines.choose(category_place(category.id), "big")
    shown = await stage.alice.slash(chess, "model show")
    assert "`big` was chosen for this category" in shown.response.content


async def test_a_channel_without_a_system_prompt_inherits_one(stage: Stage):
    def system() -> str:
        return stage.engine.prompts[-1].split("<|im_start|>system\n")[1].split("<|im_end|>")[0]

    await answered(stage)
    plain = system()
    await stage.bot.configuration.change(server(stage), system="You are a lighthouse.")
    await answered(stage)
    assert system().startswith("You are a lighthouse.")
    shown = await stage.alice.slash(stage.channel, "ask", question="hm?", private=True)
    assert shown.response
    assert system().startswith("You are a lighthouse.")
    admin = stage.guild.add_member(
        stage.env.create_user("admin"),
        roles=[stage.guild.create_role("a", permissions=discord.Permissions(manage_channels=True))],
    )
    viewed = await admin.slash(stage.channel, "system view")
    assert viewed.response.content.startswith("The server's own default:\n> You are a lighthouse.")
    await admin.slash(stage.channel, "system set", text="You are a harbour.")
    await answered(stage)
    assert system().startswith("You are a harbour.")
    await admin.slash(stage.channel, "system clear")
    await stage.bot.configuration.change(server(stage), system=None)
    await answered(stage)
    assert system() == plain


async def test_counts_add_up_when_the_inherited_prompt_changes(stage: Stage, store: Store):
    await answered(stage)
    await stage.bot.configuration.change(server(stage), system="You are a lighthouse. " * 20)
    await answered(stage)
    found = await store.load(here(stage))
    total = found.state.base_tokens + sum(turn.tokens for turn in found.turns[:-1])
    assert total == found.state.usage.prompt
    assert found.state.system is None


class TestTheOperatorsSystemPrompt:
    @pytest.fixture
    def environ(self) -> dict[str, str]:
        return {"SYSTEM_PROMPT": "You are a librarian. Today is {{Weekday}}, {{date}}."}

    @pytest.fixture(autouse=True)
    def today(self, monkeypatch: pytest.MonkeyPatch) -> type[Day]:
        monkeypatch.setattr(groundwork, "datetime", Day)
        Day.today = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
        return Day

    async def test_holds_everywhere_and_knows_the_day(self, stage: Stage):
        told = "<|im_start|>system\nYou are a librarian. Today is Sunday, 22 November 2026."
        assert await answered(stage)
        assert stage.engine.prompts[-1].startswith(told)
        await stage.alice.send_dm("hi")
        assert stage.engine.prompts[-1].startswith(told)
        viewed = await stage.alice.slash(stage.channel, "context")
        assert "**System prompt** (my operator's default)" in viewed.response.content
        admin = stage.person("admin", manage_channels=True)
        viewed = await admin.slash(stage.channel, "system view")
        assert viewed.response.content.startswith("My operator's default:\n> You are a librarian.")

    async def test_gives_way_to_a_servers_and_that_to_a_channels(self, stage: Stage):
        await stage.bot.configuration.change(server(stage), system="You are a bard.")
        assert await answered(stage)
        assert "You are a bard." in stage.engine.prompts[-1]
        assert "librarian" not in stage.engine.prompts[-1]
        viewed = await stage.alice.slash(stage.channel, "context")
        assert "**System prompt** (the server's own default)" in viewed.response.content
        admin = stage.person("admin", manage_channels=True)
        await admin.slash(stage.channel, "system set", text="{{date}}: write {{name}} in Jinja.")
        assert await answered(stage)
        assert "22 November 2026: write {{name}} in Jinja." in stage.engine.prompts[-1]
        viewed = await admin.slash(stage.channel, "system view")
        assert viewed.response.content.startswith("This channel has its own:\n> {{date}}: write")

    async def test_counts_add_up_on_the_next_day(
        self, stage: Stage, store: Store, today: type[Day]
    ):
        assert await answered(stage)
        today.today = datetime(2026, 12, 1, 0, 1, tzinfo=UTC)
        assert await answered(stage)
        assert "Today is Tuesday, 1 December 2026." in stage.engine.prompts[-1]
        found = await store.load(here(stage))
        total = found.state.base_tokens + sum(turn.tokens for turn in found.turns[:-1])
        assert total == found.state.usage.prompt


class TestWhomTheOperatorShutsOut:
    """Ids are given out by the simulation, so each test puts them into the bot's settings."""

    @staticmethod
    def let(stage: Stage, **settings: object) -> None:
        stage.bot.settings = stage.bot.settings.model_copy(update=settings)

    @REFUSED
    async def test_is_answered_nowhere(self, stage: Stage):
        self.let(stage, blocked_users=(stage.alice.id,))
        assert not await answered(stage)
        await stage.alice.send_dm("hi")
        assert stage.engine.prompts == []
        asked = await stage.alice.slash(stage.channel, "ask", question="hm?")
        assert asked.ephemeral
        assert asked.response.content == "Whoever runs me does not want me to answer you."
        told = await stage.alice.slash(stage.channel, "config why")
        assert "Whoever runs me does not want me to answer its author anywhere" in (
            told.response.content
        )
        assert await answered(stage, stage.bob)

    async def test_only_those_who_are_named_are_answered(self, stage: Stage):
        self.let(stage, allowed_users=(stage.bob.id,))
        assert not await answered(stage)
        assert await answered(stage, stage.bob)
        await stage.alice.send_dm("hi")
        assert len(stage.engine.prompts) == 1
        await stage.bob.send_dm("hi")
        assert len(stage.engine.prompts) == 2

    @REFUSED
    async def test_nobody_in_direct_messages(self, stage: Stage):
        self.let(stage, answer_dms=False)
        await stage.alice.send_dm("hi")
        assert stage.engine.prompts == []
        asked = await stage.alice.user.slash("ask", question="hm?")
        assert "I do not answer in direct messages" in asked.response.content
        assert await answered(stage)


async def test_a_server_limits_what_one_person_may_ask(stage: Stage):
    await stage.bot.configuration.change(server(stage), replies_per_user=1)
    assert await answered(stage)
    await stage.alice.send(stage.channel, f"{stage.me} more")
    assert "You have used your 1 reply of this hour" in stage.said()[-1]
    assert await answered(stage, stage.bob)
    await stage.alice.send_dm("hi")
    assert len(stage.engine.prompts) == 3


async def test_what_was_set_holds_after_a_restart(stage: Stage, make_bot: MakeBot):
    await stage.bot.configuration.change(server(stage), answers=False)
    await stage.bot.always_on.choose(server(stage), "always")
    await stage.env.restart_bot(make_bot())
    await stage.alice.send(stage.channel, "no mention")
    assert stage.engine.prompts == []


@pytest.mark.simcord(horizon=0.2, check_errors=False)
async def test_who_is_denied_has_nothing_written_again(stage: Stage):
    await stage.alice.send(stage.channel, f"{stage.me} hi")
    await play(stage.env, 1.0)
    [reply] = stage.shown()
    await stage.bot.configuration.change(server(stage), deny=(f"user:{stage.alice.id}",))
    pressed = await stage.alice.click(reply, custom_id=id_of(reply, "🔁"))
    await play(stage.env, 1.0)
    assert "do not want me to answer you here" in pressed.followups[-1].content
    assert len(stage.engine.prompts) == 1


async def test_a_branch_takes_the_settings_of_its_thread_along(stage: Stage):
    await stage.bot.configuration.change("discord:1", answers=True, deny=("user:5",))
    await stage.bot.always_on.choose("discord:1", "mention")
    await stage.bot.always_on.choose("discord:2", "always")
    await stage.bot.configuration.copy("discord:1", "discord:2")
    assert stage.bot.configuration.own("discord:2").deny == ("user:5",)
    assert await stage.bot.always_on.covers("discord:2")


async def set_everything(stage: Stage, place: str) -> None:
    await stage.bot.always_on.choose(place, "always")
    await stage.bot.engines.choose(place, "default")
    await stage.bot.configuration.change(place, threads=False, language="de")


async def kept(store: Store) -> set[str]:
    """The places of which anything is set in the store."""
    return {*await store.config(), *await store.always_on(), *await store.engines()}


@pytest.mark.parametrize("kind", ["channel", "thread", "category"])
async def test_what_is_set_in_a_place_goes_when_that_is_deleted(
    stage: Stage, store: Store, kind: str
):
    here, category = stage.guild, stage.guild.create_category("games")
    made = {"channel": lambda: here.create_text_channel("chess"), "thread": stage.thread}
    gone = made[kind]() if kind in made else category
    place = category_place(gone.id) if kind == "category" else conversation_in(gone.id)
    for one in (place, server(stage)):
        await set_everything(stage, one)
    stage.env.backend.delete_channel(gone.id)
    await stage.settle()
    assert await kept(store) == {server(stage)}
    assert not await stage.bot.administration.has_any(place)


@pytest.mark.parametrize("status", [None, 500, 404])
async def test_settings_stay_unless_discord_says_for_certain_that_their_place_is_gone(
    stage: Stage, store: Store, status: int | None
):
    await set_everything(stage, here(stage))
    if status:
        stage.env.inject_error("GET", f"/channels/{stage.channel.id}", status=status, times=None)
    told = {"id": str(stage.channel.id), "guild_id": str(stage.guild.id), "type": 0}
    stage.env.backend.emit("CHANNEL_DELETE", told)
    await stage.settle()
    assert await kept(store) == {here(stage)}
    assert await stage.bot.always_on.covers(here(stage))

"""Reports: who can send one, what moderators see, and what they can do about it."""

from __future__ import annotations

import discord
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from bot.characters.stage import Member
from cogs.reports import MOST, REASONS
from cogs.reports.hourly import Hourly
from tests.discord import webhooks
from tests.discord.conftest import MakeBot, Stage
from tests.discord.test_controls import id_of
from tests.discord.test_safety import REFUSED, admin, on_stage
from tests.discord.voices_support import Troupe

REPORT, NOTE = "Report", "It was <@1> @everyone **mean** [x](https://e.vil)"
DECISIONS = [
    "Delete the reply",
    "Take the character off stage",
    "Block the character here",
    "Dismiss",
]


@pytest.fixture(autouse=True)
def voices(monkeypatch: pytest.MonkeyPatch) -> None:
    webhooks.install(monkeypatch)


@pytest.fixture
def room(stage: Stage) -> ChannelHandle:
    """The moderators' channel."""
    return stage.guild.create_text_channel("mods")


@pytest.fixture
def carol(stage: Stage) -> MemberActor:
    """A moderator."""
    role = stage.guild.create_role("m", permissions=discord.Permissions(manage_messages=True))
    return stage.guild.add_member(stage.env.create_user("carol"), roles=[role])


async def open_for_reports(stage: Stage, room: ChannelHandle) -> None:
    await admin(stage).slash(stage.channel, "safety channel", channel=room)


async def said(stage: Stage, text: str = "Go away!") -> discord.Message:
    """What Mira answers to Alice."""
    stage.engine.answers = [text]
    await stage.alice.send(stage.channel, f"{stage.me} hello")
    return stage.heard()[-1]


async def manage(stage: Stage, actor: MemberActor, message: discord.Message) -> InteractionResult:
    return await actor.context_menu(stage.channel, "Manage reply", message)


async def report(
    stage: Stage, actor: MemberActor, message: discord.Message, note: str = ""
) -> InteractionResult:
    """Report a reply by the panel of its menu."""
    panel = (await manage(stage, actor, message)).response
    form = await actor.click(panel, custom_id=f"report:{message.id}")
    return await fill(actor, form, note)


async def fill(actor: MemberActor, form: InteractionResult, note: str = "") -> InteractionResult:
    return await actor.submit_modal(form, {"reason": [REASONS[2]], "note": note})


async def filed(stage: Stage, room: ChannelHandle) -> tuple[Member, discord.Message]:
    """Mira's reply to Alice, reported by Bob: the report."""
    await open_for_reports(stage, room)
    mira = await on_stage(stage)
    await report(stage, stage.bob, await said(stage), NOTE)
    return mira, stage.shown(room)[-1]


def labels(message: discord.Message | object) -> list[str]:
    """What the buttons under a message, or under a response, are called."""
    rows = message.components
    if isinstance(message, discord.Message):
        rows = [row.to_dict() for row in rows]
    return [item.get("label", "") for row in rows for item in row["components"]]


class TestReporting:
    @REFUSED
    async def test_whoever_sees_a_reply_can_report_it(
        self, stage: Stage, room: ChannelHandle
    ) -> None:
        await open_for_reports(stage, room)
        await on_stage(stage)
        reply = await said(stage)
        panel = (await manage(stage, stage.bob, reply)).response
        assert panel.ephemeral
        assert labels(panel) == [REPORT]
        done = await report(stage, stage.bob, reply, NOTE)
        assert "Thank you" in done.response.content
        assert done.response.ephemeral
        posted = stage.shown(room)[-1]
        assert labels(posted) == DECISIONS
        for part in (
            f"<@{stage.bob.id}>",
            REASONS[2],
            "Go away!",
            "Said by **Mira**",
            f"brought by <@{stage.alice.id}>",
            f"asked by <@{stage.alice.id}>",
            reply.jump_url,
        ):
            assert part in posted.content

    async def test_who_asked_finds_it_among_the_controls(
        self, stage: Stage, room: ChannelHandle
    ) -> None:
        await open_for_reports(stage, room)
        panel = (await manage(stage, stage.alice, await said(stage))).response
        assert labels(panel)[-3:] == ["Edit", "Delete", REPORT]

    @REFUSED
    async def test_a_report_calls_nobody_and_is_no_markup(
        self, stage: Stage, room: ChannelHandle
    ) -> None:
        await open_for_reports(stage, room)
        reply = await said(stage, "```\n@everyone https://e.vil\n# Big")
        await report(stage, stage.bob, reply, NOTE)
        [posted] = [r.json for r in stage.env.http_requests if "Report**" in str(r.json)]
        assert posted["allowed_mentions"] == {"parse": []}
        assert posted["flags"] & discord.MessageFlags(suppress_embeds=True).value
        for part in ("@everyone", "```", "https://e.vil", "<@1>", "**mean**", "\n# "):
            assert part not in posted["content"]

    @REFUSED
    async def test_without_a_channel_for_reports_a_moderator_is_named(
        self, stage: Stage, caplog: pytest.LogCaptureFixture
    ) -> None:
        reply = await said(stage)
        done = await report(stage, stage.bob, reply)
        assert "tell a moderator" in done.response.content
        assert reply.jump_url in done.response.content
        assert any("nowhere to go" in r.getMessage() for r in caplog.records)

    @REFUSED
    async def test_five_an_hour_are_enough(self, stage: Stage, room: ChannelHandle) -> None:
        await open_for_reports(stage, room)
        reply = await said(stage)
        for _ in range(MOST):
            await report(stage, stage.bob, reply)
        before = len(stage.shown(room))
        panel = (await manage(stage, stage.bob, reply)).response
        refused = await stage.bob.click(panel, custom_id=f"report:{reply.id}")
        assert refused.modal is None
        assert "within an hour" in refused.response.content
        assert len(stage.shown(room)) == before
        await report(stage, stage.alice, reply)
        assert len(stage.shown(room)) == before + 1

    def test_after_an_hour_there_may_be_more(self) -> None:
        sent = Hourly()
        for minute in range(5):
            sent.note(1, minute * 60.0)
        assert sent.count(1, 3_599.0) == 5
        assert sent.count(1, 3_600.0) == 4
        assert sent.count(2, 3_600.0) == 0
        for person in range(10_000):
            sent.note(person, 3_600.0)
        assert sent.count(1, 3_600.0) == 0

    @REFUSED
    async def test_a_direct_message_has_no_moderators(self, stage: Stage) -> None:
        await stage.alice.send_dm("hi")
        user = stage.alice.user
        asked = await user.slash("report", message="1")
        assert "whoever runs this bot" in asked.response.content

    @REFUSED
    async def test_what_i_have_forgotten_can_be_reported_too(
        self, stage: Stage, room: ChannelHandle
    ) -> None:
        await open_for_reports(stage, room)
        reply = await said(stage)
        await stage.env.bot.conversations.timeline.reset(f"discord:{stage.channel.id}")
        await report(stage, stage.bob, reply)
        assert "Go away!" in stage.said(room)[-1]
        assert labels(stage.shown(room)[-1]) == ["Delete the reply", "Dismiss"]


class TestTheCommand:
    async def test_a_link_and_an_id_will_do(self, stage: Stage, room: ChannelHandle) -> None:
        await open_for_reports(stage, room)
        reply = await said(stage)
        other = stage.guild.create_text_channel("other")
        for channel, given in ((other, reply.jump_url), (stage.channel, str(reply.id))):
            form = await stage.bob.slash(channel, "report", message=given)
            assert "Thank you" in (await fill(stage.bob, form)).response.content
        assert sum("Go away!" in content for content in stage.said(room)) == 2

    @REFUSED
    @pytest.mark.parametrize("given", ["hello", "https://discord.com/channels/1/2/3", "99"])
    async def test_what_is_no_reply_of_mine_is_refused(
        self, stage: Stage, room: ChannelHandle, given: str
    ) -> None:
        await open_for_reports(stage, room)
        before = len(stage.shown(room))
        shown = await stage.bob.slash(stage.channel, "report", message=given)
        if shown.modal is not None:
            shown = await fill(stage.bob, shown)
        assert shown.response.ephemeral
        assert len(stage.shown(room)) == before

    @REFUSED
    async def test_what_people_wrote_is_not_mine(self, stage: Stage, room: ChannelHandle) -> None:
        await open_for_reports(stage, room)
        sent = await stage.alice.send(stage.channel, "only people")
        form = await stage.bob.slash(stage.channel, "report", message=str(sent.id))
        assert "none of my replies" in (await fill(stage.bob, form)).response.content

    @REFUSED
    async def test_nothing_is_told_of_channels_that_somebody_cannot_see(
        self, stage: Stage, room: ChannelHandle
    ) -> None:
        await open_for_reports(stage, room)
        hidden = {stage.bob: discord.PermissionOverwrite(view_channel=False)}
        closed = stage.guild.create_text_channel("closed", overwrites=hidden)
        await stage.alice.send(closed, f"{stage.me} hello")
        link = stage.heard(closed)[0].jump_url
        form = await stage.bob.slash(stage.channel, "report", message=link)
        assert "cannot find" in (await fill(stage.bob, form)).response.content


class TestDeciding:
    @REFUSED
    async def test_only_moderators_decide(self, stage: Stage, room: ChannelHandle) -> None:
        _, posted = await filed(stage, room)
        pressed = await stage.bob.click(posted, custom_id=id_of(posted, "Delete the reply"))
        assert "may manage messages" in pressed.response.content
        [still] = stage.heard()
        assert still.content.endswith("Go away!")

    @REFUSED
    async def test_the_reply_is_deleted_after_a_restart_too(
        self, stage: Stage, room: ChannelHandle, carol: MemberActor, make_bot: MakeBot
    ) -> None:
        _, posted = await filed(stage, room)
        await stage.env.restart_bot(make_bot())
        await carol.click(posted, custom_id=id_of(posted, "Delete the reply"))
        assert stage.heard() == []
        turns = await stage.env.bot.conversations.history(f"discord:{stage.channel.id}")
        assert "Go away!" not in [turn.text for turn in turns]
        after = stage.shown(room)[-1]
        assert f"deleted by <@{carol.id}>" in after.content
        assert labels(after) == DECISIONS[1:]

    @REFUSED
    async def test_the_character_leaves_the_stage(
        self, stage: Stage, room: ChannelHandle, carol: MemberActor
    ) -> None:
        _, posted = await filed(stage, room)
        await carol.click(posted, custom_id=id_of(posted, "Take the character off stage"))
        playing = await stage.env.bot.conversations.stages.get(f"discord:{stage.channel.id}")
        assert playing is None or playing.cast == ()
        assert "taken off stage" in stage.said(room)[-1]

    @REFUSED
    async def test_the_character_is_blocked(
        self, stage: Stage, room: ChannelHandle, carol: MemberActor
    ) -> None:
        mira, posted = await filed(stage, room)
        await carol.click(posted, custom_id=id_of(posted, "Block the character here"))
        policy = await stage.env.bot.conversations.policies.of(str(stage.guild.id))
        [blocked] = policy.blocked
        assert (blocked.id, blocked.card, blocked.name) == (mira.character, mira.card, "Mira")
        await stage.alice.send(stage.channel, f"{stage.me} hello")
        assert "blocked" in stage.said()[-1]
        report = next(message for message in stage.shown(room) if "🚩" in message.content)
        assert f"blocked by <@{carol.id}>" in report.content

    @REFUSED
    async def test_what_is_dismissed_has_no_buttons_left(
        self, stage: Stage, room: ChannelHandle, carol: MemberActor
    ) -> None:
        _, posted = await filed(stage, room)
        await carol.click(posted, custom_id=id_of(posted, "Dismiss"))
        after = stage.shown(room)[-1]
        assert labels(after) == []
        assert f"dismissed by <@{carol.id}>" in after.content
        [still] = stage.heard()
        assert still.content.endswith("Go away!")


@REFUSED
async def test_what_somebody_had_posted_names_them(
    stage: Stage, room: ChannelHandle, carol: MemberActor
) -> None:
    await open_for_reports(stage, room)
    await carol.slash(stage.channel, "say", text="Mean words.")
    await report(stage, stage.bob, stage.heard()[-1])
    posted = stage.shown(room)[-1]
    assert f"posted for <@{carol.id}>" in posted.content
    await carol.click(posted, custom_id=id_of(posted, "Delete the reply"))
    assert stage.heard() == []


@REFUSED
async def test_what_a_character_says_by_its_webhook_is_reported_and_deleted(
    stage: Stage, room: ChannelHandle, carol: MemberActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhooks.install(monkeypatch)
    await open_for_reports(stage, room)
    troupe = Troupe(stage)
    await troupe.enters("Ada")
    await troupe.says("Go away!")
    [message] = troupe.spoken()
    await report(stage, stage.bob, message)
    posted = stage.shown(room)[-1]
    assert "Said by **Ada**" in posted.content
    await carol.click(posted, custom_id=id_of(posted, "Delete the reply"))
    assert troupe.spoken() == []
    assert "deleted by" in stage.said(room)[-1]


@REFUSED
async def test_a_line_of_a_story_can_be_reported(
    stage: Stage, room: ChannelHandle, carol: MemberActor
) -> None:
    await open_for_reports(stage, room)
    await on_stage(stage)
    await stage.alice.slash(stage.channel, "narrate", text="Something mean happens.")
    line = stage.heard()[-1]
    panel = (await manage(stage, stage.bob, line)).response
    assert labels(panel) == [REPORT]
    await report(stage, stage.bob, line)
    posted = stage.shown(room)[-1]
    assert f"posted for <@{stage.alice.id}>" in posted.content
    await carol.click(posted, custom_id=id_of(posted, "Delete the reply"))
    assert stage.heard() == []

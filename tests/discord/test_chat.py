"""Who is answered, as people in a server see it."""

from __future__ import annotations

from collections.abc import Callable

import discord
import pytest
from simcord.enums import MessageType

from bot.errors import StoreUnavailable
from tests.discord.conftest import Stage


async def test_mention_is_answered_as_a_reply(stage: Stage) -> None:
    asked = await stage.alice.send(stage.channel, f"{stage.me} hi there")
    [answer] = stage.shown()
    assert answer.content == "All right."
    assert answer.reference.message_id == asked.id
    assert stage.asked == "Alice: hi there"


@pytest.mark.parametrize("text", ["hi all", "<@1234567890123456> look", "@everyone hello", ""])
async def test_other_talk_is_left_alone(stage: Stage, text: str) -> None:
    await stage.alice.send(stage.channel, text, attachments=[] if text else [("a.png", b"x")])
    assert stage.said() == []
    assert stage.engine.requests == []


async def test_replies_with_and_without_ping_are_answered(stage: Stage) -> None:
    await stage.alice.send(stage.channel, f"{stage.me} one")
    [first] = stage.shown()
    await stage.reply(stage.bob, first, "two")
    assert stage.asked == "Bob: two"
    await stage.reply(stage.alice, stage.shown()[-1], "three", ping=False)
    assert stage.asked == "Alice: three"
    assert len(stage.said()) == 3


async def test_reply_to_someone_else_is_left_alone(stage: Stage) -> None:
    theirs = await stage.alice.send(stage.channel, "what do you think, Bob?")
    await stage.bob.send(stage.channel, "nice", reply_to=theirs)
    assert stage.said() == []


async def test_direct_message_needs_no_mention_and_no_name(stage: Stage) -> None:
    await stage.alice.send_dm("just us")
    assert stage.said(stage.alice.user.dm_channel) == ["All right."]
    assert stage.asked == "just us"


async def test_mention_in_a_thread_is_a_talk_of_its_own(stage: Stage) -> None:
    await stage.alice.send(stage.channel, f"{stage.me} one")
    thread = stage.thread()
    await stage.alice.send(thread, f"{stage.me} two")
    assert stage.said(thread) == ["All right."]
    assert "one" not in stage.engine.prompts[-1]


async def test_mention_of_the_bots_own_role_is_a_mention(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = stage.guild.create_role("Hermes")
    # simcord gives roles no tags, by which discord.py knows the bot's own one.
    own = property(lambda guild: guild.get_role(role.id))
    monkeypatch.setattr(discord.Guild, "self_role", own)
    await stage.alice.send(stage.channel, f"<@&{role.id}> hello")
    assert stage.asked == "Alice: hello"


async def test_bots_webhooks_and_notices_are_ignored(stage: Stage) -> None:
    robot = stage.guild.add_member(stage.env.create_user("robot", bot=True))
    await robot.send(stage.channel, f"{stage.me} hello")
    hook = stage.guild.create_webhook(stage.channel)
    await hook.send(f"{stage.me} hello")
    await stage.alice.slash(stage.channel, "help")
    stage.guild.create_system_message(stage.channel, MessageType.NEW_MEMBER, author=stage.alice)
    await stage.settle()
    assert stage.engine.requests == []


async def test_bare_mention_is_a_greeting(stage: Stage) -> None:
    await stage.alice.send(stage.channel, stage.me)
    assert stage.asked == "Alice: Hello!"


class TestAlwaysOn:
    """A channel in which everything is meant for the bot."""

    @pytest.fixture
    async def always(self, stage: Stage) -> Stage:
        await stage.bot.always_on.switch(f"discord:{stage.channel.id}", True)
        return stage

    async def test_everything_is_answered(self, always: Stage) -> None:
        await always.alice.send(always.channel, "no mention at all")
        assert always.said() == ["All right."]

    async def test_asides_are_left_alone_and_not_remembered(self, always: Stage) -> None:
        await always.alice.send(always.channel, "((back in five))")
        await always.alice.send(always.channel, "// same here")
        assert always.engine.prompts == []
        await always.alice.send(always.channel, "Hello.")
        assert "five" not in always.engine.prompts[-1]
        await always.alice.send(always.channel, f"(( {always.me} what is the time? ))")
        assert len(always.engine.prompts) == 2

    async def test_people_among_themselves_are_left_alone(self, always: Stage) -> None:
        first = await always.alice.send(always.channel, f"{always.bob.mention} look at this")
        await always.bob.send(always.channel, "wow", reply_to=first)
        assert always.said() == []

    async def test_who_replies_to_their_own_words_is_answered(self, always: Stage) -> None:
        shared = await always.alice.send(always.channel, f"{always.bob.mention} look at this")
        await always.alice.send(always.channel, "what does it mean?", reply_to=shared)
        assert always.said() == ["All right."]

    async def test_its_threads_too(self, always: Stage) -> None:
        thread = always.thread()
        await always.alice.send(thread, "in here as well")
        assert always.said(thread) == ["All right."]

    async def test_it_survives_a_restart(self, always: Stage, make_bot) -> None:
        await always.env.restart_bot(make_bot())
        await always.alice.send(always.channel, "still there?")
        assert always.said() == ["All right."]


class AwayStore:
    """A store whose Redis does not answer until `back` is set."""

    def __init__(self, store) -> None:
        self.store = store
        self.back = False

    def __getattr__(self, name: str):
        if self.back:
            return getattr(self.store, name)

        async def fail(*_: object, **__: object) -> None:
            raise StoreUnavailable(detail="test")

        return fail


@pytest.fixture
async def away(stage: Stage, store, make_bot) -> AwayStore:
    away = AwayStore(store)
    stage.bot = await stage.env.restart_bot(make_bot(store=away)) or stage.env.bot
    return away


async def test_redis_down_is_told_and_retry_answers(stage: Stage, away: AwayStore) -> None:
    asked = await stage.alice.send(stage.channel, f"{stage.me} hello")
    [notice] = stage.shown()
    assert "memory (Redis)" in notice.content
    assert notice.reference.message_id == asked.id
    refused = await stage.bob.click(notice, label="Retry")
    assert refused.ephemeral
    away.back = True
    await stage.alice.click(notice, label="Retry")
    assert stage.said() == ["All right."]
    assert stage.asked == "Alice: hello"


async def test_retry_is_answered_in_the_channels_language(
    stage: Stage, away: AwayStore, discord_in: Callable[[str], None]
) -> None:
    await stage.alice.send(stage.channel, f"{stage.me} hello")
    [notice] = stage.shown()
    discord_in("de")
    await stage.alice.click(notice, label="Retry")
    [again] = stage.shown()
    assert (again.id != notice.id, again.content) == (True, notice.content)
    assert [button.label for row in again.components for button in row.children] == ["Retry"]


async def test_always_on_is_read_when_redis_is_back(stage: Stage, away: AwayStore, store) -> None:
    await store.set_always_on(f"discord:{stage.channel.id}", True)
    await stage.alice.send(stage.channel, "anyone?")
    assert stage.said() == []
    away.back = True
    await stage.env.advance_time(11)
    await stage.alice.send(stage.channel, "anyone now?")
    assert stage.said() == ["All right."]


@pytest.mark.simcord(check_errors=False)
async def test_defect_is_told_with_the_reference_of_the_log(
    stage: Stage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr("cogs.chat.ask_of", broken)
    await stage.alice.send(stage.channel, f"{stage.me} hello")
    [told] = stage.said()
    reference = told.split("`")[1]
    assert any(reference in r.getMessage() and r.exc_info for r in caplog.records)


async def test_no_permission_to_write_is_one_log_line(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    everyone = stage.guild.default_role
    member = discord.PermissionOverwrite(send_messages=True)
    silent = stage.guild.create_text_channel(
        "silent",
        overwrites={
            everyone: discord.PermissionOverwrite(send_messages=False),
            stage.alice: member,
        },
    )
    for _ in range(3):
        await stage.alice.send(silent, f"{stage.me} hello")
        await stage.env.advance_time(1)
    assert len([r for r in caplog.records if "may not write there" in r.getMessage()]) == 1


@pytest.mark.simcord(content=False)
class TestWithoutMessageContent:
    """Discord shows only what is addressed to the bot."""

    async def test_mention_works_and_other_talk_does_nothing(self, stage: Stage) -> None:
        await stage.alice.send(stage.channel, "secret")
        await stage.alice.send(stage.channel, f"{stage.me} hi")
        assert stage.said() == ["All right."]
        assert stage.asked == "Alice: hi"

    async def test_always_on_stays_quiet_for_what_it_cannot_see(self, stage: Stage) -> None:
        await stage.bot.always_on.switch(f"discord:{stage.channel.id}", True)
        await stage.alice.send(stage.channel, "secret")
        assert stage.said() == []

    async def test_reply_without_ping_is_asked_to_mention(self, stage: Stage) -> None:
        await stage.alice.send(stage.channel, f"{stage.me} hi")
        [answer] = stage.shown()
        await stage.reply(stage.alice, answer, "and this", ping=False)
        assert "Please mention me" in stage.said()[-1]
        assert len(stage.said()) == 2

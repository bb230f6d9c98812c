"""Good manners among several people, among bots, and when an answer takes long."""

from __future__ import annotations

from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from simcord.backend import serializers

from bot.conversation.other_bots import IN_A_ROW
from tests.discord.conftest import MakeBot, Stage
from tests.discord.live_support import VIRTUAL, play, speech

pytestmark = VIRTUAL


@pytest.fixture
def cy(stage: Stage) -> MemberActor:
    return stage.guild.add_member(stage.env.create_user("cy", global_name="Cy"))


def write(stage: Stage, actor: MemberActor, text: str) -> int:
    """Write a message without waiting for anything; returns its id."""
    message = stage.env.backend.create_message(stage.channel.id, actor.id, text)
    return message.id


def pinged(stage: Stage, message: discord.Message) -> set[int]:
    """Whom a message of the bot notified."""
    return set(stage.env.backend.messages[stage.channel.id][message.id].ping_user_ids)


class TestSeveralAtOnce:
    """Three people ask in the same moment."""

    async def three_ask(self, stage: Stage, cy: MemberActor) -> dict[str, int]:
        asked = {
            name: write(stage, actor, f"{stage.me} {name}?")
            for name, actor in (("one", stage.alice), ("two", stage.bob), ("three", cy))
        }
        await stage.settle()
        return asked

    async def test_each_is_answered_or_named_and_pinged_once(
        self, stage: Stage, cy: MemberActor
    ) -> None:
        stage.engine.answers = [[1.0, "First."], speech(8, 0.5)]
        asked = await self.three_ask(stage, cy)
        await play(stage.env, 8)
        first, second = stage.shown()
        assert (first.content, first.reference.message_id) == ("First.", asked["one"])
        assert pinged(stage, first) == {stage.alice.id}
        assert second.content == f"-# also for <@{stage.bob.id}>\n" + ("word " * 8).strip()
        assert second.reference.message_id == asked["three"]
        assert pinged(stage, second) == {stage.bob.id, cy.id}
        assert len(stage.engine.requests) == 2
        prompt = stage.engine.prompts[-1]
        assert "Bob: two?" in prompt
        assert "Cy: three?" in prompt

    async def test_who_asked_by_command_is_named_too(self, stage: Stage, cy: MemberActor) -> None:
        stage.engine.answers = [[2.0, "First."], [1.0, "Second."]]
        write(stage, stage.alice, f"{stage.me} one?")
        asked = write(stage, stage.bob, f"{stage.me} two?")
        await stage.settle()
        by_command = await cy.slash(stage.channel, "ask", question="three?")
        await play(stage.env, 6)
        answer = next(message for message in stage.shown() if "Second." in message.content)
        assert answer.content == f"-# also for <@{cy.id}>\nSecond."
        assert answer.reference.message_id == asked
        assert by_command.response.content.startswith("I answer this together")

    async def test_the_line_stays_out_of_the_conversation(
        self, stage: Stage, cy: MemberActor
    ) -> None:
        stage.engine.answers = [[1.0, "First."], "Second."]
        await self.three_ask(stage, cy)
        await play(stage.env, 4)
        turns = await stage.bot.conversations.history(f"discord:{stage.channel.id}")
        assert [turn.text for turn in turns if turn.role == "assistant"] == ["First.", "Second."]

    async def test_one_person_who_asks_twice_is_not_named(self, stage: Stage) -> None:
        stage.engine.answers = [[1.0, "First."], "Second."]
        for text in ("one", "two", "three"):
            last = write(stage, stage.alice, f"{stage.me} {text}?")
        await stage.settle()
        await play(stage.env, 4)
        assert stage.said() == ["First.", "Second."]
        assert stage.shown()[-1].reference.message_id == last

    async def test_a_mention_in_the_answer_pings_nobody_else(
        self, stage: Stage, cy: MemberActor
    ) -> None:
        dan = stage.guild.add_member(stage.env.create_user("dan"))
        stage.engine.answers = [[1.0, "First."], f"Ask <@{dan.id}> or @everyone."]
        await self.three_ask(stage, cy)
        await play(stage.env, 4)
        assert pinged(stage, stage.shown()[-1]) == {stage.bob.id, cy.id}

    async def test_all_are_named_after_a_restart_too(
        self, stage: Stage, cy: MemberActor, make_bot: MakeBot
    ) -> None:
        stage.engine.answers = [[1.0, "First."], [60.0, "never"]]
        asked = await self.three_ask(stage, cy)
        await play(stage.env, 4)
        assert stage.said() == ["First."]
        stage.engine.answers = [[1.0, "Second."]]
        await stage.env.restart_bot(make_bot())
        await play(stage.env, 4)
        second = stage.shown()[-1]
        assert second.content == f"-# also for <@{stage.bob.id}>\nSecond."
        assert second.reference.message_id == asked["three"]


class TestTalkBetweenOthers:
    """What a channel that is always on leaves alone."""

    @pytest.fixture
    async def always(self, stage: Stage) -> Stage:
        await stage.bot.always_on.switch(f"discord:{stage.channel.id}", True)
        return stage

    async def test_a_message_for_a_role(self, always: Stage) -> None:
        role = always.guild.create_role("mods")
        await always.alice.send(always.channel, f"<@&{role.id}> please look")
        assert always.said() == []

    async def test_a_call_to_everyone(self, always: Stage) -> None:
        power = discord.Permissions(mention_everyone=True)
        chief = always.guild.add_member(
            always.env.create_user("chief"),
            roles=[always.guild.create_role("chiefs", permissions=power)],
        )
        await chief.send(always.channel, "Game night at eight, @everyone")
        assert always.said() == []

    async def test_a_reply_to_a_message_that_is_gone(self, always: Stage) -> None:
        gone = await always.bob.send(always.channel, f"{always.alice.mention} hi")
        always.env.backend.delete_message(always.channel.id, gone.id)
        await always.reply(always.alice, gone, "nice")
        assert always.said() == []


@pytest.mark.parametrize(
    ("text", "answered"),
    [
        ("> {me} can help\nnot with this", False),
        ("write `{me} hello` to talk to it", False),
        ("> {me} can help\n{me} can you?", True),
    ],
)
async def test_a_mention_in_a_quote_or_in_code_calls_nobody(
    stage: Stage, text: str, answered: bool
) -> None:
    await stage.alice.send(stage.channel, text.format(me=stage.me))
    assert bool(stage.said()) is answered


async def test_a_reply_that_pings_is_answered_whatever_it_quotes(stage: Stage) -> None:
    await stage.alice.send(stage.channel, f"{stage.me} hi")
    await stage.reply(stage.bob, stage.shown()[0], f"> {stage.me}\nsame to you")
    assert len(stage.said()) == 2


class TestOtherBots:
    """Bots that the operator lets speak to this one."""

    @pytest.fixture
    def robot(self, stage: Stage) -> MemberActor:
        robot = stage.guild.add_member(stage.env.create_user("robot", bot=True))
        change = {"answer_bots": (robot.id,)}
        stage.bot.settings = stage.bot.settings.model_copy(update=change)
        return robot

    async def test_is_answered_when_it_mentions_or_replies(
        self, stage: Stage, robot: MemberActor
    ) -> None:
        await robot.send(stage.channel, f"{stage.me} hello")
        assert stage.asked == "robot: hello"
        await stage.reply(robot, stage.shown()[0], "thanks", ping=False)
        assert len(stage.said()) == 2

    async def test_is_not_answered_by_always_on_alone(
        self, stage: Stage, robot: MemberActor
    ) -> None:
        await stage.bot.always_on.switch(f"discord:{stage.channel.id}", True)
        await robot.send(stage.channel, "the weather is fine")
        assert stage.said() == []

    async def test_others_are_not_answered(self, stage: Stage, robot: MemberActor) -> None:
        other = stage.guild.add_member(stage.env.create_user("other", bot=True))
        await other.send(stage.channel, f"{stage.me} hello")
        hook = stage.guild.create_webhook(stage.channel)
        await hook.send(f"{stage.me} hello")
        assert stage.said() == []

    async def test_what_one_posts_by_webhook_for_people_is_answered_when_it_mentions(
        self, stage: Stage, robot: MemberActor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        payload = serializers.message_payload

        def with_application(backend: Any, message: Any, **more: Any) -> Any:
            found = payload(backend, message, **more)
            return found | {"application_id": str(robot.id)} if message.webhook_id else found

        hook = stage.guild.create_webhook(stage.channel, "Ivy")
        await hook.send(f"{stage.me} hello")
        assert stage.said() == []
        monkeypatch.setattr(serializers, "message_payload", with_application)
        await hook.send("not for you")
        await hook.send(f"{stage.me} hello")
        assert (len(stage.said()), stage.asked) == (1, "Ivy: hello")

    async def test_a_loop_ends_with_one_quiet_line_until_a_person_writes(
        self, stage: Stage, robot: MemberActor
    ) -> None:
        for _ in range(IN_A_ROW + 3):
            await robot.send(stage.channel, f"{stage.me} and you?")
        assert stage.said()[:IN_A_ROW] == ["All right."] * IN_A_ROW
        [line] = stage.shown()[IN_A_ROW:]
        assert line.content.startswith("-# I have answered bots often enough")
        assert line.flags.silent
        assert line.reference is None
        assert not pinged(stage, line)
        await stage.alice.send(stage.channel, "stop it, you two")
        await robot.send(stage.channel, f"{stage.me} sorry")
        assert stage.said()[IN_A_ROW + 1 :] == ["All right."]


class TestNotifyAfter:
    """A ping at the end of a long answer, if the operator wants it."""

    @pytest.fixture
    def environ(self) -> dict[str, str]:
        return {"NOTIFY_AFTER": "5"}

    async def ask(self, stage: Stage, seconds: int) -> discord.Message:
        stage.engine.answers = [speech(seconds + 1, 1.0)]
        asked = await stage.alice.send(stage.channel, f"{stage.me} hi")
        await play(stage.env, seconds + 4)
        return asked

    async def test_a_long_answer_ends_with_a_ping_and_a_link(self, stage: Stage) -> None:
        asked = await self.ask(stage, 8)
        answer, notice = stage.shown()
        assert notice.content == f"-# Done: {answer.jump_url}"
        assert notice.reference.message_id == asked.id
        assert pinged(stage, notice) == {stage.alice.id}
        assert not notice.flags.silent
        turns = await stage.bot.conversations.history(f"discord:{stage.channel.id}")
        assert turns[-1].shown == (str(answer.id),)

    async def test_a_short_one_does_not(self, stage: Stage) -> None:
        await self.ask(stage, 3)
        assert len(stage.shown()) == 1

    async def test_nor_one_whose_first_words_came_late(self, stage: Stage) -> None:
        stage.engine.answers = [[20.0, "Here ", 1.0, "it is."]]
        await stage.alice.send(stage.channel, f"{stage.me} hi")
        await play(stage.env, 25)
        assert stage.said() == ["Here it is."]

    async def test_nor_one_that_was_stopped(self, stage: Stage) -> None:
        stage.engine.answers = [speech(30, 1.0)]
        await stage.alice.send(stage.channel, f"{stage.me} hi")
        await play(stage.env, 9)
        await stage.alice.click(stage.shown()[0], label="Stop")
        assert len(stage.shown()) == 1

    async def test_nor_a_private_answer_but_a_public_command_does(self, stage: Stage) -> None:
        stage.engine.answers = [speech(9, 1.0), speech(9, 1.0)]
        await stage.alice.slash(stage.channel, "ask", question="hi", private=True)
        await play(stage.env, 12)
        assert not [text for text in stage.said() if "Done" in text]
        public = await stage.alice.slash(stage.channel, "ask", question="hi")
        await play(stage.env, 12)
        notice = stage.shown()[-1]
        assert notice.content.startswith(f"<@{stage.alice.id}>\n-# Done: https://")
        assert notice.content.endswith(f"/{stage.channel.id}/{public.response.id}")
        assert pinged(stage, notice) == {stage.alice.id}


async def test_without_the_setting_nothing_is_posted_at_the_end(stage: Stage) -> None:
    stage.engine.answers = [speech(60, 1.0)]
    await stage.alice.send(stage.channel, f"{stage.me} hi")
    await play(stage.env, 64, step=1.0)
    assert len(stage.shown()) == 1

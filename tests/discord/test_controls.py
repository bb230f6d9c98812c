"""The controls of replies: buttons under the newest one, and menus for all of them."""

from __future__ import annotations

import asyncio

import discord
import pytest
from simcord.actors import MemberActor
from simcord.results import InteractionResult

from bot.conversation.turns import Snapshot, Turn
from bot.errors import EngineInterrupted, EngineUnreachable
from tests.discord.conftest import MakeBot, Stage
from tests.discord.guests import Installed
from tests.discord.live_support import VIRTUAL, Watch, controls, labels, play, speech

pytestmark = VIRTUAL

ALL = ["🔁", "⏩", "✏️", "🗑️"]
LEAFING = ["◀️", "▶️"]
LONG = "A sentence of this answer. " * 150


async def ask(stage: Stage, *answer: object, text: str = "hi", wait: float = 1.0) -> None:
    """Alice asks, and gets this answer."""
    stage.engine.answers = [list(answer) or ["One."]]
    await stage.alice.send(stage.channel, f"{stage.me} {text}")
    await play(stage.env, wait)


async def press(
    stage: Stage, emoji: str, *, by: MemberActor | None = None, on: discord.Message | None = None
) -> InteractionResult:
    """Press a control under the newest message, or under another one."""
    message = on or stage.shown()[-1]
    return await (by or stage.alice).click(message, custom_id=id_of(message, emoji))


def id_of(message: discord.Message, wanted: str) -> str:
    """The id of a button by its emoji or label."""
    for row in message.components:
        for item in row.children:
            if wanted in (str(item.emoji), item.label):
                return item.custom_id
    raise AssertionError(f"no {wanted} under {message.content!r}")


def told(pressed: InteractionResult) -> str:
    """What only the person who pressed sees."""
    [said] = pressed.followups or [pressed.response]
    assert said.ephemeral
    return said.content


async def turns(stage: Stage) -> list[Turn]:
    return list(await stage.env.bot.conversations.history(f"discord:{stage.channel.id}"))


def moderator(stage: Stage) -> MemberActor:
    role = stage.guild.create_role("mods", permissions=discord.Permissions(manage_messages=True))
    return stage.guild.add_member(stage.env.create_user("carol"), roles=[role])


class TestUnderTheNewestReply:
    async def test_there_is_one_row_of_small_buttons(self, stage: Stage) -> None:
        await ask(stage)
        [message] = stage.shown()
        assert controls(message) == ALL
        assert labels(message) == []
        assert len(message.components) == 1

    async def test_while_it_is_written_there_is_only_stop(self, stage: Stage) -> None:
        await ask(stage, *speech(10, 1.0), wait=3)
        [message] = stage.shown()
        assert (controls(message), labels(message)) == ([], ["Stop"])

    async def test_a_long_reply_has_them_under_its_end(self, stage: Stage) -> None:
        await ask(stage, LONG)
        assert [controls(message) for message in stage.shown()] == [[], [], ALL]

    async def test_an_answer_that_broke_off_has_retry_instead_of_again(self, stage: Stage) -> None:
        await ask(stage, "It began", EngineInterrupted())
        [message] = stage.shown()
        assert (controls(message), labels(message)) == (ALL[1:], ["Retry"])

    async def test_without_any_answer_there_is_only_retry(self, stage: Stage) -> None:
        await ask(stage, EngineUnreachable())
        [message] = stage.shown()
        assert (controls(message), labels(message)) == ([], ["Retry"])

    async def test_a_private_reply_has_none(self, stage: Stage) -> None:
        asked = await stage.alice.slash(stage.channel, "ask", question="hi", private=True)
        await play(stage.env, 1)
        assert asked.response.content == "All right."
        assert not asked.response.components

    async def test_where_the_bot_sees_nothing_there_are_none(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Installed(stage, monkeypatch)
        hidden = discord.PermissionOverwrite(view_channel=False)
        closed = stage.guild.create_text_channel("closed", overwrites={stage.bot.user: hidden})
        asked = await stage.alice.slash(closed, "ask", question="hi")
        await play(stage.env, 1)
        assert asked.response.content == "All right."
        assert not asked.response.components

    async def test_they_leave_when_a_newer_reply_stands(self, stage: Stage) -> None:
        await ask(stage)
        watch = Watch(stage.env)
        await ask(stage, "Two.", text="and?", wait=1)
        first, second = stage.shown()
        assert (controls(first), controls(second)) == (ALL, ALL)
        await play(stage.env, 2)
        first, second = stage.shown()
        assert (controls(first), controls(second)) == ([], ALL)
        assert watch.kinds == ["typing", "send", "edit"]
        assert "content" not in watch.requests[-1].body

    async def test_they_stay_for_now_while_something_else_is_written(self, stage: Stage) -> None:
        await ask(stage)
        await ask(stage, "Two.", text="and?", wait=1)
        watch = Watch(stage.env)
        await ask(stage, *speech(14, 0.5), text="more?", wait=7)
        assert all(edit.content for edit in watch.of("edit"))
        await play(stage.env, 12)
        assert [controls(message) for message in stage.shown()] == [[], [], ALL]

    async def test_they_leave_after_a_restart_too(self, stage: Stage, make_bot: MakeBot) -> None:
        await ask(stage)
        await stage.env.restart_bot(make_bot())
        await ask(stage, "Two.", text="and?", wait=4)
        assert [controls(message) for message in stage.shown()] == [[], ALL]


class TestSwitchedOff:
    @pytest.fixture
    def environ(self) -> dict[str, str]:
        return {"REPLY_CONTROLS": "false"}

    async def test_there_are_no_buttons_and_no_edit_more(self, stage: Stage) -> None:
        watch = Watch(stage.env)
        await ask(stage)
        await ask(stage, "Two.", text="and?", wait=5)
        assert [message.components for message in stage.shown()] == [[], []]
        assert watch.kinds == ["typing", "send", "typing", "send"]

    async def test_the_menu_does_the_same(self, stage: Stage) -> None:
        await ask(stage)
        stage.engine.answers = ["Two."]
        await stage.alice.context_menu(stage.channel, "Regenerate", stage.shown()[0])
        await play(stage.env, 1)
        [message] = stage.shown()
        assert (message.content, message.components) == ("Two.", [])


class TestRegenerate:
    async def test_another_text_comes_into_the_same_message(self, stage: Stage) -> None:
        await ask(stage)
        before = stage.shown()[0].id
        stage.engine.answers = [speech(10, 0.5, first=2.0)]
        await press(stage, "🔁")
        await play(stage.env, 1)
        [message] = stage.shown()
        assert (message.content, labels(message), controls(message)) == ("One.", ["Stop"], [])
        await play(stage.env, 9)
        [message] = stage.shown()
        assert (message.id, message.content) == (before, ("word " * 10).strip())
        assert controls(message) == [*LEAFING, *ALL]
        assert labels(message) == ["2/2"]
        assert [len(row.children) for row in message.components] == [3, 4]
        [_, turn] = await turns(stage)
        assert [variant.text for variant in turn.variants] == ["One.", message.content]

    async def test_the_model_does_not_see_the_text_before(self, stage: Stage) -> None:
        await ask(stage)
        stage.engine.answers = ["Two."]
        await press(stage, "🔁")
        await play(stage.env, 1)
        assert "One." not in stage.engine.prompts[-1]
        assert stage.asked == "Alice: hi"

    async def test_strangers_may_not(self, stage: Stage) -> None:
        await ask(stage)
        pressed = await press(stage, "🔁", by=stage.bob)
        assert "Only who asked" in told(pressed)
        assert len(stage.engine.requests) == 1

    async def test_who_manages_messages_may(self, stage: Stage) -> None:
        await ask(stage)
        stage.engine.answers = ["Two."]
        await press(stage, "🔁", by=moderator(stage))
        await play(stage.env, 1)
        assert stage.said() == ["Two."]

    async def test_each_of_those_who_asked_together_may(self, stage: Stage) -> None:
        await ask(stage, *speech(4, 1.0), wait=2)
        for person, text in ((stage.bob, "me too"), (stage.alice, "and I")):
            stage.env.backend.create_message(stage.channel.id, person.id, f"{stage.me} {text}")
        await play(stage.env, 5)
        assert "also for" in stage.said()[-1]
        stage.engine.answers = ["Two."]
        await press(stage, "🔁", by=stage.bob)
        await play(stage.env, 1)
        assert stage.said()[-1] == f"-# also for {stage.bob.mention}\nTwo."
        await press(stage, "◀️", by=stage.bob)
        assert stage.said()[-1] == f"-# also for {stage.bob.mention}\nAll right."

    async def test_a_second_press_starts_nothing(self, stage: Stage) -> None:
        await ask(stage)
        message = stage.shown()[0]
        stage.engine.answers = [speech(5, 1.0, first=2.0)]
        await press(stage, "🔁")
        other = await stage.alice.context_menu(stage.channel, "Regenerate", message)
        assert "I am writing something else" in told(other)
        await play(stage.env, 9)
        assert len(stage.engine.requests) == 2

    async def test_two_presses_at_once_are_one(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await ask(stage)
        load = stage.bot.store.load

        async def slowly(*asked: object) -> Snapshot:
            await asyncio.sleep(1.0)
            return await load(*asked)

        monkeypatch.setattr(stage.bot.store, "load", slowly)
        stage.engine.answers = [speech(4, 0.5)]
        message = stage.shown()[0]
        first = await press(stage, "🔁", on=message)
        second = await press(stage, "🔁", on=message)
        assert len(stage.engine.requests) == 1
        await play(stage.env, 5)
        assert first.followups == []
        assert "I am writing something else" in told(second)
        assert len(stage.engine.requests) == 2

    async def test_who_wants_to_be_left_alone_is_not_answered_again(self, stage: Stage) -> None:
        await ask(stage)
        await stage.bot.opt_outs.switch(str(stage.alice.id), True)
        assert "does not want to be read" in told(await press(stage, "🔁"))
        assert len(stage.engine.requests) == 1

    async def test_when_nothing_comes_the_reply_of_before_stands(self, stage: Stage) -> None:
        await ask(stage)
        stage.engine.answers = [[1.0, EngineUnreachable()]]
        await press(stage, "🔁")
        await play(stage.env, 2)
        [message] = stage.shown()
        assert message.content.startswith("One.\n-# ⚠ ")
        assert (controls(message), labels(message)) == (ALL, [])
        [_, turn] = await turns(stage)
        assert (turn.text, turn.variants) == ("One.", ())
        stage.engine.answers = ["Two."]
        await press(stage, "🔁")
        await play(stage.env, 1)
        assert stage.said() == ["Two."]

    async def test_stopped_before_its_first_word_the_old_one_stands(self, stage: Stage) -> None:
        await ask(stage)
        stage.engine.answers = [speech(5, 1.0, first=5.0)]
        await press(stage, "🔁")
        await play(stage.env, 1)
        await stage.alice.click(stage.shown()[0], label="Stop")
        await play(stage.env, 1)
        [message] = stage.shown()
        assert (message.content, controls(message)) == ("One.", ALL)

    async def test_what_broke_off_stays_as_a_variant(self, stage: Stage) -> None:
        await ask(stage)
        stage.engine.answers = [["It began", EngineInterrupted()]]
        await press(stage, "🔁")
        await play(stage.env, 1)
        [message] = stage.shown()
        assert (controls(message), labels(message)) == ([*LEAFING, *ALL[1:]], ["2/2", "Retry"])
        stage.engine.answers = ["Two."]
        await stage.alice.click(message, label="Retry")
        await play(stage.env, 1)
        [message] = stage.shown()
        assert (message.content, labels(message)) == ("Two.", ["2/2"])

    async def test_a_shorter_text_leaves_no_pages(self, stage: Stage) -> None:
        await ask(stage, LONG)
        stage.engine.answers = ["Two."]
        await press(stage, "🔁")
        await play(stage.env, 2)
        assert stage.said() == ["Two."]
        await press(stage, "◀️")
        assert [controls(message) for message in stage.shown()] == [[], [], [*LEAFING, *ALL]]
        [_, turn] = await turns(stage)
        assert turn.shown == tuple(str(message.id) for message in stage.shown())

    async def test_it_works_after_a_restart(self, stage: Stage, make_bot: MakeBot) -> None:
        await ask(stage)
        await stage.env.restart_bot(make_bot())
        stage.engine.answers = ["Two."]
        await press(stage, "🔁")
        await play(stage.env, 1)
        assert stage.said() == ["Two."]
        await stage.env.restart_bot(make_bot())
        await press(stage, "◀️")
        assert stage.said() == ["One."]

    async def test_once_the_talk_has_moved_on_it_is_too_late(self, stage: Stage) -> None:
        await ask(stage)
        await ask(stage, "Two.", text="and?", wait=0.5)
        pressed = await press(stage, "🔁", on=stage.shown()[0])
        assert "moved on" in told(pressed)
        assert stage.said() == ["One.", "Two."]
        assert "Stop" not in labels(stage.shown()[0])

    async def test_an_ask_by_command_can_be_written_again(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Installed(stage, monkeypatch)
        asked = await stage.alice.slash(stage.channel, "ask", question="hi")
        await play(stage.env, 1)
        stage.engine.answers = ["Two."]
        await press(stage, "🔁")
        await play(stage.env, 1)
        assert asked.response.content == "Two."
        assert controls(stage.shown()[0]) == [*LEAFING, *ALL]


class TestVariants:
    async def three(self, stage: Stage) -> discord.Message:
        await ask(stage)
        for text in ("Two.", "Three."):
            stage.engine.answers = [text]
            await press(stage, "🔁")
            await play(stage.env, 1)
        return stage.shown()[0]

    async def test_one_leafs_through_them_round_and_round(self, stage: Stage) -> None:
        message = await self.three(stage)
        seen = [(message.content, labels(message)[0])]
        for _ in range(3):
            await press(stage, "▶️")
            [message] = stage.shown()
            seen.append((message.content, labels(message)[0]))
        await press(stage, "◀️")
        [message] = stage.shown()
        assert seen == [("Three.", "3/3"), ("One.", "1/3"), ("Two.", "2/3"), ("Three.", "3/3")]
        assert (message.content, labels(message)) == ("Two.", ["2/3"])
        assert controls(message) == [*LEAFING, *ALL]

    async def test_the_one_that_is_seen_is_in_the_next_prompt(self, stage: Stage) -> None:
        await self.three(stage)
        await press(stage, "◀️")
        await ask(stage, "Fine.", text="and?")
        assert "Two." in stage.engine.prompts[-1]
        assert "Three." not in stage.engine.prompts[-1]

    async def test_strangers_may_not(self, stage: Stage) -> None:
        await self.three(stage)
        assert "Only who asked" in told(await press(stage, "◀️", by=stage.bob))
        assert stage.said() == ["Three."]

    async def test_not_while_something_is_written(self, stage: Stage) -> None:
        await self.three(stage)
        message = stage.shown()[0]
        await ask(stage, *speech(10, 1.0), text="and?", wait=3)
        assert "I am writing something else" in told(await press(stage, "◀️", on=message))
        assert stage.said()[0] == "Three."


class TestContinue:
    async def test_the_reply_goes_on(self, stage: Stage) -> None:
        await ask(stage, "Once upon")
        stage.engine.answers = [[" a time."]]
        await press(stage, "⏩")
        await play(stage.env, 1)
        [message] = stage.shown()
        assert (message.content, controls(message)) == ("Once upon a time.", ALL)
        assert stage.engine.prompts[-1].endswith("Once upon")
        assert [turn.text for turn in await turns(stage)][1:] == ["Once upon a time."]

    async def test_that_nothing_is_added_is_said(self, stage: Stage) -> None:
        await ask(stage)
        stage.engine.answers = [[0.5]]
        pressed = await press(stage, "⏩")
        await play(stage.env, 1)
        assert told(pressed) == "I have nothing to add to that."
        [message] = stage.shown()
        assert (message.content, controls(message)) == ("One.", ALL)

    async def test_strangers_may_not(self, stage: Stage) -> None:
        await ask(stage)
        assert "Only who asked" in told(await press(stage, "⏩", by=stage.bob))


class TestEdit:
    async def edit(self, stage: Stage, text: str) -> InteractionResult:
        form = await press(stage, "✏️")
        return await stage.alice.submit_modal(form, {field(form): text})

    async def test_the_form_holds_the_text(self, stage: Stage) -> None:
        await ask(stage)
        form = await press(stage, "✏️")
        assert form.modal["components"][0]["component"]["value"] == "One."

    async def test_the_new_text_is_shown_and_sent(self, stage: Stage) -> None:
        await ask(stage)
        await self.edit(stage, "I meant this.")
        [message] = stage.shown()
        assert (message.content, controls(message)) == ("I meant this.", ALL)
        await ask(stage, "Fine.", text="and?")
        assert "I meant this." in stage.engine.prompts[-1]
        assert "One." not in stage.engine.prompts[-1]

    @pytest.mark.simcord(horizon=0.8, check_errors=False)
    async def test_an_empty_text_is_refused(self, stage: Stage) -> None:
        await ask(stage)
        assert "empty" in told(await self.edit(stage, "  "))
        assert stage.said() == ["One."]

    async def test_strangers_get_no_form(self, stage: Stage) -> None:
        await ask(stage)
        pressed = await press(stage, "✏️", by=stage.bob)
        assert pressed.modal is None
        assert "Only who asked" in pressed.response.content

    async def test_a_reply_that_no_form_holds_says_so(self, stage: Stage) -> None:
        await ask(stage, LONG)
        pressed = await press(stage, "✏️")
        assert pressed.modal is None
        assert "too long" in pressed.response.content


class TestDelete:
    async def test_the_reply_and_its_messages_are_gone(self, stage: Stage) -> None:
        await ask(stage, LONG)
        await press(stage, "🗑️")
        assert stage.said() == []
        assert [turn.role for turn in await turns(stage)] == ["user"]

    async def test_strangers_may_not(self, stage: Stage) -> None:
        await ask(stage)
        assert "Only who asked" in told(await press(stage, "🗑️", by=stage.bob))
        assert stage.said() == ["One."]

    async def test_a_reply_that_is_forgotten_cannot_be_reached(self, stage: Stage) -> None:
        await ask(stage)
        await stage.bot.conversations.timeline.reset(f"discord:{stage.channel.id}")
        assert "none of my replies" in told(await press(stage, "🗑️"))


class TestMenus:
    async def test_an_older_reply_asks_first_what_may_go(self, stage: Stage) -> None:
        await self.two(stage)
        asked = await self.menu(stage, "Regenerate")
        assert asked.response.ephemeral
        assert asked.response.content == "This takes back the 2 messages after it."
        stage.engine.answers = ["New."]
        await stage.alice.click(asked.response, label="Take them back and regenerate")
        await play(stage.env, 1)
        assert stage.said() == ["New.", "-# Taken back. /redo brings it back."]
        assert "and?" not in stage.engine.prompts[-1]
        assert [turn.text for turn in await turns(stage)] == ["hi", "New."]
        assert controls(stage.shown()[0]) == [*LEAFING, *ALL]

    async def test_what_others_said_after_it_stays(self, stage: Stage) -> None:
        await ask(stage)
        await stage.bob.send(stage.channel, f"{stage.me} me too")
        await play(stage.env, 4)
        asked = await self.menu(stage, "Regenerate")
        assert "not all from you" in asked.response.content
        assert "Take them back and regenerate" not in labels(asked.response.message)
        asked = await self.menu(stage, "Regenerate", by=moderator(stage))
        assert "Take them back and regenerate" in labels(asked.response.message)

    async def test_the_newest_is_written_again_at_once(self, stage: Stage) -> None:
        await ask(stage)
        stage.engine.answers = ["Two."]
        asked = await self.menu(stage, "Regenerate")
        await play(stage.env, 1)
        assert stage.said() == ["Two."]
        assert asked.response is None

    async def test_only_the_newest_can_go_on(self, stage: Stage) -> None:
        await self.two(stage)
        refused = await self.menu(stage, "Continue")
        assert "newest reply" in told(refused)
        await self.menu(stage, "Continue", at=1)
        await play(stage.env, 1)
        assert stage.said()[1] == "Two.All right."

    async def test_what_is_no_reply_says_so(self, stage: Stage) -> None:
        await ask(stage)
        question = next(m for m in stage.channel.history() if m.author.id == stage.alice.id)
        refused = await stage.alice.context_menu(stage.channel, "Manage reply", question)
        assert "none of my replies" in told(refused)

    async def test_strangers_may_not(self, stage: Stage) -> None:
        await ask(stage)
        for name in ("Regenerate", "Continue", "Manage reply"):
            refused = await self.menu(stage, name, by=stage.bob)
            assert "Only who asked" in told(refused)

    async def test_the_panel_leafs_through_an_older_reply(
        self, stage: Stage, make_bot: MakeBot
    ) -> None:
        await ask(stage)
        stage.engine.answers = ["Other."]
        await press(stage, "🔁")
        await play(stage.env, 1)
        await ask(stage, "Two.", text="and?", wait=4)
        managed = await self.menu(stage, "Manage reply")
        panel = managed.response
        assert panel.ephemeral
        assert labels(panel.message) == ["2/2", "Edit", "Delete", "Rewind to here", "Report"]
        await stage.env.restart_bot(make_bot())
        await stage.alice.click(panel, custom_id=id_of(panel.message, "◀️"))
        assert stage.said() == ["One.", "Two."]
        assert labels(managed.response.message)[0] == "1/2"
        assert controls(stage.shown()[0]) == []

    async def test_the_panel_edits_and_deletes(self, stage: Stage) -> None:
        await self.two(stage)
        panel = (await self.menu(stage, "Manage reply")).response
        form = await stage.alice.click(panel, label="Edit")
        await stage.alice.submit_modal(form, {field(form): "I meant this."})
        assert stage.said() == ["I meant this.", "Two."]
        panel = (await self.menu(stage, "Manage reply")).response
        await stage.alice.click(panel, label="Delete")
        assert stage.said() == ["Two."]

    async def test_the_panel_rewinds(self, stage: Stage) -> None:
        await self.two(stage)
        managed = await self.menu(stage, "Manage reply")
        await stage.alice.click(managed.response, label="Rewind to here")
        assert stage.said() == ["One.", "-# Taken back. /redo brings it back."]
        assert [turn.text for turn in await turns(stage)] == ["hi", "One."]
        assert controls(stage.shown()[0]) == ALL
        assert "ends with" in managed.response.content

    async def two(self, stage: Stage) -> None:
        """Two replies that stand for so long that the first has no controls."""
        await ask(stage)
        await ask(stage, "Two.", text="and?", wait=4)

    async def menu(
        self, stage: Stage, name: str, *, at: int = 0, by: MemberActor | None = None
    ) -> InteractionResult:
        return await (by or stage.alice).context_menu(stage.channel, name, stage.shown()[at])


def field(form: InteractionResult) -> str:
    return form.modal["components"][0]["component"]["custom_id"]

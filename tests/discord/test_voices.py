"""Characters that speak with their own names, by webhooks."""

from __future__ import annotations

import discord
import pytest
import pytest_asyncio

from tests.discord import webhooks
from tests.discord.conftest import MakeBot, Stage
from tests.discord.live_support import controls, labels, play, speech
from tests.discord.voices_support import Troupe

# A first picture takes the store and a thread, in real time.
pytestmark = pytest.mark.simcord(horizon=0.8)

ALL = ["🔁", "⏩", "✏️", "🗑️"]


@pytest_asyncio.fixture
async def troupe(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Troupe:
    """Ada is on stage in the channel."""
    webhooks.install(monkeypatch)
    made = Troupe(stage)
    await made.enters("Ada")
    return made


class TestSpeaking:
    async def test_a_character_speaks_with_its_own_name(self, stage: Stage, troupe: Troupe) -> None:
        await troupe.says("Well met!")
        [message] = troupe.spoken()
        assert message.author.display_name == "Ada"
        link = f"https://discord.com/channels/{stage.guild.id}/{stage.channel.id}"
        head = f"-# [↪]({link}/{troupe.question.id}) <@{stage.alice.id}>"
        assert message.content == f"{head}\nWell met!"
        assert controls(message) == ALL
        assert stage.shown() == []
        [sent] = troupe.requests("POST", "/webhooks/")
        assert sent.json["allowed_mentions"]["users"] == [stage.alice.id]
        assert sent.json["allowed_mentions"]["parse"] == []

    async def test_two_characters_share_one_webhook(self, stage: Stage, troupe: Troupe) -> None:
        await troupe.says("One.")
        await troupe.enters("Bram")
        await troupe.says("Two.")
        assert [m.author.display_name for m in troupe.spoken()] == ["Ada", "Bram"]
        assert len(stage.env.backend.webhooks) == 1
        assert len(troupe.requests("GET", f"/channels/{stage.channel.id}/webhooks")) == 1

    async def test_it_is_written_before_the_eyes_of_all(self, stage: Stage, troupe: Troupe) -> None:
        await troupe.says(speech(10, 0.5), wait=3)
        [message] = troupe.spoken()
        assert labels(message) == ["Stop"]
        assert message.content.endswith("word")
        await play(stage.env, 6)
        [message] = troupe.spoken()
        assert message.content.endswith(("word " * 10).strip())
        assert controls(message) == ALL
        assert 2 <= len(troupe.requests("PATCH", "/webhooks/")) <= 6

    async def test_stop_ends_it(self, stage: Stage, troupe: Troupe) -> None:
        await troupe.says(speech(50, 0.5), wait=3)
        [message] = troupe.spoken()
        await stage.alice.click(message, label="Stop")
        await play(stage.env, 1)
        [message] = troupe.spoken()
        assert message.content.endswith("-# stopped")
        assert stage.engine.closed == 1

    async def test_a_long_answer_takes_several_messages(self, stage: Stage, troupe: Troupe) -> None:
        await troupe.says("A sentence of this answer. " * 150)
        messages = troupe.spoken()
        assert len(messages) == 3
        assert {m.author.display_name for m in messages} == {"Ada"}
        assert all(len(m.content) <= 2000 for m in messages)
        posts = troupe.requests("POST", "/webhooks/")
        assert [bool(post.json.get("flags", 0) & 4096) for post in posts] == [False, True, True]
        assert posts[1].json["allowed_mentions"] == {"parse": []}

    async def test_what_is_too_long_goes_into_a_file(self, stage: Stage, troupe: Troupe) -> None:
        await troupe.says("A sentence of this answer. " * 500)
        assert [len(m.attachments) for m in troupe.spoken()] == [0, 0, 0, 0, 1]

    async def test_a_thread_uses_the_webhook_of_its_channel(
        self, stage: Stage, troupe: Troupe
    ) -> None:
        await troupe.says("Here.")
        thread = stage.thread()
        await troupe.enters("Ada", thread)
        await troupe.says("There.", place=thread)
        [message] = troupe.spoken(thread)
        assert message.content.endswith("There.")
        assert f"/{thread.id}/" in message.content
        assert len(troupe.spoken()) == 1
        assert len(stage.env.backend.webhooks) == 1

    async def test_a_name_that_discord_refuses_is_mended(
        self, stage: Stage, troupe: Troupe
    ) -> None:
        await troupe.enters("Clyde of Discordia")
        await troupe.says("Hello.")
        [message] = troupe.spoken()
        assert message.author.display_name == "C·lyde of Dis·cordia"

    async def test_who_is_no_character_speaks_as_ever(self, stage: Stage, troupe: Troupe) -> None:
        await stage.bot.conversations.stages.leave(f"discord:{stage.channel.id}", "ada")
        await troupe.says("Plain.")
        assert stage.said() == ["Plain."]
        assert troupe.requests("GET", "/webhooks") == []


class TestFallback:
    async def test_without_the_permission_the_name_stands_in_bold(
        self, stage: Stage, troupe: Troupe
    ) -> None:
        closed = stage.guild.create_text_channel(
            "closed",
            overwrites={stage.bot.user: discord.PermissionOverwrite(manage_webhooks=False)},
        )
        await troupe.enters("Ada", closed)
        await troupe.says("One.", place=closed)
        await troupe.says("Two.", place=closed)
        first, second = stage.said(closed)
        assert first.startswith("**Ada**\nOne.\n-# With the permission Manage Webhooks")
        assert second == "**Ada**\nTwo."
        assert troupe.spoken(closed) == []

    async def test_where_there_are_too_many_it_says_so(self, stage: Stage, troupe: Troupe) -> None:
        for number in range(15):
            stage.env.backend.create_webhook(stage.channel.id, f"w{number}", stage.alice.id)
        await troupe.says("One.")
        [said] = stage.said()
        assert said.startswith("**Ada**\nOne.\n-# This channel has as many webhooks")

    async def test_in_direct_messages_it_is_the_bot(self, stage: Stage, troupe: Troupe) -> None:
        await stage.alice.send_dm("hi")
        await troupe.enters("Ada", stage.alice.user.dm_channel)
        stage.engine.answers = ["Hello."]
        await stage.alice.send_dm("hi")
        await play(stage.env, 1)
        assert stage.said(stage.alice.user.dm_channel) == ["All right.", "**Ada**\nHello."]

    async def test_a_command_is_answered_by_the_bot(self, stage: Stage, troupe: Troupe) -> None:
        asked = await stage.alice.slash(stage.channel, "ask", question="hi")
        await play(stage.env, 1)
        assert asked.response.content == "**Ada**\nAll right."
        assert troupe.spoken() == []

    async def test_a_webhook_that_vanished_is_made_anew(self, stage: Stage, troupe: Troupe) -> None:
        await troupe.says("One.")
        [webhook] = stage.env.backend.webhooks
        stage.env.backend.delete_webhook(webhook)
        await troupe.says("Two.")
        assert [m.content.split("\n")[-1] for m in troupe.spoken()] == ["One.", "Two."]
        assert len(stage.env.backend.webhooks) == 1

    async def test_where_it_may_not_write_no_webhook_does(
        self, stage: Stage, troupe: Troupe
    ) -> None:
        silent = discord.PermissionOverwrite(send_messages=False, manage_webhooks=True)
        mute = stage.guild.create_text_channel("mute", overwrites={stage.bot.user: silent})
        await troupe.enters("Ada", mute)
        await troupe.says("Hello.", place=mute)
        assert troupe.spoken(mute) == []
        assert troupe.requests("POST", f"/channels/{mute.id}/webhooks") == []


class TestChanging:
    async def press(self, stage: Stage, troupe: Troupe, emoji: str) -> None:
        message = troupe.spoken()[-1]
        for row in message.components:
            for item in row.children:
                if str(item.emoji) == emoji:
                    await stage.alice.click(message, custom_id=item.custom_id)
        await play(stage.env, 1)

    async def test_again_comes_into_the_same_message(self, stage: Stage, troupe: Troupe) -> None:
        await troupe.says("One.")
        stage.engine.answers = ["Two."]
        await self.press(stage, troupe, "🔁")
        [message] = troupe.spoken()
        assert message.content.endswith("\nTwo.")
        assert labels(message) == ["2/2"]
        await self.press(stage, troupe, "◀️")
        [message] = troupe.spoken()
        assert message.content.endswith("\nOne.")

    async def test_continue_and_delete(self, stage: Stage, troupe: Troupe) -> None:
        await troupe.says("One")
        stage.engine.answers = [" and two."]
        await self.press(stage, troupe, "⏩")
        [message] = troupe.spoken()
        assert message.content.endswith("\nOne and two.")
        await self.press(stage, troupe, "🗑️")
        assert troupe.spoken() == []

    @pytest.mark.parametrize("restarted", [False, True])
    async def test_undo_and_redo(
        self, stage: Stage, troupe: Troupe, make_bot: MakeBot, restarted: bool
    ) -> None:
        await troupe.says("One.")
        if restarted:
            await stage.env.restart_bot(make_bot())
        await stage.alice.slash(stage.channel, "undo")
        await play(stage.env, 1)
        [message] = troupe.spoken()
        assert "Taken back with /undo" in message.content
        assert message.components == []
        await stage.alice.slash(stage.channel, "redo")
        await play(stage.env, 1)
        [message] = troupe.spoken()
        assert message.content.endswith("One.")
        assert controls(message) == ALL

    async def test_the_controls_leave_when_a_newer_one_stands(
        self, stage: Stage, troupe: Troupe, make_bot: MakeBot
    ) -> None:
        await troupe.says("One.")
        await stage.env.restart_bot(make_bot())
        await troupe.says("Two.", wait=5)
        assert [controls(m) for m in troupe.spoken()] == [[], ALL]

    async def test_a_page_that_somebody_deletes_takes_the_others_along(
        self, stage: Stage, troupe: Troupe
    ) -> None:
        await troupe.says("A sentence of this answer. " * 150)
        stage.env.backend.delete_message(stage.channel.id, troupe.spoken()[1].id)
        await play(stage.env, 1)
        assert troupe.spoken() == []
        turns = await stage.env.bot.conversations.history(f"discord:{stage.channel.id}")
        assert [turn.role for turn in turns] == ["user"]

    async def test_a_question_that_is_edited_is_offered_again(
        self, stage: Stage, troupe: Troupe
    ) -> None:
        await troupe.says("One.")
        stage.env.backend.edit_message(
            stage.channel.id, troupe.question.id, {"content": f"{stage.me} hey"}
        )
        await play(stage.env, 1)
        [message] = troupe.spoken()
        assert "The question has changed since." in message.content
        stage.engine.answers = ["Two."]
        await stage.alice.click(message, label="Answer again")
        await play(stage.env, 1)
        [message] = troupe.spoken()
        assert message.content.endswith("\nTwo.")


class TestHearing:
    async def test_a_reply_to_a_character_is_for_the_bot(
        self, stage: Stage, troupe: Troupe
    ) -> None:
        await troupe.says("One.")
        [message] = troupe.spoken()
        stage.engine.answers = ["Two."]
        await stage.reply(stage.bob, message, "really?")
        await play(stage.env, 1)
        assert len(troupe.spoken()) == 2
        assert stage.asked == "Bob: really?"

    async def test_an_older_line_is_quoted_with_its_name(
        self, stage: Stage, troupe: Troupe
    ) -> None:
        await troupe.says("One.")
        await troupe.says("Two.")
        await stage.reply(stage.bob, troupe.spoken()[0], "really?")
        await play(stage.env, 1)
        assert stage.asked == 'Bob: [in reply to Ada: "One."] really?'

    async def test_what_it_says_is_never_answered(self, stage: Stage, troupe: Troupe) -> None:
        await stage.bot.always_on.switch(f"discord:{stage.channel.id}", True)
        await troupe.says(f"Hello {stage.me}.")
        await play(stage.env, 3)
        assert len(stage.engine.requests) == 1


class TestAfterARestart:
    async def test_a_line_that_was_begun_is_finished_in_its_message(
        self, stage: Stage, troupe: Troupe, make_bot: MakeBot
    ) -> None:
        await troupe.says(speech(50, 0.5), wait=4)
        [begun] = troupe.spoken()
        stage.engine.answers = ["The end."]
        await stage.env.restart_bot(make_bot())
        await play(stage.env, 3)
        [message] = troupe.spoken()
        assert message.id == begun.id
        assert message.content.endswith("The end.")
        assert len(stage.env.backend.webhooks) == 1

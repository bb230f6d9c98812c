"""Characters that speak while Discord does not answer, or loses what they need."""

from __future__ import annotations

from typing import Any

import aiohttp
import discord
import pytest
import pytest_asyncio

from cogs.live import live_of
from cogs.live.redraw import take_away
from cogs.live.target import ChannelTarget
from tests.discord import webhooks
from tests.discord.conftest import MakeBot, Stage
from tests.discord.live_support import VIRTUAL, controls, labels, play, speech
from tests.discord.voices_support import Troupe

pytestmark = VIRTUAL

ALL = ["🔁", "⏩", "✏️", "🗑️"]


@pytest_asyncio.fixture
async def troupe(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Troupe:
    """Ada is on stage in the channel."""
    webhooks.install(monkeypatch)
    made = Troupe(stage)
    await made.enters("Ada")
    return made


class Lost:
    """Takes what a webhook says, and loses the answer, so many times."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, times: int, *, applied: bool) -> None:
        self.times = times
        send = discord.Webhook.send

        async def lossy(webhook: discord.Webhook, *given: Any, **more: Any) -> Any:
            if self.times and applied:
                await send(webhook, *given, **more)
            if self.times:
                self.times -= 1
                raise aiohttp.ServerDisconnectedError
            return await send(webhook, *given, **more)

        monkeypatch.setattr(discord.Webhook, "send", lossy)


class TestAnswersThatGetLost:
    async def test_what_arrived_is_not_said_twice(
        self, stage: Stage, troupe: Troupe, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Lost(monkeypatch, 1, applied=True)
        await troupe.says("One.", wait=4)
        [message] = troupe.spoken()
        assert message.content.endswith("One.")
        assert controls(message) == ALL

    async def test_what_did_not_arrive_is_said_again(
        self, stage: Stage, troupe: Troupe, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Lost(monkeypatch, 3, applied=False)
        await troupe.says("One.", wait=8)
        [message] = troupe.spoken()
        assert message.content.endswith("One.")

    async def test_a_first_look_that_arrived_is_written_on(
        self, stage: Stage, troupe: Troupe, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Lost(monkeypatch, 1, applied=True)
        await troupe.says(speech(8, 0.5), wait=9)
        [message] = troupe.spoken()
        assert message.content.endswith(("word " * 8).strip())

    async def test_the_same_words_said_before_are_another_message(
        self, stage: Stage, troupe: Troupe, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await troupe.says("Yes.")
        Lost(monkeypatch, 1, applied=False)
        await troupe.says("Yes.", wait=4)
        assert len(troupe.spoken()) == 2

    async def test_so_are_they_where_nothing_tells_them_apart(
        self, stage: Stage, troupe: Troupe, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pages = "A sentence of this answer. " * 150
        await troupe.says(pages)
        Lost(monkeypatch, 1, applied=False)
        await troupe.says(pages, wait=6)
        assert len(troupe.spoken()) == 6


class TestWithoutTheIntent:
    pytestmark = pytest.mark.simcord(horizon=0.8, content=False)

    async def test_what_arrived_is_not_said_twice(
        self, stage: Stage, troupe: Troupe, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Lost(monkeypatch, 1, applied=True)
        await troupe.says("One.", wait=4)
        [message] = troupe.spoken()
        assert controls(message) == ALL

    async def test_a_changed_question_leaves_the_words_as_they_are(
        self, stage: Stage, troupe: Troupe
    ) -> None:
        await troupe.says("One.")
        question, changed = troupe.question, f"{stage.me} hey"
        stage.env.backend.edit_message(stage.channel.id, question.id, {"content": changed})
        await play(stage.env, 1)
        [message] = troupe.spoken()
        assert "One." in message.content
        assert "Answer again" in labels(message)

    async def test_after_a_restart_a_line_goes_on_in_its_message(
        self, stage: Stage, troupe: Troupe, make_bot: MakeBot
    ) -> None:
        await troupe.says(speech(50, 0.5), wait=4)
        [begun] = troupe.spoken()
        stage.engine.answers = ["The end."]
        await stage.env.restart_bot(make_bot(reads_everything=False))
        await play(stage.env, 3)
        [message] = troupe.spoken()
        assert (message.id, message.content.endswith("The end.")) == (begun.id, True)


class TestWebhooksThatVanish:
    async def test_while_it_is_written_it_goes_on_in_a_new_message(
        self, stage: Stage, troupe: Troupe
    ) -> None:
        await troupe.says(speech(8, 0.5), wait=3)
        [webhook] = stage.env.backend.webhooks
        stage.env.backend.delete_webhook(webhook)
        await play(stage.env, 8)
        new = [m for m in troupe.spoken() if m.webhook_id != webhook]
        assert [m.content.split("\n")[-1] for m in new] == [("word " * 8).strip()]
        assert controls(new[0]) == ALL

    async def test_and_the_permission_too_the_bot_goes_on_itself(
        self, stage: Stage, troupe: Troupe, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await troupe.says("One.")
        [webhook] = stage.env.backend.webhooks
        stage.env.backend.delete_webhook(webhook)
        stage.env.inject_error("GET", "/channels/*/webhooks", status=403, times=9)
        await troupe.says("Two.")
        assert stage.said() == ["**Ada**\nTwo."]
        await troupe.says("Three.")
        assert stage.said()[-1] == "**Ada**\nThree."
        assert len(troupe.requests("GET", f"/channels/{stage.channel.id}/webhooks")) == 2

    async def test_what_it_said_can_be_taken_back_nevertheless(
        self, stage: Stage, troupe: Troupe
    ) -> None:
        await troupe.says("One.")
        [webhook] = stage.env.backend.webhooks
        stage.env.backend.delete_webhook(webhook)
        undone = await stage.alice.slash(stage.channel, "undo")
        await play(stage.env, 2)
        assert "Taken back" in undone.response.content

    async def test_one_that_came_without_its_token_is_done_without(
        self, stage: Stage, troupe: Troupe, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        create = discord.http.HTTPClient.create_webhook

        async def bare(*given: Any, **more: Any) -> Any:
            return {**await create(*given, **more), "token": None}

        monkeypatch.setattr(discord.http.HTTPClient, "create_webhook", bare)
        await troupe.says("One.")
        await troupe.says("Two.")
        assert stage.said() == ["**Ada**\nOne.", "**Ada**\nTwo."]
        assert len(troupe.requests("POST", f"/channels/{stage.channel.id}/webhooks")) == 1

    @pytest.mark.parametrize("in_thread", [False, True])
    async def test_one_that_was_moved_says_nothing_elsewhere(
        self, stage: Stage, troupe: Troupe, in_thread: bool
    ) -> None:
        place = stage.thread() if in_thread else stage.channel
        await troupe.enters("Ada", place)
        await troupe.says("One.", place=place)
        [webhook] = stage.env.backend.webhooks
        other = stage.guild.create_text_channel("other")
        stage.env.backend.edit_webhook(webhook, {"channel_id": other.id})
        await troupe.says("Two.", place=place)
        assert [m.content.split("\n")[-1] for m in troupe.spoken(place)] == ["One.", "Two."]
        assert troupe.spoken(other) == []


async def test_a_name_that_discord_refuses_after_all_is_said_by_the_bot(
    stage: Stage, troupe: Troupe
) -> None:
    stage.env.inject_error("POST", "/webhooks/*/*", status=400, code=50035, times=1)
    await troupe.says("One.")
    assert stage.said() == ["**Ada**\nOne."]


async def test_two_rooms_are_written_in_at_once(stage: Stage, troupe: Troupe) -> None:
    rooms = [stage.guild.create_text_channel(f"room-{number}") for number in range(3)]
    for room in rooms:
        await troupe.enters("Ada", room)
    stage.engine.answers = [speech(4, 0.5) for _ in rooms]
    for room in rooms:
        await stage.alice.send(room, f"{stage.me} hi")
    await play(stage.env, 6)
    assert [len(troupe.spoken(room)) for room in rooms] == [1, 1, 1]
    assert len(stage.env.backend.webhooks) == 3


async def test_a_long_line_keeps_to_the_minute_of_its_webhook(stage: Stage, troupe: Troupe) -> None:
    await troupe.says(speech(200, 0.5), wait=58)
    sent = troupe.requests("POST", "/webhooks/") + troupe.requests("PATCH", "/webhooks/")
    assert 15 <= len(sent) <= 24
    await play(stage.env, 60)
    assert len(troupe.spoken()) == 1


async def test_a_line_whose_question_is_gone_after_a_restart_goes_too(
    stage: Stage, troupe: Troupe, make_bot: MakeBot
) -> None:
    await troupe.says(speech(50, 0.5), wait=4)
    question = troupe.question.id
    assert len(troupe.spoken()) == 1
    del stage.env.backend.messages[stage.channel.id][question]  # while the bot is away
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 3)
    assert troupe.spoken() == []


async def test_any_line_can_be_taken_away(stage: Stage, troupe: Troupe) -> None:
    await troupe.says("One.")
    place = stage.bot.get_partial_messageable(stage.channel.id, guild_id=stage.guild.id)
    target = ChannelTarget(place, reply_to=None, asker=None)
    assert await take_away(stage.bot, target, troupe.spoken()[0].id)
    assert troupe.spoken() == []


class TestWhoSpeaksByItself:
    async def speak(self, stage: Stage) -> None:
        """The next character speaks without a question, as a scene lets it."""
        bot, here = stage.env.bot, stage.channel.id
        origin = {
            "channel": str(here),
            "asker": str(stage.alice.id),
            "guild": str(stage.guild.id),
            "library": f"discord:server:{stage.guild.id}",
        }

        async def on_message(message: discord.Message) -> None:
            if message.content == "Go on.":
                place = bot.get_partial_messageable(here, guild_id=stage.guild.id)
                target = ChannelTarget(place, reply_to=None, asker=stage.alice.id, mention=False)
                talk = bot.conversations.speak(f"discord:{here}", origin, anyway=True)
                async with talk as reply:
                    if reply is not None:
                        await live_of(bot).deliver(reply, target)

        bot.add_listener(on_message)
        await stage.bob.send(stage.channel, "Go on.")

    async def test_nobody_is_pinged(self, stage: Stage, troupe: Troupe) -> None:
        await troupe.says("One.")
        await troupe.enters("Bram", alone=False)
        stage.engine.answers = ["Two."]
        await self.speak(stage)
        await play(stage.env, 1)
        message = troupe.spoken()[-1]
        assert message.content == "Two."
        assert message.author.display_name in ("Ada", "Bram")

    async def test_after_a_restart_it_goes_on_in_its_own_message(
        self, stage: Stage, troupe: Troupe, make_bot: MakeBot
    ) -> None:
        await troupe.says("One.")
        stage.engine.answers = [speech(50, 0.5)]
        await self.speak(stage)
        await play(stage.env, 4)
        first, begun = troupe.spoken()
        stage.engine.answers = ["The end."]
        await stage.env.restart_bot(make_bot())
        await play(stage.env, 4)
        assert [m.id for m in troupe.spoken()] == [first.id, begun.id]
        assert troupe.spoken()[0].content.endswith("One.")
        assert troupe.spoken()[1].content.endswith("The end.")

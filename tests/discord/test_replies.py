"""The buttons under replies: who may press them, and what happens then."""

from __future__ import annotations

import discord
import pytest

from bot.errors import EngineInterrupted, StoreUnavailable
from cogs.components import KnownButton
from tests.discord.conftest import MakeBot, Stage
from tests.discord.live_support import VIRTUAL, Watch, labels, play, speech

pytestmark = VIRTUAL

BROKEN = [1.0, "It began", 1.0, EngineInterrupted()]


async def ask(stage: Stage, text: str = "hi") -> None:
    await stage.alice.send(stage.channel, f"{stage.me} {text}")


async def broken(stage: Stage, *answer: object) -> discord.Message:
    stage.engine.answers = [list(answer) or BROKEN]
    await ask(stage)
    await play(stage.env, 3.5)
    return stage.shown()[-1]


class Defective(KnownButton, template=r"defective:\d+"):
    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        raise ZeroDivisionError


@pytest.mark.simcord(check_errors=False)
async def test_who_presses_a_button_hears_of_a_defect(stage: Stage) -> None:
    stage.bot.add_dynamic_items(Defective)
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Go", custom_id="defective:1"))
    view.stop()
    shown = await stage.bot.get_channel(stage.channel.id).send("Here.", view=view)
    pressed = await stage.alice.click(shown, label="Go")
    assert "Something broke on my side (ref" in pressed.followups[-1].content
    assert pressed.followups[-1].flags.ephemeral


async def test_stop_ends_the_reply_at_once_and_keeps_its_text(stage: Stage) -> None:
    stage.engine.answers = [speech(20, 1.0)]
    await ask(stage)
    await play(stage.env, 3.5)
    await stage.alice.click(stage.shown()[0], label="Stop")
    [message] = stage.shown()
    assert message.content.startswith("word word")
    assert message.content.endswith("\n-# stopped")
    assert not labels(message)
    assert stage.engine.closed == 1
    turn = (await stage.bot.conversations.history(f"discord:{stage.channel.id}"))[-1]
    assert (turn.status, turn.shown) == ("stopped", (str(message.id),))
    assert message.content == f"{turn.text}\n-# stopped"


async def test_strangers_cannot_stop_it(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.engine.answers = [speech(8, 1.0)]
    await ask(stage)
    await play(stage.env, 2.5)
    pressed = await stage.bob.click(stage.shown()[0], label="Stop")
    assert pressed.response.ephemeral
    assert "who asked" in pressed.response.content
    assert "who asked" not in caplog.text, "a plain refusal is no news to the operator"
    await play(stage.env, 9)
    assert stage.said() == [("word " * 8).strip()]


async def test_who_manages_messages_can_stop_it(stage: Stage) -> None:
    role = stage.guild.create_role("mods", permissions=discord.Permissions(manage_messages=True))
    carol = stage.guild.add_member(stage.env.create_user("carol"), roles=[role])
    stage.engine.answers = [speech(8, 1.0)]
    await ask(stage)
    await play(stage.env, 2.5)
    await carol.click(stage.shown()[0], label="Stop")
    assert stage.said()[0].endswith("-# stopped")


async def test_retry_writes_the_answer_into_the_same_message(stage: Stage) -> None:
    failed = await broken(stage)
    stage.engine.answers = [speech(40, 0.1)]
    await stage.alice.click(failed, label="Retry")
    await play(stage.env, 2.5)
    [message] = stage.shown()
    assert message.id == failed.id
    assert labels(message) == ["Stop"]
    await play(stage.env, 9)
    [message] = stage.shown()
    assert message.content == ("word " * 40).strip()
    assert not labels(message)
    turns = await stage.bot.conversations.history(f"discord:{stage.channel.id}")
    assert [turn.role for turn in turns] == ["user", "assistant"]
    assert turns[-1].shown == (str(message.id),)
    assert await stage.bot.conversations.owed() == []


async def test_retry_takes_away_pages_that_are_too_many(stage: Stage) -> None:
    text = "A sentence of this answer. " * 100
    failed = await broken(stage, 1.0, text, 1.0, EngineInterrupted())
    assert len(stage.shown()) == 2
    first = stage.shown()[0].id
    stage.engine.answers = [[1.0, "Short."]]
    await stage.alice.click(failed, label="Retry")
    await play(stage.env, 2.5)
    [message] = stage.shown()
    assert (message.id, message.content) == (first, "Short.")


async def test_retry_goes_on_below_if_the_new_answer_is_longer(stage: Stage) -> None:
    failed = await broken(stage)
    stage.engine.answers = [[1.0, "A sentence of this answer. " * 100]]
    await stage.alice.click(failed, label="Retry")
    await play(stage.env, 2.5)
    first, _ = stage.shown()
    assert first.id == failed.id


async def test_retry_that_fails_again_can_be_pressed_again(stage: Stage) -> None:
    failed = await broken(stage)
    stage.engine.answers = [BROKEN]
    await stage.alice.click(failed, label="Retry")
    await play(stage.env, 3.5)
    [message] = stage.shown()
    assert labels(message) == ["Retry"]
    stage.engine.answers = [[1.0, "At last."]]
    await stage.alice.click(message, label="Retry")
    await play(stage.env, 2.5)
    assert stage.said() == ["At last."]


async def test_strangers_cannot_retry(stage: Stage) -> None:
    failed = await broken(stage)
    pressed = await stage.bob.click(failed, label="Retry")
    assert pressed.response.ephemeral
    assert labels(stage.shown()[0]) == ["Retry"]
    assert len(stage.engine.requests) == 1


async def test_retry_is_refused_once_the_talk_has_moved_on(stage: Stage) -> None:
    failed = await broken(stage)
    await ask(stage, "something else")
    # A little later the button is gone.
    await play(stage.env, 1.5)
    pressed = await stage.alice.click(failed, label="Retry")
    assert "moved on" in pressed.followups[0].content
    assert pressed.followups[0].ephemeral
    assert len(stage.engine.requests) == 2


async def test_retry_without_the_store_says_so_and_can_be_pressed_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = await broken(stage)

    async def away(*_: object, **__: object) -> None:
        raise StoreUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(stage.bot.store, "load", away)
        pressed = await stage.alice.click(failed, label="Retry")
    assert pressed.followups[0].content == StoreUnavailable.text
    assert labels(stage.shown()[0]) == ["Retry"]


async def test_retry_of_a_message_that_was_deleted_posts_a_new_one(stage: Stage) -> None:
    text = "A sentence of this answer. " * 100
    failed = await broken(stage, 1.0, text, 1.0, EngineInterrupted())
    stage.env.backend.delete_message(stage.channel.id, stage.shown()[0].id)
    stage.engine.answers = [[1.0, "Whole again."]]
    await stage.alice.click(failed, label="Retry")
    await play(stage.env, 2.5)
    assert "Whole again." in stage.said()


async def test_retry_of_a_private_answer_stays_private(stage: Stage) -> None:
    stage.engine.answers = [BROKEN]
    asked = await stage.alice.slash(stage.channel, "ask", question="hi", private=True)
    await play(stage.env, 3.5)
    assert asked.response.ephemeral
    stage.engine.answers = [speech(20, 0.1)]
    await stage.alice.click(asked.response, label="Retry")
    await play(stage.env, 9)
    assert asked.response.content == ("word " * 20).strip()
    assert not asked.response.components
    assert stage.said() in ([], [asked.response.content])


async def test_retry_works_after_a_restart(stage: Stage, make_bot: MakeBot) -> None:
    failed = await broken(stage)
    await stage.env.restart_bot(make_bot())
    stage.engine.answers = [[1.0, "Back again."]]
    await stage.alice.click(failed, label="Retry")
    await play(stage.env, 2.5)
    assert stage.said() == ["Back again."]


async def test_no_view_is_kept_for_messages(stage: Stage) -> None:
    watch = Watch(stage.env)
    stage.engine.answers = [speech(40, 0.1)]
    await ask(stage)
    await play(stage.env, 9)
    assert watch.of("edit")
    store = stage.bot._connection._view_store
    assert not store._views
    assert not store._synced_message_views

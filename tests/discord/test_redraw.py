"""A stored reply is shown again, or taken out of sight."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.turns import Turn
from cogs.live.redraw import redraw, withdraw
from tests.discord.conftest import Stage
from tests.discord.live_support import VIRTUAL, labels

pytestmark = VIRTUAL

STUB = "-# Taken back."
LONG = "A sentence of this answer. " * 150


async def stored(stage: Stage, text: str) -> Turn:
    """A reply to Alice's question, as it is stored."""
    stage.engine.answers = [text]
    await stage.alice.send(stage.channel, f"{stage.me} hi")
    await stage.settle()
    return (await stage.bot.conversations.history(f"discord:{stage.channel.id}"))[-1]


async def test_another_text_comes_into_the_same_message(stage: Stage) -> None:
    turn = await stored(stage, "One.")
    channel = stage.bot.get_partial_messageable(stage.channel.id)
    assert await redraw(stage.bot, channel, replace(turn, text="Two.")) == turn.shown
    assert stage.said() == ["Two."]


async def test_a_longer_text_goes_on_below_and_a_shorter_one_leaves_nothing(stage: Stage) -> None:
    turn = await stored(stage, "One.")
    channel = stage.bot.get_partial_messageable(stage.channel.id)
    shown = await redraw(stage.bot, channel, replace(turn, text=LONG))
    assert shown[:1] == turn.shown
    assert len(shown) == len(stage.shown()) == 3
    assert await redraw(stage.bot, channel, replace(turn, shown=shown)) == turn.shown
    assert stage.said() == ["One."]
    again = await redraw(stage.bot, channel, replace(turn, text=LONG))
    assert len(again) == len(stage.shown()) == 3


async def test_what_is_gone_is_posted_again_without_a_ping(stage: Stage) -> None:
    turn = await stored(stage, "One.")
    stage.env.backend.delete_message(stage.channel.id, int(turn.shown[0]))
    channel = stage.bot.get_partial_messageable(stage.channel.id)
    shown = await redraw(stage.bot, channel, turn)
    [message] = stage.shown()
    assert shown == (str(message.id),) != turn.shown
    assert message.content == "One."
    assert not message.mentions


async def test_a_withdrawn_reply_leaves_one_line(stage: Stage) -> None:
    turn = await stored(stage, LONG)
    assert len(turn.shown) == 3
    channel = stage.bot.get_partial_messageable(stage.channel.id)
    assert await withdraw(stage.bot, channel, turn, STUB) == turn.shown[:1]
    [message] = stage.shown()
    assert message.content == STUB
    assert not message.components
    assert await redraw(stage.bot, channel, replace(turn, shown=turn.shown[:1]))
    assert " ".join(stage.said()).count("sentence") == 150


async def test_nothing_is_left_of_a_reply_that_is_gone(stage: Stage) -> None:
    turn = await stored(stage, "One.")
    stage.env.backend.delete_message(stage.channel.id, int(turn.shown[0]))
    channel = stage.bot.get_partial_messageable(stage.channel.id)
    assert await withdraw(stage.bot, channel, turn, STUB) == ()
    assert stage.said() == []


async def test_a_reply_that_was_stopped_says_so_still(stage: Stage) -> None:
    turn = await stored(stage, "One.")
    channel = stage.bot.get_partial_messageable(stage.channel.id)
    await redraw(stage.bot, channel, replace(turn, status="stopped"), small_print=["more"])
    assert stage.said() == ["One.\n-# more\n-# stopped"]
    assert labels(stage.shown()[0]) == []

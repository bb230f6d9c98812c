"""The first question in somebody else's thread: what the thread began with goes along."""

from __future__ import annotations

from dataclasses import replace

import discord
from simcord.builders import ChannelHandle

from tests.discord.conftest import MakeBot, Stage
from tests.discord.live_support import VIRTUAL, labels, play

pytestmark = VIRTUAL

QUESTION = 'Alice: [in reply to Bob: "The cheese is blue."] what colour?'


def thread_at(stage: Stage, message: discord.Message) -> ChannelHandle:
    """A thread that Bob has made at a message."""
    made = stage.env.backend.create_thread(
        stage.channel.id, "cheese", stage.bob.id, message_id=message.id
    )
    return ChannelHandle(stage.env, stage.guild, made)


async def test_the_message_at_which_it_hangs(stage: Stage) -> None:
    thread = thread_at(stage, await stage.bob.send(stage.channel, "The cheese is blue."))
    await stage.alice.send(thread, f"{stage.me} what colour?")
    assert stage.asked == QUESTION
    await stage.alice.send(thread, f"{stage.me} and the wine?")
    assert stage.asked == "Alice: and the wine?"


async def test_an_answer_of_the_bot_whole(stage: Stage) -> None:
    answer = "The cheese is blue. " * 20
    stage.engine.answers = [answer]
    await stage.alice.send(stage.channel, f"{stage.me} hi")
    thread = thread_at(stage, stage.shown()[0])
    await stage.bob.send(thread, f"{stage.me} why?")
    assert stage.asked == f'Bob: [in reply to your message: "{answer.strip()}"] why?'


async def test_the_post_of_somebody_else(stage: Stage) -> None:
    forum = stage.guild.create_forum_channel("forum")
    made = stage.env.backend.create_thread(forum.id, "cheese", stage.bob.id)
    thread = ChannelHandle(stage.env, stage.guild, made)
    post = stage.env.backend.create_message(thread.id, stage.bob.id, "The cheese is blue.")
    kept = stage.env.backend.messages[thread.id]
    kept[thread.id] = replace(kept.pop(post.id), id=thread.id)
    await stage.alice.send(thread, f"{stage.me} what colour?")
    assert stage.asked == QUESTION


async def test_the_question_is_still_the_same_after_an_absence(
    stage: Stage, make_bot: MakeBot
) -> None:
    thread = thread_at(stage, await stage.bob.send(stage.channel, "The cheese is blue."))
    await stage.alice.send(thread, f"{stage.me} what colour?")
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 3.5)
    [answer] = stage.shown(thread)
    assert "Answer again" not in labels(answer)
    await stage.alice.send(thread, f"{stage.me} and the wine?")
    assert QUESTION in stage.engine.prompts[-1]


async def test_a_reply_says_itself_what_it_is_about(stage: Stage) -> None:
    thread = thread_at(stage, await stage.bob.send(stage.channel, "The cheese is blue."))
    other = await stage.bob.send(thread, "The wine is red.")
    await stage.reply(stage.alice, other, f"{stage.me} what colour?")
    assert stage.asked == 'Alice: [in reply to Bob: "The wine is red."] what colour?'


async def test_an_edit_where_the_bot_never_spoke_asks_discord_for_nothing(stage: Stage) -> None:
    thread = thread_at(stage, await stage.bob.send(stage.channel, "The cheese is blue."))
    theirs = await stage.bob.send(thread, "Yum.")
    before = len(stage.env.http_requests)
    await stage.bob.edit(theirs, "Yum!")
    await stage.settle()
    assert [request.method for request in stage.env.http_requests[before:]] == []


async def test_a_question_that_is_edited_keeps_it(stage: Stage) -> None:
    thread = thread_at(stage, await stage.bob.send(stage.channel, "The cheese is blue."))
    asked = await stage.alice.send(thread, f"{stage.me} what color?")
    await stage.alice.edit(asked, f"{stage.me} what colour?")
    await stage.alice.send(thread, f"{stage.me} and the wine?")
    assert QUESTION in stage.engine.prompts[-1]

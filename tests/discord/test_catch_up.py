"""What the bot makes up for after it was away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import discord
import pytest

from bot.conversation.turns import Pending, Turn
from bot.errors import EngineInterrupted, EngineUnreachable, StoreUnavailable
from bot.language import speaking, tr
from cogs.catch_up.missed import is_readable
from tests.discord.conftest import MakeBot, Stage
from tests.discord.guests import touched
from tests.discord.live_support import VIRTUAL, Watch, labels, play, speech

pytestmark = VIRTUAL


async def ask(stage: Stage, text: str = "hi") -> discord.Message:
    return await stage.alice.send(stage.channel, f"{stage.me} {text}")


async def away(stage: Stage) -> None:
    with stage.env._bot_scope():
        await stage.env.bot.shards[0].disconnect()


async def back(stage: Stage) -> None:
    with stage.env._bot_scope():  # else what discord.py then does is on the real clock
        await stage.env.bot.shards[0].reconnect()
    await play(stage.env, 3.5)


async def test_a_reply_cut_off_by_a_restart_is_finished_in_its_message(
    stage: Stage, make_bot: MakeBot
) -> None:
    stage.engine.answers = [speech(20, 1.0)]
    asked = await ask(stage)
    await play(stage.env, 3.5)
    [begun] = stage.shown()
    assert labels(begun) == ["Stop"]
    stage.engine.answers = [[1.0, "A whole ", 0.5, "answer."]]
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 6)
    [message] = stage.shown()
    assert (message.id, message.content) == (begun.id, "A whole answer.")
    assert not labels(message)
    assert message.reference.message_id == asked.id
    turns = await stage.bot.conversations.history(f"discord:{stage.channel.id}")
    assert [turn.text for turn in turns] == ["hi", "A whole answer."]
    assert turns[-1].shown == (str(message.id),)
    assert await stage.bot.conversations.owed() == []


async def test_a_reply_of_several_pages_is_finished_in_its_messages(
    stage: Stage, make_bot: MakeBot
) -> None:
    text = "A sentence of this answer. " * 100
    stage.engine.answers = [[1.0, text, 60.0, "more"]]
    await ask(stage)
    await play(stage.env, 3.5)
    first, _ = stage.shown()
    stage.engine.answers = [[1.0, "Short."]]
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 3.5)
    [message] = stage.shown()
    assert (message.id, message.content) == (first.id, "Short.")


async def test_a_reply_cut_off_before_its_first_word_is_posted(
    stage: Stage, make_bot: MakeBot
) -> None:
    stage.engine.answers = [[60.0, "late"]]
    asked = await ask(stage)
    assert stage.shown() == []
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 3.5)
    [message] = stage.shown()
    assert message.content == "All right."
    assert message.reference.message_id == asked.id


async def test_an_owed_slash_answer_fills_its_response(stage: Stage, make_bot: MakeBot) -> None:
    stage.engine.answers = [[60.0, "late"]]
    await stage.alice.slash(stage.channel, "ask", question="hi")
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 3.5)
    [message] = stage.shown()
    assert message.content == "All right."


async def test_a_begun_slash_answer_is_finished_in_its_response(
    stage: Stage, make_bot: MakeBot
) -> None:
    stage.engine.answers = [speech(20, 1.0)]
    await stage.alice.slash(stage.channel, "ask", question="hi")
    await play(stage.env, 3.5)
    assert stage.said()[0].startswith("word")
    stage.engine.answers = [[1.0, "A whole answer."]]
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 3.5)
    assert stage.said() == ["A whole answer."]
    assert not labels(stage.shown()[0])


async def test_a_slash_answer_whose_token_died_comes_as_a_message(
    stage: Stage, make_bot: MakeBot
) -> None:
    stage.engine.answers = [[5000.0, "late"]]
    await stage.alice.slash(stage.channel, "ask", question="hi")
    await play(stage.env, 1000, step=20)
    watch = Watch(stage.env)
    await stage.env.restart_bot(bot := make_bot())
    assert watch
    await play(stage.env, 3.5)
    said = stage.said()
    assert said[-1] == f"<@{stage.alice.id}> All right."
    assert await bot.conversations.owed() == []


async def test_what_is_too_old_is_given_up(stage: Stage, make_bot: MakeBot) -> None:
    conversation = f"discord:{stage.channel.id}"
    since = stage.env.now().timestamp() - 2 * 86_400
    owed = Pending("r1", 2, ("1",), since, {"channel": str(stage.channel.id)})
    await stage.bot.store.journal(conversation, [Turn("1", 1, "user", "hi")], owed)
    await stage.env.restart_bot(bot := make_bot())
    await play(stage.env, 2.5)
    assert stage.said() == []
    assert await bot.conversations.owed() == []


async def test_a_place_that_is_gone_is_given_up(stage: Stage, make_bot: MakeBot) -> None:
    owed = Pending("r1", 2, ("1",), time.time(), {"channel": "42"})
    await stage.bot.store.journal("discord:42", [Turn("1", 1, "user", "hi")], owed)
    await stage.env.restart_bot(bot := make_bot())
    await play(stage.env, 2.5)
    assert await bot.conversations.owed() == []


async def test_a_message_in_a_gap_of_the_connection_is_answered(stage: Stage) -> None:
    await ask(stage, "before")
    await play(stage.env, 1.5)
    await away(stage)
    missed = await ask(stage, "anyone?")
    await play(stage.env, 20, step=1.0)
    assert len(stage.shown()) == 1
    await back(stage)
    _, answer = stage.shown()
    assert answer.reference.message_id == missed.id
    await away(stage)
    await back(stage)
    assert len(stage.shown()) == 2


async def test_so_is_one_in_the_chat_of_a_voice_channel_or_a_stage(stage: Stage) -> None:
    places = [stage.guild.create_voice_channel("call"), stage.guild.create_stage_channel("talk")]
    for place in places:
        await stage.alice.send(place, f"{stage.me} before")
    await play(stage.env, 1.5)
    await away(stage)
    for place in places:
        await stage.alice.send(place, f"{stage.me} anyone?")
    await back(stage)
    assert [len(stage.shown(place)) for place in places] == [2, 2]


async def test_only_what_wants_an_answer_gets_one(stage: Stage) -> None:
    await ask(stage, "before")
    await play(stage.env, 1.5)
    await away(stage)
    await stage.alice.send(stage.channel, "just talking to Bob")
    await back(stage)
    assert len(stage.shown()) == 1


async def test_messages_from_while_the_bot_was_down_are_answered(
    stage: Stage, make_bot: MakeBot
) -> None:
    thread = stage.thread()
    await stage.alice.send_dm("before")
    await play(stage.env, 20, step=1.0)
    await away(stage)
    await ask(stage, "one")
    await stage.alice.send(thread, f"{stage.me} two")
    await stage.alice.send_dm("three")
    await play(stage.env, 600, step=20)
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 3.5)
    assert len(stage.shown()) == 1
    assert len(stage.shown(thread)) == 1
    assert len(stage.shown(stage.alice.user.dm_channel)) == 2


async def test_a_missed_direct_message_is_answered_in_its_writers_language(
    stage: Stage, discord_in: Callable[[str], None]
) -> None:
    discord_in("es-ES")
    await stage.alice.slash(stage.channel, "help")
    await stage.alice.send_dm("before")
    await play(stage.env, 20, step=1.0)
    await away(stage)
    await stage.alice.send_dm("three")
    stage.engine.answers = [[EngineInterrupted()]]
    await play(stage.env, 600, step=20)
    await back(stage)
    with speaking("es"):
        wanted = tr(EngineInterrupted.text)
    assert [message.content for message in stage.shown(stage.alice.user.dm_channel)][-1] == wanted
    assert wanted != EngineInterrupted.text


async def test_it_is_so_after_a_restart_too(
    stage: Stage, make_bot: MakeBot, discord_in: Callable[[str], None]
) -> None:
    discord_in("es-ES")
    await stage.alice.slash(stage.channel, "help")
    await stage.alice.send_dm("before")
    await play(stage.env, 20, step=1.0)
    await away(stage)
    await stage.alice.send_dm("three")
    stage.engine.answers = [[EngineInterrupted()]]
    await play(stage.env, 600, step=20)
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 20, step=1.0)
    with speaking("es"):
        wanted = tr(EngineInterrupted.text)
    assert [message.content for message in stage.shown(stage.alice.user.dm_channel)][-1] == wanted


async def test_the_first_direct_message_after_a_restart_is_answered_in_its_writers_language(
    stage: Stage, make_bot: MakeBot, discord_in: Callable[[str], None]
) -> None:
    discord_in("es-ES")
    await stage.alice.slash(stage.channel, "help")
    await stage.alice.send_dm("before")
    await play(stage.env, 20, step=1.0)
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 3.5)
    stage.engine.answers = [[EngineInterrupted()], [EngineUnreachable()], "All right."]
    for error in (EngineInterrupted, EngineUnreachable):
        await stage.alice.send_dm("hola")
        await play(stage.env, 20, step=1.0)
        with speaking("es"):
            wanted = tr(error.text)
        assert wanted in stage.shown(stage.alice.user.dm_channel)[-1].content
    # It is not forgotten by what is said in between.
    await stage.alice.send_dm("otra vez")
    await play(stage.env, 20, step=1.0)
    talk = await stage.bot.store.load(f"discord:{stage.alice.user.dm_channel.id}")
    assert talk.state.language == "es"


async def test_an_owed_direct_message_is_finished_in_its_writers_language(
    stage: Stage, make_bot: MakeBot, discord_in: Callable[[str], None]
) -> None:
    discord_in("es-ES")
    await stage.alice.slash(stage.channel, "help")
    stage.engine.answers = [speech(20, 1.0), [EngineInterrupted()]]
    await stage.alice.send_dm("a story")
    await play(stage.env, 3.5)
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 20, step=1.0)
    with speaking("es"):
        wanted = tr(EngineInterrupted.text)
    [message] = stage.shown(stage.alice.user.dm_channel)
    assert wanted in message.content


async def test_what_was_missed_in_many_channels_is_answered_in_each(
    stage: Stage, make_bot: MakeBot
) -> None:
    channels = [stage.guild.create_text_channel(f"room-{n}") for n in range(40)]
    await ask(stage, "before")
    await play(stage.env, 20, step=1.0)
    await away(stage)
    for channel in channels:
        await stage.alice.send(channel, f"{stage.me} anyone?")
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 10)
    assert [len(stage.shown(channel)) for channel in channels] == [1] * 40


async def test_messages_older_than_the_last_sign_of_life_are_left_alone(
    stage: Stage, make_bot: MakeBot
) -> None:
    await away(stage)
    await ask(stage, "long ago")
    await play(stage.env, 7 * 3600, step=200)
    await stage.env.restart_bot(make_bot())
    await play(stage.env, 3.5)
    assert stage.said() == []


async def test_the_bot_notes_until_when_it_heard_everything(stage: Stage) -> None:
    heard = await stage.alice.send(stage.channel, "not for the bot")
    await play(stage.env, 40, step=5.0)
    assert await stage.bot.store.last_heard() == heard.created_at.timestamp()
    await away(stage)
    await stage.alice.send(stage.channel, "unheard")
    await play(stage.env, 60, step=5.0)
    assert await stage.bot.store.last_heard() == heard.created_at.timestamp()


async def test_a_fresh_installation_answers_nothing_old(
    stage: Stage, make_bot: MakeBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    await away(stage)
    await ask(stage, "from before the bot was there")

    async def never() -> None:
        return None

    bot = make_bot()
    monkeypatch.setattr(bot.store, "last_heard", never)
    await stage.env.restart_bot(bot)
    await play(stage.env, 3.5)
    assert stage.said() == []


async def test_catching_up_waits_for_the_store(
    stage: Stage, make_bot: MakeBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    await away(stage)
    await ask(stage, "one")
    bot = make_bot()

    async def unavailable() -> None:
        raise StoreUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(bot.store, "last_heard", unavailable)
        await stage.env.restart_bot(bot)
        await play(stage.env, 20, step=1.0)
        assert stage.said() == []
    await play(stage.env, 20, step=1.0)
    assert stage.said() == ["All right."]


@pytest.mark.simcord(horizon=0.8, check_errors=False)
async def test_a_defect_does_not_end_catching_up_for_good(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await ask(stage)
    await play(stage.env, 2)

    def broken(*_: object) -> int:
        raise TypeError("unreadable")

    await away(stage)
    with monkeypatch.context() as patch:
        patch.setattr("cogs.catch_up.newest_message", broken)
        await back(stage)
    assert "catching up on shard 0 failed" in caplog.text
    await away(stage)
    await ask(stage, "two")
    await back(stage)
    await play(stage.env, 20, step=1.0)
    assert stage.said() == ["All right.", "All right."]


@pytest.mark.simcord(horizon=0.8, check_errors=False)
async def test_a_message_that_cannot_be_read_keeps_no_other_channel_waiting(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    other = stage.guild.create_text_channel("other")
    await stage.alice.send(other, f"{stage.me} hi")
    await ask(stage)
    await play(stage.env, 3)
    history = discord.TextChannel.history

    def unreadable(self: discord.TextChannel, **options: Any) -> Any:
        if self.id == other.id:
            raise TypeError("unreadable")
        return history(self, **options)

    await away(stage)
    await stage.alice.send(other, f"{stage.me} one")
    await ask(stage, "two")
    with monkeypatch.context() as patch:
        patch.setattr(discord.TextChannel, "history", unreadable)
        await back(stage)
        await play(stage.env, 3)
    assert stage.said() == ["All right.", "All right."]
    assert f"reading what was missed in {other.id} failed" in caplog.text
    assert f"comparing discord:{other.id} with Discord failed" in caplog.text


async def test_what_is_missed_while_it_catches_up_is_answered_too(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = stage.guild.create_text_channel("slow")
    await stage.alice.send(slow, f"{stage.me} hi")
    await ask(stage)
    await play(stage.env, 3)
    history = discord.TextChannel.history
    go_on = asyncio.Event()

    async def held(messages: AsyncIterator[discord.Message]) -> AsyncIterator[discord.Message]:
        await go_on.wait()
        async for message in messages:
            yield message

    def slowly(self: discord.TextChannel, **options: Any) -> AsyncIterator[discord.Message]:
        found = history(self, **options)
        return held(found) if self.id == slow.id and "after" in options else found

    await away(stage)
    await stage.alice.send(slow, f"{stage.me} one")
    await ask(stage, "two")
    with monkeypatch.context() as patch:
        patch.setattr(discord.TextChannel, "history", slowly)
        await back(stage)
        assert len(stage.shown()) == 2, "its channel was looked through, the other one was not"
        await away(stage)
        missed = await ask(stage, "three")
        await back(stage)
        go_on.set()
        await play(stage.env, 20, step=1.0)
    assert [one.reference.message_id for one in stage.shown()].count(missed.id) == 1
    assert len(stage.shown()) == 3


async def test_a_further_absence_does_not_hide_one_that_could_not_be_made_up_for(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ask(stage)
    await play(stage.env, 3)

    async def unavailable(*_: object) -> None:
        raise StoreUnavailable

    await away(stage)
    missed = await ask(stage, "anyone?")
    await play(stage.env, 600, step=10.0)
    with monkeypatch.context() as patch:
        patch.setattr(stage.bot.store, "active", unavailable)
        await back(stage)
        await ask(stage, "heard")
        await play(stage.env, 3)
        await away(stage)
    await back(stage)
    await play(stage.env, 20, step=1.0)
    assert [one.reference.message_id for one in stage.shown()].count(missed.id) == 1


async def test_a_server_that_is_not_there_yet_is_no_reason_to_stop(stage: Stage) -> None:
    await ask(stage)
    await play(stage.env, 2)
    guild = stage.bot.get_guild(stage.guild.id)
    state = stage.bot._connection
    await away(stage)
    with stage.env._bot_scope():
        state._remove_guild(guild)
        unavailable = state._get_or_create_unavailable_guild(stage.guild.id)
    channel = await stage.bot.fetch_channel(stage.channel.id)
    assert channel.guild is not None
    assert unavailable.me is None
    assert not is_readable(channel)


async def test_a_reply_under_way_is_not_begun_twice_by_a_new_session(stage: Stage) -> None:
    stage.engine.answers = [speech(60, 0.1)]
    await ask(stage)
    await play(stage.env, 2.5)
    await away(stage)
    await back(stage)
    await play(stage.env, 6)
    assert stage.said() == [("word " * 60).strip()]
    assert len(stage.engine.requests) == 1


async def test_what_it_may_not_read_is_not_asked_for(stage: Stage) -> None:
    closed = {stage.bot.user: discord.PermissionOverwrite(read_message_history=False)}
    secret = stage.guild.create_text_channel("secret", overwrites=closed)
    await ask(stage, "before")
    await play(stage.env, 1.5)
    await away(stage)
    await stage.alice.send(secret, f"{stage.me} hello?")
    missed = await ask(stage, "hello?")
    await back(stage)
    assert touched(stage, secret) == []
    assert stage.shown()[-1].reference.message_id == missed.id

"""Where the bot may read but not write: who asks there is not left without a sign."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import pytest
from simcord.backend import serializers
from simcord.backend.models import Overwrite
from simcord.builders import ChannelHandle

from cogs import closed
from tests.discord.conftest import Stage
from tests.discord.guests import touched
from tests.discord.live_support import play
from tests.discord.test_doctor import admin, told

__all__ = ["admin"]

WORDS = "I may not write there"


def close(stage: Stage, channel: ChannelHandle, **denied: bool) -> None:
    """Take rights away from everybody in a channel."""
    deny = discord.Permissions(**denied).value
    stage.env.backend.set_overwrite(channel.id, Overwrite(stage.guild.id, 0, deny=deny))


def quiet(stage: Stage, *, reactions: bool = False) -> ChannelHandle:
    """A channel in which the bot may not write; nor react, unless told so."""
    denied = {"send_messages": False, "add_reactions": reactions}
    return stage.guild.create_text_channel(
        "quiet", overwrites={stage.bot.user: discord.PermissionOverwrite(**denied)}
    )


def time_out(stage: Stage, until: datetime | None) -> None:
    """Time the bot out. Discord tells a bot of itself, whatever its intents are."""
    world, me = stage.env.backend, stage.bot_id
    member = world.get_member(stage.guild.id, me)
    member.timed_out_until = until and until.isoformat()
    payload = dict(serializers.member_payload(world, world.get_guild(stage.guild.id), member))
    stage.bot._connection.parsers["GUILD_MEMBER_UPDATE"](
        payload | {"guild_id": str(stage.guild.id), "user": payload["user"]}
    )


def letters(stage: Stage, person: Any = None) -> list[str]:
    """What the bot wrote to somebody directly."""
    person = person or stage.alice
    made = stage.env.backend.dm_channels.get(person.id)
    return stage.said(person.user.dm_channel) if made else []


def marks(stage: Stage, message: discord.Message) -> list[str]:
    stored = stage.env.backend.get_message(message.channel.id, message.id)
    return [reaction.emoji for reaction in stored.reactions]


def typing(channel: ChannelHandle) -> str:
    return f"POST /channels/{channel.id}/typing"


async def test_who_mentions_it_gets_a_mark_and_the_engine_is_not_asked(stage: Stage) -> None:
    channel = quiet(stage, reactions=True)
    first = await stage.alice.send(channel, f"{stage.me} hello?")
    second = await stage.alice.send(channel, f"{stage.me} anybody?")
    chat = await stage.alice.send(channel, "just talking")
    assert [marks(stage, one) for one in (first, second, chat)] == [["🔇"], ["🔇"], []]
    assert stage.engine.prompts == []
    assert letters(stage) == []
    # Discord was asked once whether that is so.
    assert [call for call in touched(stage, channel) if call.startswith("POST")] == [
        typing(channel)
    ]


async def test_where_it_may_not_even_react_it_writes_to_the_asker_once(stage: Stage) -> None:
    channel = quiet(stage)
    asked = await stage.alice.send(channel, f"{stage.me} hello?")
    await stage.alice.send(channel, f"{stage.me} anybody?")
    [letter] = letters(stage)
    assert WORDS in letter
    assert asked.jump_url in letter
    assert "/doctor" in letter
    await stage.bob.send(channel, f"{stage.me} and me?")
    assert len(letters(stage, stage.bob)) == 1
    assert touched(stage, channel) == [typing(channel)]
    assert stage.engine.prompts == []


async def test_a_day_later_it_is_told_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closed, "_DAY", 5.0)
    channel = quiet(stage)
    await stage.alice.send(channel, f"{stage.me} hello?")
    await play(stage.env, 6)
    await stage.alice.send(channel, f"{stage.me} hello?")
    assert len(letters(stage)) == 2


async def test_an_answer_comes_as_soon_as_it_may_write(stage: Stage) -> None:
    channel = quiet(stage)
    await stage.alice.send(channel, f"{stage.me} hello?")
    world = stage.env.backend
    world.set_overwrite(channel.id, Overwrite(stage.bot_id, 1))
    await stage.alice.send(channel, f"{stage.me} and now?")
    assert [text.endswith("All right.") for text in stage.said(channel)] == [True]


async def test_in_a_thread(stage: Stage) -> None:
    thread = stage.thread()
    stage.env.backend.set_overwrite(
        stage.channel.id,
        Overwrite(
            stage.bot_id,
            1,
            deny=discord.Permissions(send_messages_in_threads=True, add_reactions=True).value,
        ),
    )
    await stage.alice.send(thread, f"{stage.me} hallo?")
    assert len(letters(stage)) == 1


async def test_where_it_answers_everything_a_mark_a_day_is_enough(stage: Stage) -> None:
    channel = quiet(stage, reactions=True)
    await stage.bot.always_on.switch(f"discord:{channel.id}", True)
    sent = [await stage.alice.send(channel, f"message {n}") for n in range(3)]
    assert [marks(stage, one) for one in sent] == [["🔇"], [], []]
    close(stage, channel, add_reactions=True)
    silent = quiet(stage)
    await stage.bot.always_on.switch(f"discord:{silent.id}", True)
    await stage.bob.send(silent, "to nobody in particular")
    assert letters(stage, stage.bob) == []


async def test_who_has_opted_out_is_left_alone(stage: Stage) -> None:
    channel = quiet(stage, reactions=True)
    await stage.bot.opt_outs.switch(str(stage.alice.id), True)
    asked = await stage.alice.send(channel, f"{stage.me} hello?")
    assert marks(stage, asked) == []
    assert letters(stage) == []


async def test_many_who_ask_at_once_are_not_all_written_to(stage: Stage) -> None:
    channel = quiet(stage)
    crowd = [stage.person(f"guest{n}") for n in range(12)]
    for person in crowd:
        await person.send(channel, f"{stage.me} hello?")
    assert sum(len(letters(stage, person)) for person in crowd) == 10


@pytest.mark.simcord(check_errors=False)
async def test_that_somebody_takes_no_direct_messages_is_no_trouble(stage: Stage) -> None:
    channel = quiet(stage)
    stage.env.inject_error(
        "POST", "/channels/*/messages", status=403, code=50007, message="Cannot send", times=None
    )
    for _ in range(3):
        await stage.alice.send(channel, f"{stage.me} hello?")
    sent = [one for one in stage.env.http_requests if one.path.endswith("/messages")]
    assert len(sent) == 1


async def test_those_who_manage_the_server_are_told_where(stage: Stage, admin: Any) -> None:
    channel = quiet(stage)
    assert f"<#{channel.id}>" not in await told(stage, admin)
    await stage.alice.send(channel, f"{stage.me} hello?")
    said = await told(stage, admin)
    assert f"❌ **<#{channel.id}>**: I lack Send Messages, so I cannot answer there" in said


async def test_what_somebody_cannot_see_they_are_not_told(stage: Stage, admin: Any) -> None:
    inner = stage.guild.create_role("inner")
    carol = stage.guild.add_member(stage.env.create_user("carol"), roles=[inner])
    hidden = stage.guild.create_text_channel(
        "hidden",
        overwrites={
            stage.guild.default_role: discord.PermissionOverwrite(view_channel=False),
            inner: discord.PermissionOverwrite(view_channel=True),
            stage.bot.user: discord.PermissionOverwrite(view_channel=True, send_messages=False),
        },
    )
    await carol.send(hidden, f"{stage.me} psst")
    assert str(hidden.id) not in await told(stage, admin)


@pytest.mark.simcord(horizon=0.8, check_errors=False)
async def test_a_forbidden_typing_indicator_is_not_tried_again(stage: Stage) -> None:
    typing = f"/channels/{stage.channel.id}/typing"
    stage.env.inject_error("POST", typing, status=403, code=50013, message="x", times=None)
    stage.engine.answers = [[30.0, "At last."]]
    await stage.alice.send(stage.channel, f"{stage.me} hello?")
    await play(stage.env, 32)
    assert stage.said() == ["At last."]
    assert touched(stage, stage.channel).count(f"POST {typing}") == 1


class TestTimeout:
    """Somebody has timed the bot out: everything but reading is forbidden in the whole server."""

    async def test_the_asker_is_told_until_when(self, stage: Stage) -> None:
        until = datetime.now(UTC) + timedelta(hours=1)
        time_out(stage, until)
        await stage.alice.send(stage.channel, f"{stage.me} hello?")
        [letter] = letters(stage)
        assert f"<t:{int(until.timestamp())}" in letter
        assert stage.said() == []
        assert touched(stage, stage.channel) == [typing(stage.channel)]
        time_out(stage, None)
        await stage.alice.send(stage.channel, f"{stage.me} hello?")
        assert [text.endswith("All right.") for text in stage.said()] == [True]

    async def test_so_are_those_who_look_for_the_cause(self, stage: Stage, admin: Any) -> None:
        asked = await stage.alice.send(stage.channel, "hello?")
        time_out(stage, datetime.now(UTC) + timedelta(hours=1))
        assert "somebody has timed me out" in await told(stage, admin)
        why = await stage.alice.slash(stage.channel, "config why", message=asked.jump_url)
        assert "I am timed out until" in why.response.content


class TestWithoutFiles:
    """The bot may write, but not attach: what would be a file comes in messages."""

    async def test_a_long_answer_is_whole(self, stage: Stage) -> None:
        close(stage, stage.channel, attach_files=True)
        words = " ".join(f"word{n}" for n in range(1_600))
        stage.engine.answers = [words]
        await stage.alice.send(stage.channel, f"{stage.me} write much")
        await play(stage.env, 8)
        shown = stage.shown()
        assert len(shown) > 4
        assert " ".join(one.content for one in shown).split() == words.split()
        assert not any(one.attachments for one in shown)

    async def test_what_is_longer_than_that_says_so(self, stage: Stage) -> None:
        close(stage, stage.channel, attach_files=True)
        stage.engine.answers = [" ".join(f"word{n}" for n in range(4_000))]
        await stage.alice.send(stage.channel, f"{stage.me} write very much")
        await play(stage.env, 12)
        assert "I may not attach files here" in stage.said()[-1]
        assert "in the file" not in stage.said()[-1]


async def test_permissions_that_were_told_wrong_silence_nobody(stage: Stage) -> None:
    """What Discord has told of a server may be old; whether it takes a message is what counts."""
    channel = quiet(stage)
    stage.env.backend.channels[channel.id].overwrites.clear()
    await stage.alice.send(channel, f"{stage.me} hello?")
    assert [text.endswith("All right.") for text in stage.said(channel)] == [True]

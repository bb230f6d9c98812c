"""A Discord that refuses, leaves out or garbles: each question has one answer all the same."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import discord
import pytest
from simcord.backend import serializers
from simcord.backend.models import Overwrite

from bot.errors import SettingsError, StartupError, StoreUnavailable
from tests.stand_ins.discord import Call, DiscordStandIn, Trail
from tests.stand_ins.engine import ScriptedEngine
from tests.wire.in_process import make_bot, running

CREATE = ("POST", "/channels/*/messages")
EDIT = ("PATCH", "/channels/*/messages/*")
STORY = ("Once ", 0.6, "upon ", 0.6, "a time.")


def refers(body: Any) -> bool:
    """Whether a message replies to another one."""
    return isinstance(body, dict) and "message_reference" in body


async def replies(world: DiscordStandIn, asked: int, text: str = "All right.") -> list[Trail]:
    """What stands after a question once it has its answer."""

    def answered() -> bool:
        found = world.replies(asked)
        written = any("Stop" in trail.labels for trail in found)
        return any(text in trail.content for trail in found) and not written

    await world.until(answered, 12)
    await asyncio.sleep(0.3)
    return world.replies(asked)


def ask(world: DiscordStandIn, text: str = "hi") -> int:
    return world.send(world.channel, world.alice, f"{world.mention} {text}")


def no_defect(caplog: pytest.LogCaptureFixture) -> bool:
    return not [r for r in caplog.records if r.levelno >= logging.ERROR and r.name != "asyncio"]


UNKNOWN = {"_errors": [{"code": "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "message": "Unknown message"}]}


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, {"code": 50035, "message": "Invalid", "errors": {"message_reference": UNKNOWN}}),
        (400, {"code": 10008, "message": "Unknown Message"}),
        (404, {"code": 10008, "message": "Unknown Message"}),
        (403, {"code": 160002, "message": "Cannot reply without permission"}),
    ],
)
async def test_what_cannot_be_replied_to_is_answered_without_a_reply(
    world, store, status: int, said: Any
) -> None:
    async with running(world, store):
        world.fault(*CREATE, status=status, said=said, when=refers, times=None)
        [reply] = await replies(world, ask(world))
        assert reply.replies_to is None
        assert reply.content == f"<@{world.alice}> All right."


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, {"code": 0, "message": "401: Unauthorized"}),
        (408, {"code": 0, "message": "timeout"}),
        (400, {"code": 30046, "message": "Maximum number of edits to messages older than 1 hour"}),
        (429, {}),
        (429, {"retry_after": "0.5", "global": False}),
        (429, {"retry_after": 3600, "global": False}),
        (429, {"retry_after": 3600, "global": True}),
    ],
)
@pytest.mark.parametrize("request_", [CREATE, EDIT], ids=["post", "edit"])
async def test_what_is_refused_once_is_not_seen(
    world, store, caplog, request_: tuple[str, str], status: int, said: Any
) -> None:
    engine = ScriptedEngine(STORY)
    async with running(world, store, engine=engine):
        refused = world.fault(*request_, status=status, said=said)
        shown = await replies(world, ask(world), "Once upon a time.")
        assert refused.hits == 1
        assert [(trail.content, trail.labels) for trail in shown] == [("Once upon a time.", [])]
        assert len(await replies(world, ask(world, "and now?"))) == 1
    assert no_defect(caplog)


@pytest.mark.parametrize("status", [400, 429])
async def test_a_new_message_cannot_be_too_old_for_an_edit(
    world, store, caplog, status: int
) -> None:
    async with running(world, store):
        world.fault(*CREATE, status=status, said={"code": 30046, "retry_after": 0.2}, times=2)
        [reply] = await replies(world, ask(world))
        assert (reply.content, reply.labels) == ("All right.", [])
    assert no_defect(caplog)


@pytest.mark.parametrize("said", [b'{"id": "12', b"<html>", b"", {}], ids=str)
async def test_a_message_whose_answer_cannot_be_read_is_not_doubled(
    world, store, caplog, said: Any
) -> None:
    async with running(world, store):
        world.fault(*CREATE, status=200, said=said, applied=True)
        [reply] = await replies(world, ask(world))
        assert reply.content == "All right."
        assert len(await replies(world, ask(world, "and now?"))) == 1
    assert no_defect(caplog)


async def test_a_server_that_never_says_what_it_took_is_not_asked_for_ever(world, store) -> None:
    async with running(world, store):
        world.fault(*CREATE, status=200, said={}, applied=True, times=None)
        await replies(world, ask(world))
        await asyncio.sleep(0.8)
        world.heal()
        assert len(await replies(world, ask(world, "and now?"))) == 1


@pytest.mark.parametrize(
    ("status", "code"), [(403, 50001), (403, 50013), (403, 50083), (400, 50083)]
)
async def test_where_edits_are_forbidden_the_whole_answer_comes_anew(
    world, store, status: int, code: int
) -> None:
    async with running(world, store, engine=ScriptedEngine(STORY)):
        said = {"code": code, "message": "no"}
        refused = world.fault(*EDIT, status=status, said=said, times=None)
        [reply] = await replies(world, ask(world), "Once upon a time.")
        assert (reply.content, reply.labels) == ("Once upon a time.", [])
        assert refused.hits <= 2, "one preview and the last edit"


async def test_a_place_that_takes_nothing_more_is_left_with_what_it_has(
    world, store, caplog
) -> None:
    async with running(world, store, engine=ScriptedEngine(STORY)):
        asked = ask(world)
        await world.until(lambda: world.replies(asked))
        for what in (EDIT, CREATE):
            world.fault(*what, status=403, said={"code": 50001, "message": "Missing"}, times=None)
        await world.until(lambda: "cannot be shown" in caplog.text)
        world.heal()
        world.world.set_overwrite(world.channel, Overwrite(world.guild, 0))
        await asyncio.sleep(0.2)
        assert len(await replies(world, ask(world, "and now?"))) == 1


async def test_a_server_that_sends_the_least_is_understood(world, store, caplog) -> None:
    def least(call: Call, answer: Any) -> Any:
        if "/messages" in call.path and isinstance(answer, dict):
            return {"id": answer["id"]}
        if call.path == "/users/@me":
            return {name: answer[name] for name in ("id", "username")}
        if call.path.startswith("/oauth2"):
            return {"id": answer["id"]}
        return {"url": answer["url"]} if call.path == "/gateway/bot" else answer

    world.rest.sparse = least
    async with running(world, store, engine=ScriptedEngine(STORY)):
        [reply] = await replies(world, ask(world), "Once upon a time.")
        assert reply.labels == []
        assert len(await replies(world, ask(world, "and now?"))) == 1
    assert no_defect(caplog)


def emitted(world: DiscordStandIn, text: str, **more: Any) -> tuple[int, dict[str, Any]]:
    """A message of Alice's that nobody was told of yet, and its event."""
    message = world.world.prepare_message(world.channel, world.alice, text or "-")
    world.world.commit_message(message, broadcast=False)
    event = {"id": str(message.id), "channel_id": str(world.channel), "content": text}
    author = {"id": str(world.alice), "username": "alice"}
    return message.id, {**event, "guild_id": str(world.guild), "author": author, **more}


NEVER = {"question": {"text": "?"}, "answers": [], "expiry": None, "layout_type": 1}
FORWARD = [{"message": {"content": "words of somebody"}}]


@pytest.mark.parametrize(
    "more",
    [{}, {"member": {"nick": "Ally"}}, {"poll": NEVER}, {"message_snapshots": FORWARD}],
    ids=["bare", "member", "poll", "forwarded"],
)
async def test_a_message_with_few_fields_is_answered(world, store, caplog, more: Any) -> None:
    async with running(world, store):
        asked, event = emitted(world, f"{world.mention} hi", **more)
        world.gateway.emit("MESSAGE_CREATE", event)
        assert len(await replies(world, asked)) == 1
        world.gateway.emit("MESSAGE_CREATE", event)
        await asyncio.sleep(0.4)
        assert len(world.replies(asked)) == 1, "the same message again is answered once"
    assert no_defect(caplog)


async def test_a_poll_whose_answers_have_no_words_is_read(world, store, caplog) -> None:
    tea = {"poll_media": {"emoji": {"id": None, "name": "🍵"}}}
    poll = {**NEVER, "question": {"text": "Drink?"}, "answers": [{"answer_id": 1, **tea}]}
    engine = ScriptedEngine()
    async with running(world, store, engine=engine):
        asked, event = emitted(world, f"{world.mention} choose", poll=poll)
        world.gateway.emit("MESSAGE_CREATE", event)
        assert len(await replies(world, asked)) == 1
        assert "[poll: Drink? Answers: 🍵]" in engine.prompts[-1]
    assert no_defect(caplog)


async def test_two_who_press_retry_at_once_get_one_answer(
    world, store, caplog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise StoreUnavailable

    carol = world.add_user("carol", world.guild)
    may = discord.Permissions(manage_messages=True).value
    role = world.world.create_role(world.guild, "Mods", permissions=may)
    world.world.add_member_role(world.guild, carol, role.id)
    async with running(world, store):
        with monkeypatch.context() as gone:
            gone.setattr(store, "load", away)
            asked = ask(world)
            await world.until(lambda: world.replies(asked))
        [notice] = world.replies(asked)
        world.fault("GET", f"/channels/*/messages/{asked}", delay=0.4, times=None)
        presses = [world.press(notice.id, who, "Retry") for who in (world.alice, carol)]
        shown = await replies(world, asked)
        await world.until(lambda: all(press.responded for press in presses))
        await asyncio.sleep(1.0)
        assert [trail.content for trail in shown] == ["All right."]
        assert [press.followups for press in presses] == [[], []]
    assert no_defect(caplog)


async def test_an_edit_that_tells_only_the_new_text_is_taken_over(world, store, caplog) -> None:
    async with running(world, store):
        asked = ask(world)
        [reply] = await replies(world, asked)
        message = world.trail(asked).message
        message.content = f"{world.mention} something else"
        message.edited_timestamp = world.world.now_iso()
        ids = {"id": str(asked), "channel_id": str(world.channel), "guild_id": str(world.guild)}
        world.gateway.emit("MESSAGE_UPDATE", {**ids, "embeds": []})
        world.gateway.emit("MESSAGE_UPDATE", {**ids, "content": message.content})
        await world.until(lambda: "Answer again" in reply.labels)
        world.gateway.emit("MESSAGE_UPDATE", {**ids, "id": "5", "content": "gone by now"})
        await world.until(lambda: "edit of message 5" in caplog.text)
    assert no_defect(caplog)


@pytest.mark.parametrize(
    ("event", "data"),
    [
        ("MESSAGE_CREATE", {"author": "alice"}),
        ("MESSAGE_UPDATE", {"guild_id": "none", "content": "hi"}),
        ("INTERACTION_CREATE", {"id": "5", "type": 3, "token": "t", "data": {}}),
    ],
)
async def test_an_event_that_cannot_be_read_costs_nothing_but_itself(
    world, store, caplog, event: str, data: Any
) -> None:
    async with running(world, store):
        world.gateway.emit(event, data)
        assert len(await replies(world, ask(world))) == 1
        assert world.gateway.identifies == 1
    assert f"reading {event} failed" in caplog.text


@pytest.mark.parametrize("frame", ["no json{", '{"op": 0, "t": "RESUMED", "s": 1, "d": null}'])
async def test_a_frame_that_cannot_be_read_costs_a_connection_only(
    world, store, frame: str
) -> None:
    async with running(world, store):
        [session] = world.gateway.sessions.values()
        session.connection.send(frame)
        await world.until(lambda: world.gateway.identifies == 2, 15)
        assert len(await replies(world, ask(world))) == 1


async def test_a_gateway_that_closes_each_connection_is_not_stormed(
    world, store, monkeypatch: pytest.MonkeyPatch, caplog
) -> None:
    resumed: list[Any] = []

    def close(connection: Any, data: Any) -> None:
        resumed.append(data)
        connection.close(4000)

    resume = world.gateway._resume
    async with running(world, store):
        monkeypatch.setattr(world.gateway, "_resume", close)
        world.gateway.drop(4000)
        await world.until(lambda: len(resumed) > 1)
        await asyncio.sleep(2)
        assert len(resumed) < 10
        monkeypatch.setattr(world.gateway, "_resume", resume)
        assert len(await replies(world, ask(world))) == 1
    assert "connections end at once" in caplog.text


@pytest.mark.parametrize(
    ("code", "ends", "said"),
    [
        (4004, SettingsError, "DISCORD_TOKEN: Discord does not accept it any more"),
        (4010, StartupError, "does not know the shard"),
        (4011, StartupError, "needs more shards"),
        (4012, StartupError, "this version of its API"),
        (4013, StartupError, "does not know an intent"),
    ],
)
async def test_a_connection_that_is_closed_for_good_ends_in_one_line(
    world, store, code: int, ends: type[Exception], said: str
) -> None:
    async with make_bot(world.api, store) as bot:
        task = asyncio.create_task(bot.start("token"))
        await world.until(lambda: world.gateway.connected and bot.guilds)
        world.gateway.drop(code)
        with pytest.raises(ends, match=said) as ended:
            await asyncio.wait_for(task, 10)
    assert "\n" not in str(ended.value)


async def test_options_that_no_client_sends_any_more_are_refused_in_words(
    world, store, caplog
) -> None:
    owner = world.world.guilds[world.guild].owner_id
    async with running(world, store):
        await world.until(lambda: "stats" in world.commands)
        odd = [
            world.slash(world.channel, owner, "stats", over="a century"),
            world.slash(world.channel, owner, "say", text="x" * 6_000),
        ]
        await world.until(lambda: all(shown.answered for shown in odd))
        assert all("reload Discord" in shown.text for shown in odd)
    assert no_defect(caplog)


async def test_a_button_that_nobody_knows_any_more_says_so(world, store) -> None:
    async with running(world, store):
        [reply] = await replies(world, ask(world))
        pressed = [
            world._interactions._component(world.alice, reply, name)
            for name in ("control", "old:7", "", "x" * 100)
        ]
        await world.until(lambda: all(one.answered for one in pressed))
        assert all("older version" in one.text and one.ephemeral for one in pressed)


CALLBACK = ("POST", "/interactions/*/*/callback")


async def test_an_answer_to_a_command_that_cannot_be_read_is_told_in_words(
    world, store, caplog
) -> None:
    async with running(world, store):
        await world.until(lambda: "help" in world.commands)
        world.fault(*CALLBACK, status=200, said=b"{", applied=True)
        shown = world.slash(world.channel, world.alice, "help")
        await world.until(lambda: "broke off" in shown.text)
        world.fault(*CALLBACK, status=401, said={"code": 50027, "message": "Invalid token"})
        late = world.slash(world.channel, world.alice, "help")
        await world.until(lambda: "too slow" in late.text)
    assert no_defect(caplog)


async def test_the_title_of_a_forums_post_is_part_of_the_question(world, store) -> None:
    forum = world.add_channel(world.guild, "forum", type=15)
    engine = ScriptedEngine()
    async with running(world, store, engine=engine):
        await asyncio.sleep(0.1)
        post = world.add_thread(forum, "How do I bake bread?", world.alice)
        message = world.world.prepare_message(post, world.alice, f"{world.mention} please help")
        message.id = post
        world.world.commit_message(message)
        await world.until(lambda: engine.prompts)
    assert "Alice: [title: How do I bake bread?]\nplease help<" in engine.prompts[-1].replace(
        "alice:", "Alice:"
    )


async def test_a_mention_that_is_not_listed_counts_for_people_only(world, store) -> None:
    async with running(world, store):
        asked, event = emitted(world, f"{world.mention} hi", mentions=[])
        world.gateway.emit("MESSAGE_CREATE", event)
        assert len(await replies(world, asked)) == 1
        user = dict(serializers.user_payload(world.world.get_user(world.alice)))
        quoted, event = emitted(world, f"> {world.mention} hi", mentions=[], author=user)
        world.gateway.emit("MESSAGE_CREATE", event)
        await asyncio.sleep(0.5)
        assert not world.replies(quoted)

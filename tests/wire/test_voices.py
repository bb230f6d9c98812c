"""Characters on real sockets: limits, lost answers, and `kill -9` in the middle of a line."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random

import discord
import pytest

from bot.characters.stage import Member, Stage
from bot.conversation.library import Character
from bot.store.history import RedisStore
from tests.discord import webhooks
from tests.stand_ins.discord import Trail
from tests.wire.conftest import STORY, House

KILLS = int(os.environ.get("KILLS", "2"))
SPAN = 1.6

EXECUTE = ("POST", "/webhooks/*/*")
EDIT = ("PATCH", "/webhooks/*/*/messages/*")


@pytest.fixture
async def room(empty_house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house in whose channel Ada is on stage."""
    webhooks.install(monkeypatch)
    return await furnished(empty_house)


async def furnished(house: House) -> House:
    store = RedisStore(house.valkey.url)
    library = f"discord:server:{house.guild}"
    data = {"name": "Ada", "description": "Ada keeps the lighthouse."}
    card = json.dumps({"spec": "chara_card_v2", "spec_version": "2.0", "data": data}).encode()
    digest = hashlib.sha256(card).hexdigest()
    await store.save_character(Character("ada", library, "Ada", "1", digest), card)
    member = Member(library, "ada", digest, "Ada")
    await store.save_stage(f"discord:{house.channel}", Stage((member,)))
    await store.aclose()
    role = house.discord.world.guilds[house.guild].roles[house.guild]
    role.permissions |= discord.Permissions(manage_webhooks=True).value
    await house.start_bot()
    return house


def said(house: House, asked: int) -> list[Trail]:
    """What Ada has said since a question."""
    return [
        trail
        for trail in house.discord.messages(house.channel)
        if trail.message.webhook_id and trail.id > asked
    ]


async def hears(house: House, asked: int, text: str, timeout: float = 20.0) -> Trail:
    """Wait for the finished line, which stands there once."""

    def finished() -> bool:
        lines = said(house, asked)
        return bool(lines) and lines[-1].content.endswith(text) and not lines[-1].labels

    try:
        await house.discord.until(finished, timeout)
    except TimeoutError:
        seen = [(line.content, line.labels) for line in said(house, asked)]
        raise AssertionError(f"there is {seen}; log:\n{house.bot.log[-3_000:]}") from None
    [line] = said(house, asked)
    assert f"/{asked})" in line.content
    return line


async def test_a_line_is_written_within_the_limits(room: House) -> None:
    room.engine.say(STORY)
    line = await hears(room, asked := room.ask("A story?"), STORY)
    assert len(line.revisions) > 2
    assert not [call for call in room.discord.calls if call.limited]
    assert room.discord.world.users[line.author_id].bot
    assert not room.text_after(asked), "nothing comes in the bot's own name"


async def test_where_a_webhook_may_have_no_buttons_it_speaks_without(empty_house: House) -> None:
    # simcord as it is takes the bot's webhook for one that belongs to no application.
    room = await furnished(empty_house)
    room.engine.say(STORY)
    line = await hears(room, asked := room.ask("A story?"), STORY)
    assert not any(revision.components for revision in line.revisions)
    room.engine.say("Yes.")
    await hears(room, room.ask("Really?"), "Yes.")
    assert not room.text_after(asked), "nothing comes in the bot's own name"


@pytest.mark.parametrize("fault", [{"status": 429}, {"status": 503}, {"drop": True}])
@pytest.mark.parametrize("request_", [EXECUTE, EDIT], ids=["send", "edit"])
async def test_a_fault_heals(
    room: House, request_: tuple[str, str], fault: dict[str, object]
) -> None:
    room.discord.fault(*request_, **fault)
    room.engine.say(STORY)
    await hears(room, room.ask("A story?"), STORY)


async def test_a_line_whose_answer_was_lost_is_not_said_twice(room: House) -> None:
    room.discord.fault(*EXECUTE, drop=True, applied=True)
    room.engine.say(STORY)
    await hears(room, room.ask("A story?"), STORY)
    room.discord.fault(*EXECUTE, drop=True, applied=True)
    room.engine.say("Yes.")
    await hears(room, room.ask("Really?"), "Yes.")


async def test_killed_at_any_instant(room: House) -> None:
    rng = random.Random(os.environ.get("SEED", "1"))
    for number in range(KILLS):
        text = f"Story {number}: " + " ".join(f"word{n}" for n in range(30)) + " end."
        room.engine.say(text)
        asked = room.ask(f"Tell me story {number}")
        await asyncio.sleep(rng.uniform(0, SPAN))
        await room.bot.kill()
        room.discord.gateway.forget()
        await room.start_bot()
        await hears(room, asked, text, 40)
        await room.settled(20)

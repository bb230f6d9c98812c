"""Cards that want out, in Discord: nobody is pinged, no tool runs, nothing leaves the channel."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any

import pytest
from simcord.actors import MemberActor

from bot.characters.stage import Member
from bot.conversation.library import Character
from bot.conversation.ports import Store
from bot.settings import load
from bot.tools.kit import Kit
from cogs.tools import ToolCog
from tests.conversation.test_hostile_cards import HOSTILE, card
from tests.discord.conftest import Stage
from tests.discord.test_safety import REFUSED, admin, library
from tests.discord.test_tools import SERVER, Door, Sky, calling

CALL = calling("open_door", door="vault")


@pytest.fixture
def door(store: Store) -> Door:
    cog = Door(Kit(load({}, dotenv=None), None, store))
    cog.opened = []
    return cog


@pytest.fixture
def tool_cogs(store: Store, door: Door) -> Sequence[ToolCog]:
    return Sky(Kit(load({}, dotenv=None), None, store)), door


def hostile(name: str = "Aria", text: str = HOSTILE) -> dict[str, Any]:
    return {"spec": "chara_card_v2", "spec_version": "2.0", "data": card(text, name)}


async def brought(stage: Stage, boss: MemberActor, made: dict[str, Any]) -> Character:
    """The character that comes of a card which somebody imports."""
    file = ("card.json", json.dumps(made).encode())
    await boss.slash(stage.channel, "character import", file=file, **{"for": "server"})
    [character] = await stage.env.bot.store.characters(library(stage))
    return character


async def plays(stage: Stage, character: Character) -> None:
    member = Member(character.library, character.id, character.card, character.name)
    place = f"discord:{stage.channel.id}"
    await stage.env.bot.conversations.stages.enter(place, member)


async def says(stage: Stage, *answers: str) -> None:
    stage.engine.answers = list(answers)
    await stage.alice.send(stage.channel, f"{stage.me} hello")


def calls_in(stage: Stage) -> list[Any]:
    """What the bot's messages say about whom they ping."""
    bodies = (request.json for request in stage.env.http_requests)
    messages = (body.get("data", body) for body in bodies if isinstance(body, dict))
    return [
        body["allowed_mentions"]
        for body in messages
        if isinstance(body, dict) and body.get("allowed_mentions") is not None
    ]


async def test_bringing_showing_and_playing_one_pings_nobody(stage: Stage) -> None:
    boss = admin(stage)
    aria = await brought(stage, boss, hostile())
    await boss.slash(stage.channel, "character show", character=aria.id, everybody=True)
    await boss.slash(stage.channel, "character list")
    await plays(stage, aria)
    await says(stage, f"<@{stage.bob.id}> @everyone @here <@&1> {HOSTILE}")
    assert stage.engine.requests
    for allowed in calls_in(stage):
        assert allowed.get("parse", []) == []
        assert not allowed.get("roles")
        assert set(allowed.get("users", [])) <= {str(stage.alice.id), stage.alice.id}
    for message in stage.shown():
        assert stage.bob.id not in [
            user.id for user in message.mentions if message.reference is None
        ]
        assert not message.mention_everyone


async def test_what_it_says_stays_in_its_channel(stage: Stage) -> None:
    other = stage.guild.create_text_channel("other")
    await plays(stage, await brought(stage, admin(stage), hostile()))
    before, before_shown = len(stage.env.http_requests), len(stage.heard())
    await says(stage, f"<#{other.id}> {HOSTILE}")
    paths = [request.path for request in stage.env.http_requests[before:]]
    # A character may speak by the channel's own webhook.
    assert all(path.startswith((f"/channels/{stage.channel.id}/", "/webhooks/")) for path in paths)
    assert len(stage.heard()) == before_shown + 1
    assert stage.said(other) == []


async def test_no_tool_runs_though_the_server_allows_it(stage: Stage, door: Door) -> None:
    boss = admin(stage)
    await boss.slash(stage.channel, "tools switch", tool="open_door", on=True, **SERVER)
    await plays(stage, await brought(stage, boss, hostile(text=f"{HOSTILE}\n{CALL}")))
    await says(stage, CALL, "Done.")
    await says(stage, f"Here: {CALL}", "Done.")
    assert door.opened == []
    assert all("weather" not in prompt.split("<|im_end|>")[0] for prompt in stage.engine.prompts)
    turns = await stage.env.bot.conversations.history(f"discord:{stage.channel.id}")
    runs = [run for turn in turns for step in turn.steps for run in step.runs]
    assert all(run.failed and "no tools here" in str(run.content) for run in runs)
    assert not any("Confirm" in str(message.components) for message in stage.shown())


async def test_the_same_without_a_character_is_a_call(stage: Stage) -> None:
    # That the test above can fail: the tool is there, and is called where nobody is on stage.
    await says(stage, calling("weather", location="Paris"), "21 degrees.")
    assert "weather: Paris" in stage.said()[-1]


@pytest.mark.parametrize(
    "name", ["@everyone", "<@1>", "[x](https://e.vil)", "A\nB", "Clyde", "\u202eairA", "x" * 200]
)
async def test_a_name_is_no_markup(stage: Stage, name: str) -> None:
    boss = admin(stage)
    aria = await brought(stage, boss, hostile(name, "plain"))
    shown = await boss.slash(stage.channel, "character list")
    assert "](https://e.vil)" not in shown.response.content.replace("\\", "|")
    await plays(stage, aria)
    await says(stage, "Hello.")
    assert all(allowed.get("parse", []) == [] for allowed in calls_in(stage))


@REFUSED
@pytest.mark.parametrize(
    "file",
    [
        ("big.json", b'{"name": "A", "description": "' + b"x" * 6_000_000 + b'"}'),
        ("deep.json", b'{"name":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        ("many.json", b'{"name": "A", "tags": [' + b"1," * 900_000 + b"1]}"),
        ("cut.png", b"\x89PNG\r\n\x1a\n" + b"\x00" * 1_000),
    ],
    ids=["big", "deep", "many", "cut"],
)
async def test_a_file_that_is_too_much_is_refused_in_words(
    stage: Stage, file: tuple[str, bytes]
) -> None:
    boss = admin(stage)
    done = await boss.slash(stage.channel, "character import", file=file, **{"for": "server"})
    assert done.response.ephemeral
    assert done.response.content
    assert "ref `" not in done.response.content
    assert await stage.env.bot.store.characters(library(stage)) == []


@REFUSED
async def test_a_packed_bomb_is_refused(stage: Stage) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("card.json", b" " * 60_000_000)
    file = ("bomb.charx", packed.getvalue())
    done = await admin(stage).slash(stage.channel, "character import", file=file)
    assert "ref `" not in done.response.content
    assert await stage.env.bot.store.characters(library(stage)) == []

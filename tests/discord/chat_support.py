"""Chat files, and bringing them into a channel."""

from __future__ import annotations

import json
from typing import Any

import discord
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from tests.discord.conftest import Stage

HEADER = {
    "user_name": "Ada",
    "character_name": "Aria",
    "create_date": "2025-01-02 @10h 00m 00s 000ms",
    "chat_metadata": {"note_prompt": "It rains.", "integrity": "5f0c"},
}


def line(name: str, text: str, *, user: bool = False, **more: Any) -> dict[str, Any]:
    """A line of SillyTavern's."""
    return {"name": name, "is_user": user, "is_system": False, "mes": text, "extra": {}, **more}


def group_chat() -> list[dict[str, Any]]:
    """A group chat with swipes, hidden lines, a narrator and all kinds of dates."""
    return [
        HEADER,
        line("Aria", "Long ago.", is_system=True, send_date="2024-12-31T08:00:00.000Z"),
        line("Note", "Remember to water.", is_system=True, extra={"type": "comment"}),
        line("Aria", "Who is there?", send_date="2025-01-02 @10h 00m 01s 000ms"),
        line("Ada", "It is me.", user=True, send_date="January 2, 2025 10:01am"),
        line(
            "Aria",
            "Come in, then.",
            send_date=1_735_812_120_000,
            swipes=["Go away.", "Come in, the.", "Hm."],
            swipe_id=1,
        ),
        line("System", "The fire crackles.", extra={"type": "narrator"}, send_date="yesterday"),
        line("Bram", "*He nods.*", send_date="2025-01-02T10:03:00+00:00"),
        line("Ada", "Good evening, both.", user=True, send_date=None),
        line("Aria", "Sit down.", send_date="2025-01-02T10:05:00.000Z"),
    ]


def jsonl(rows: list[Any]) -> bytes:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


def manager(stage: Stage, name: str = "Mona") -> MemberActor:
    """Somebody who may manage messages."""
    return stage.person(name, manage_messages=True)


async def give(
    who: MemberActor, channel: ChannelHandle, data: bytes, name: str = "chat.jsonl"
) -> InteractionResult:
    """`/chat import` with a file."""
    return await who.slash(channel, "chat import", file=(name, data))


async def bring(
    stage: Stage,
    who: MemberActor,
    data: bytes,
    channel: ChannelHandle | None = None,
    label: str = "Bring it in",
) -> str:
    """The same, and the button; returns what all are told."""
    asked = await give(who, channel or stage.channel, data)
    assert asked.response, asked
    await who.click(asked.response, label=label)
    return stage.said(channel)[-1]


async def export(
    who: MemberActor, channel: ChannelHandle, **options: Any
) -> tuple[str, list[dict[str, Any]], bytes]:
    """`/chat export`: the file's name, its rows, and its bytes."""
    given = await who.slash(channel, "chat export", **options)
    assert given.response
    assert given.ephemeral
    [file] = given.response.attachments
    data = await file.read()
    return file.filename, [json.loads(one) for one in data.decode().splitlines()], data


def refusal(result: InteractionResult) -> str:
    """What somebody is told who gets nothing."""
    message: discord.Message | None = result.response
    return message.content if message else ""

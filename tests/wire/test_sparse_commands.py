"""Commands and buttons of a server that only resembles Discord: less comes, nothing breaks."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tests.stand_ins.discord import Call
from tests.wire.in_process import running

CALLBACK = ("POST", "/interactions/*/*/callback")


def no_defect(caplog: pytest.LogCaptureFixture) -> bool:
    return not [r for r in caplog.records if r.levelno >= logging.ERROR and r.name != "asyncio"]


def less_of_targets(data: dict[str, Any]) -> dict[str, Any]:
    """An interaction whose target is told in the fewest words; its poll, if any, never ends."""
    resolved = data["data"].get("resolved") or {}
    kept = ("id", "channel_id", "content", "author")
    poll = {"question": {"text": "?"}, "answers": [], "expiry": None}
    least = {
        number: {name: message[name] for name in kept} | {"poll": poll}
        for number, message in resolved.get("messages", {}).items()
    }
    more = {"resolved": {**resolved, "messages": least}} if least else {}
    return {**data, "data": {**data["data"], **more}}


async def test_commands_and_buttons_go_with_the_least(world, store, caplog, monkeypatch) -> None:
    def least(call: Call, answer: Any) -> Any:
        if call.path.endswith("/callback"):
            return None  # 204, though discord.py asks what became of it
        spoken = call.path.startswith("/webhooks/") and isinstance(answer, dict)
        return {name: answer[name] for name in ("id", "channel_id")} if spoken else answer

    emit, left_out = world.world.emit, ("channel", "app_permissions")

    def emit_less(event: str, data: Any) -> None:
        less = {name: value for name, value in data.items() if name not in left_out}
        emit(event, less_of_targets(less) if event == "INTERACTION_CREATE" else less)

    monkeypatch.setattr(world.world, "emit", emit_less)
    world.rest.sparse = least
    async with running(world, store):
        await world.until(lambda: "ask" in world.commands)
        here = world.slash(world.channel, world.alice, "ask", question="hi")
        alone = world.slash(world.channel, world.alice, "ask", question="hi", private=True)
        at_once = world.slash(world.channel, world.alice, "config why")
        await world.until(lambda: all(shown.answered for shown in (here, alone, at_once)))
        assert (here.text, alone.text) == ("All right.", "All right.")
        assert "who mentions me" in at_once.text

        asked = world.send(world.channel, world.alice, f"{world.mention} hi")
        await world.until(lambda: world.replies(asked) and world.replies(asked)[0].buttons)
        [reply] = world.replies(asked)
        old = world._interactions._component(world.alice, reply, "old:7")
        await world.until(lambda: "older version" in old.text)
        menu = world.message_command(reply.id, world.alice, "Manage reply")
        await world.until(lambda: "What shall I do" in menu.text)
    assert no_defect(caplog)


async def test_too_many_commands_are_told_in_words(world, store, caplog) -> None:
    async with running(world, store):
        await world.until(lambda: "help" in world.commands)
        # So often discord.py tries again.
        world.fault(*CALLBACK, status=429, said={"retry_after": 0.05}, times=5)
        shown = world.slash(world.channel, world.alice, "help")
        await world.until(lambda: "try again later" in shown.text)
    assert no_defect(caplog)

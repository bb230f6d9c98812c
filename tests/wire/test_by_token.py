"""Commands are answered by their token: also where Discord limits, hangs, or says nothing."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from bot.client import webhook_adapter
from tests.stand_ins.discord import DiscordStandIn
from tests.stand_ins.engine import ScriptedEngine
from tests.wire.in_process import running
from tests.wire.test_odd_discord import STORY, ask, no_defect, replies

CALLBACK = ("POST", "/interactions/*/*/callback")
RESPONSE = ("PATCH", "/webhooks/*/*/messages/@original")


async def story(world: DiscordStandIn) -> None:
    """Have `/ask` tell one, up to its end."""
    await world.until(lambda: "ask" in world.commands)
    shown = world.slash(world.channel, world.alice, "ask", question="A story?")
    await world.until(lambda: shown.answered and shown.text == "Once upon a time.", 12)


@pytest.mark.parametrize("fault", [{"status": 204, "said": b""}, {"status": 200, "said": {}}])
async def test_a_server_that_does_not_say_what_it_made_of_a_response(
    world, store, caplog, fault: dict[str, Any]
) -> None:
    async with running(world, store, engine=ScriptedEngine(STORY)):
        world.fault(*CALLBACK, **fault, applied=True, times=None)
        await story(world)
        shown = world.slash(world.channel, world.alice, "help")
        await world.until(lambda: shown.answered and shown.text)
    assert no_defect(caplog)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "said": {"retry_after": 3600, "global": False}},
        {"status": 429, "said": {"retry_after": None}},
        {"status": 429, "said": {}},
        {"status": 200, "said": {}, "applied": True},
    ],
)
async def test_what_is_refused_once_is_not_seen(
    world, store, caplog, fault: dict[str, Any]
) -> None:
    async with running(world, store, engine=ScriptedEngine(STORY)):
        refused = world.fault(*RESPONSE, **fault)
        await story(world)
        assert refused.hits == 1
        assert len(await replies(world, ask(world, "and now?"))) == 1
    assert no_defect(caplog)


async def test_an_answer_is_not_kept_for_the_pause_that_it_announces(world, store, caplog) -> None:
    last = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "3600"}
    async with running(world, store, engine=ScriptedEngine(STORY)):
        told = world.fault(*RESPONSE, headers=last, times=None)
        await story(world)
        assert told.hits
        assert len(await replies(world, ask(world, "and now?"))) == 1
    assert no_defect(caplog)


async def test_an_answer_that_never_comes_is_not_waited_for(
    world, store, caplog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_adapter, "SILENCE", aiohttp.ClientTimeout(sock_read=1.0))
    async with running(world, store, engine=ScriptedEngine(STORY)):
        world.fault(*RESPONSE, delay=60.0)
        await story(world)
        assert len(await replies(world, ask(world, "and now?"))) == 1
    assert no_defect(caplog)

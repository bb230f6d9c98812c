"""What a user is shown of a failure leads to its lines in the log, and from there to the rest."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator

import pytest

from bot.errors import EngineInterrupted
from bot.log import JsonFormatter
from tests.discord.conftest import Stage
from tests.stand_ins.engine import ScriptedEngine

pytestmark = pytest.mark.simcord(check_errors=False)


class Lines:
    """The log as JSON lines, read while it is written."""

    def __init__(self) -> None:
        self.written = io.StringIO()

    def all(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.written.getvalue().splitlines()]

    def about(self, reply: str) -> list[dict[str, str]]:
        return [line for line in self.all() if line.get("reply") == reply]


@pytest.fixture
def lines() -> Iterator[Lines]:
    found = Lines()
    handler = logging.StreamHandler(found.written)
    handler.setFormatter(JsonFormatter())
    logging.getLogger("bot").addHandler(handler)
    logging.getLogger("cogs").addHandler(handler)
    yield found
    logging.getLogger("bot").removeHandler(handler)
    logging.getLogger("cogs").removeHandler(handler)


def reference(text: str) -> str:
    found = re.search(r"ref `(\w+)`", text)
    assert found, text
    return found[1]


async def test_a_defect_in_a_reply(stage: Stage, engine: ScriptedEngine, lines: Lines):
    engine.answers.append(["So", ValueError("a defect of ours")])
    asked = await stage.alice.send(stage.channel, f"{stage.me} hello")
    await stage.settle()
    shown = reference(stage.said()[-1])
    [line] = [one for one in lines.about(f"r{asked.id}") if shown in one["message"]]
    assert "a defect of ours" in line["exception"]


async def test_a_defect_before_there_is_a_reply(
    stage: Stage, lines: Lines, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("cogs.chat.ask_of", lambda *_, **__: 1 / 0)
    asked = await stage.alice.send(stage.channel, f"{stage.me} hello")
    await stage.settle()
    shown = reference(stage.said()[-1])
    [line] = [one for one in lines.about(f"r{asked.id}") if shown in one["message"]]
    assert "ZeroDivisionError" in line["exception"]


async def test_replies_that_are_written_side_by_side_are_told_apart(
    stage: Stage, engine: ScriptedEngine, lines: Lines
):
    engine.default = ["So", EngineInterrupted("The one.")]
    here = await stage.alice.send(stage.channel, f"{stage.me} hello")
    there = await stage.bob.send(stage.thread(), f"{stage.me} hello")
    await stage.settle()
    for asked in (here, there):
        broken = [one for one in lines.about(f"r{asked.id}") if "The one." in one["message"]]
        assert len(broken) == 1
    assert not [one for one in lines.all() if "The one." in one["message"] and "reply" not in one]

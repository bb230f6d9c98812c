"""The message in the operator's channel when an engine is away, and when it is back."""

from __future__ import annotations

import asyncio
import time

import pytest

from bot.conversation import absence
from cogs.alerts import in_words
from tests.discord.conftest import Stage
from tests.stand_ins.engine import ScriptedEngine


class TestWithAChannel:
    @pytest.fixture(autouse=True)
    def quick(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(absence, "STEADY", 0.05)

    @pytest.fixture
    def environ(self) -> dict[str, str]:
        # No channel has this id yet: the test gives it to one.
        return {"ALERT_CHANNEL": "123456789012345678", "ALERT_AFTER": "0.05"}

    async def looks(self, stage: Stage, count: int) -> None:
        for _ in range(count):
            await stage.bot.watch.look()
            await asyncio.sleep(0.03)
        await stage.settle()

    async def test_one_message_for_an_absence_and_one_for_its_end(
        self, stage: Stage, engine: ScriptedEngine
    ):
        stage.bot.get_cog("Alerts")._channel = stage.channel.id
        await self.looks(stage, 2)
        assert stage.said() == []
        engine.away, before = True, int(time.time())
        await self.looks(stage, 6)
        [told] = stage.said()
        assert told.startswith("⚠️ The model's engine does not answer, since <t:")
        assert before <= int(told.partition("<t:")[2].partition(":")[0]) <= time.time()
        engine.away = False
        await self.looks(stage, 6)
        assert len(stage.said()) == 2
        assert stage.said()[1].startswith("✅ The model's engine answers again. It was away for ")

    @pytest.mark.simcord(check_errors=False)
    async def test_a_channel_that_is_not_there_is_one_line_in_the_log(
        self, stage: Stage, engine: ScriptedEngine, caplog: pytest.LogCaptureFixture
    ):
        engine.away = True
        await self.looks(stage, 6)
        [line] = [r.getMessage() for r in caplog.records if "ALERT_CHANNEL" in r.getMessage()]
        assert "does not answer" in line


async def test_without_a_channel_nobody_is_told(stage: Stage):
    assert stage.bot.get_cog("Alerts") is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3_725, "1 h 2 min"),
        (3_605, "1 h"),
        (90_000, "1 d 1 h"),
    ],
)
def test_times_in_words(seconds, words):
    assert in_words(seconds) == words

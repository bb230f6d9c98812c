"""What stands under the bot's name."""

from __future__ import annotations

import discord
import pytest

from bot.errors import SettingsError
from bot.settings import load
from tests.discord.conftest import Stage


class TestWithWords:
    @pytest.fixture
    def environ(self) -> dict[str, str]:
        return {"STATUS_TEXT": "Ask me about stars"}

    async def test_are_told_with_each_login(self, stage: Stage) -> None:
        told = stage.bot.activity
        assert isinstance(told, discord.CustomActivity)
        assert told.to_dict() == {
            "type": 4,
            "name": "Custom Status",
            "state": "Ask me about stars",
        }


async def test_nothing_stands_there_by_itself(stage: Stage) -> None:
    assert stage.bot.activity is None


def test_discord_takes_128_characters() -> None:
    assert load({"STATUS_TEXT": "x" * 128}).status_text == "x" * 128
    with pytest.raises(SettingsError, match=r"STATUS_TEXT: .*128"):
        load({"STATUS_TEXT": "x" * 129})

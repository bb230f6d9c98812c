"""The bot that is connected to nothing has the commands of the one that is."""

from __future__ import annotations

import os

from bot.commands.offline import offline_bot
from tests.discord.conftest import Stage


async def test_it_has_the_commands_of_the_bot_that_discord_sees(stage: Stage) -> None:
    told = [command.to_dict(stage.bot.tree) for command in stage.bot.tree.get_commands(type=None)]
    async with offline_bot() as bot:
        offered = [command.to_dict(bot.tree) for command in bot.tree.get_commands(type=None)]
    assert sorted(offered, key=lambda one: one["name"]) == sorted(told, key=lambda one: one["name"])


async def test_no_settings_of_the_machine_are_read(monkeypatch, tmp_path) -> None:
    (tmp_path / ".env").write_text("NO_SUCH_SETTING=1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(os.environ, "ENGINE_SLOTS", "many")
    async with offline_bot() as bot:
        assert bot.settings.engine_slots is None

"""Nothing installed but the bot: the embedded engine with its tiny model, and a private Valkey."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.stand_ins.discord import DiscordStandIn, Trail
from tests.wire.processes import BotProcess


class Alone:
    """A Discord and a bot that brings everything else along."""

    def __init__(self, directory: Path, discord: DiscordStandIn) -> None:
        self.discord = discord
        self.guild = discord.add_guild()
        self.channel = discord.add_channel(self.guild)
        self.user = discord.add_user("quentin", self.guild)
        chosen = {name: os.environ[name] for name in ("MODEL_FILE",) if name in os.environ}
        self.bot = BotProcess(directory, DISCORD_API_URL=discord.api, **chosen)

    async def start(self) -> None:
        before = self.discord.gateway.identifies
        await self.bot.start()
        await self.discord.until(
            lambda: self.discord.gateway.identifies > before or not self.bot.alive, 30
        )
        assert self.bot.alive, self.bot.log

    async def answer(self, text: str) -> Trail:
        """Ask, and wait for a finished reply."""
        mention = self.discord.mention
        asked = self.discord.send(self.channel, self.user, f"{mention} {text}")
        return await self.discord.until(
            lambda: next((t for t in self.discord.replies(asked) if t.content and not t.labels), 0),
            20,
        )


@pytest.fixture
async def alone(tmp_path: Path):
    async with DiscordStandIn() as discord:
        house = Alone(tmp_path, discord)
        yield house
        if house.bot.alive:
            await house.bot.stop()


async def test_it_answers_restarts_and_remembers(alone: Alone) -> None:
    await alone.start()
    await alone.answer("Hello, my name is Mira.")
    assert await alone.bot.stop() == 0, alone.bot.log
    await alone.start()
    reply = await alone.answer("What is my name?")
    assert "mira" in reply.content.lower()
    await alone.bot.kill()
    await alone.start()
    await alone.answer("Thank you!")
    shown = alone.discord.slash(alone.channel, alone.user, "context")
    await alone.discord.until(lambda: shown.answered)
    files = [a for t in (shown.original, *shown.followups) if t for a in t.message.attachments]
    prompt = shown.text + "".join(
        alone.discord.read_attachment(file).decode("utf-8", "replace") for file in files
    )
    assert "my name is Mira" in prompt


async def test_it_rolls_dice_for_real(alone: Alone) -> None:
    await alone.start()
    mention = alone.discord.mention
    asked = alone.discord.send(alone.channel, alone.user, f"{mention} roll 3d6+2")
    shown = await alone.discord.until(
        lambda: next((t for t in alone.discord.replies(asked) if "Details" in t.labels), None), 20
    )
    line, _, told = shown.content.partition("\n")
    assert line == "-# dice: 3d6+2"
    assert re.search(r"\b([5-9]|1\d|20)\b", told)
    pressed = alone.discord.press(shown.id, alone.user, "details")
    await alone.discord.until(lambda: pressed.answered, 5)
    assert "3d6+2: [" in pressed.text

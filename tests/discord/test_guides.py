"""What the guides tell of commands and figures is what the bot has."""

from __future__ import annotations

import re
from pathlib import Path

import discord
import pytest
from discord import app_commands

import cogs
from bot.characters.compose import LORE_SHARE
from bot.characters.head import CARD_SHARE, CAST_SHARE, PERSONA_SHARE
from bot.conversation.model import Model
from bot.conversation.ports import EngineInfo
from bot.settings import load
from tests.discord.conftest import Stage
from tests.stand_ins.engine import ScriptedEngine

ROOT = Path(cogs.__file__).parents[1]
GUIDES = sorted((ROOT / "docs").glob("*.md"))

# Commands of another program that a guide speaks of, and addresses of the web server.
_FOREIGN = {"info", "sys", "sendas", "readyz", "healthz", "metrics", "pictures"}


async def test_every_command_that_is_named_exists(stage: Stage) -> None:
    known = {command.qualified_name: command for command in stage.bot.tree.walk_commands()}
    assert "scene start" in known
    for guide in (ROOT / "README.md", *GUIDES):
        for named, options in _commands(guide.read_text("utf-8")):
            group, _, rest = named.partition(" ")
            if group in _FOREIGN:
                continue
            assert group in known, f"{guide.name}: /{named}"
            if not isinstance(known[group], app_commands.Group):
                named = group
            assert named in known or not rest, f"{guide.name}: /{named}"
            command = known[named]
            # In a form of JSON there are colons that belong to no option.
            if isinstance(command, app_commands.Command) and guide.name != "json-mode.md":
                there = {parameter.display_name for parameter in command.parameters}
                assert options <= there, f"{guide.name}: /{named} has no {options - there}"


async def test_the_readme_lists_every_command(stage: Stage) -> None:
    listed = set(re.findall(r"`/(\w+)`", _commands_of_the_readme()))
    tree = stage.bot.tree
    typed = tree.get_commands(type=discord.AppCommandType.chat_input)
    assert listed == {command.name for command in typed}
    menus = set(re.findall(r"\*([A-Z][\w ]+)\*", _commands_of_the_readme()))
    assert {menu.name for menu in tree.get_commands(type=discord.AppCommandType.message)} <= menus


@pytest.mark.parametrize("context", [4_096, 8_192, 32_768])
async def test_the_room_in_a_prompt_is_as_the_guide_says(context: int) -> None:
    settings = load({}, dotenv=None)
    info = EngineInfo(kind="scripted", model="somebody-elses", context=context)
    model = Model(ScriptedEngine(info=info), None, settings.max_reply_tokens)
    limit = (await model.current()).prompt_limit
    shares = (1, CAST_SHARE, CARD_SHARE, LORE_SHARE, PERSONA_SHARE)
    row = " | ".join(f"{number:,}" for number in (context, *(int(limit * one) for one in shares)))
    assert f"| {row} |" in (ROOT / "docs" / "roleplay.md").read_text("utf-8")


def _commands_of_the_readme() -> str:
    readme = (ROOT / "README.md").read_text("utf-8")
    return readme.partition("## Commands")[2].partition("\n## ")[0]


def _commands(text: str) -> list[tuple[str, set[str]]]:
    """The commands in a text's code, each as its name (two words at most) and its options."""
    code = [*re.findall(r"`(/[^`\n]+)`", text), *re.findall(r"^(/\w.*)$", text, re.MULTILINE)]
    found: list[tuple[str, set[str]]] = []
    for line in code:
        named = re.match(r"/([a-z]+)((?: [a-z-]+)?)(?=$| [a-z-]+:| [a-z-]+$|\s)", line)
        if named:
            rest = line[named.end() :]
            options = set(re.findall(r"(?:^|\s)([a-z]+):(?=\s|$|\w)", rest))
            found.append((named[1] + named[2], options))
    return found

"""All commands of a bot, whatever they hang in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import discord
from discord import app_commands

if TYPE_CHECKING:
    from bot.client.bot import HermesBot

Offered: TypeAlias = (
    app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu
)

_KINDS = (
    discord.AppCommandType.chat_input,
    discord.AppCommandType.message,
    discord.AppCommandType.user,
)


def every_command(bot: HermesBot) -> Iterator[Offered]:
    """Slash commands by name, each group before what is in it, then the entries of menus."""
    for kind in _KINDS:
        offered = bot.tree.walk_commands(type=kind)
        yield from sorted(offered, key=lambda command: command.qualified_name)

"""The tools that come with the bot: one file per cog. README.md shows how to write one."""

from __future__ import annotations

from typing import Any

from discord.ext import commands

from bot.tools.kit import Kit


class ToolCog(commands.Cog):
    """A cog whose marked methods are tools."""

    def __init_subclass__(cls, **options: Any) -> None:
        """Name it apart from cogs of commands, which may have a class of the same name."""
        super().__init_subclass__(**options)
        cls.__cog_name__ = f"{cls.__module__}.{cls.__name__}"

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

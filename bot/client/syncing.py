"""When the slash commands are synced: at the start, and again until Discord has taken them."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bot.client.sync import sync

log = logging.getLogger(__name__)

UNREACHABLE = (
    discord.HTTPException,
    discord.GatewayNotFound,
    discord.RateLimited,
    aiohttp.ClientError,
    OSError,
)
"""What a request ends with while Discord cannot be reached, or wants none."""

_PATIENCE = 20.0
_PAUSE = 60.0
_LONGEST_PAUSE = 3600.0


class Syncing:
    """Brings the commands that Discord has up to date with the client's `tree`."""

    def __init__(self, client: discord.Client, tree: app_commands.CommandTree[Any]) -> None:
        self._client = client
        self._tree = tree
        self._trying: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Sync now, which takes 20 seconds at most; if that fails, again and again meanwhile."""
        if not await self.once():
            self._trying = asyncio.create_task(self._later(), name="command sync")

    async def once(self) -> bool:
        """Write to Discord what differs from the code; False if that did not work just now."""
        if (application := self._client.application_id) is None:
            return False
        try:
            async with asyncio.timeout(_PATIENCE):
                changes = await sync(self._client.http, application, self._tree)
        except UNREACHABLE as error:
            log.warning("the slash commands could not be synced and may be out of date: %s", error)
            return False
        log.info("slash commands are up to date (%s changed)", changes or "none")
        return True

    def close(self) -> None:
        """Try no more."""
        if self._trying:
            self._trying.cancel()

    async def _later(self) -> None:
        pause = _PAUSE
        while True:
            await asyncio.sleep(pause)
            if await self.once():
                return
            pause = min(pause * 2, _LONGEST_PAUSE)

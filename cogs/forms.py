"""What all forms (modals) have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

import discord

from bot.errors import StoreUnavailable
from cogs.components import tell

T = TypeVar("T")

# Discord never tells that somebody has closed a form, and discord.py would remember it for as long
# as the process lives. Who writes for longer than this is told by Discord that it went wrong; the
# text is still there.
FORM_SECONDS = 3_600.0

# A form has to be shown within three seconds.
_SHOWN_WITHIN = 2.0

# What Discord takes of titles and labels, and of what stands below those.
_LABEL = 45
_DESCRIPTION = 100


class Form(discord.ui.Modal):
    """A form whose failures are told to who sent it; discord.py would only log them."""

    def __init__(self, *, title: str) -> None:
        super().__init__(title=title[:_LABEL], timeout=FORM_SECONDS)

    def add_field(
        self, field: discord.ui.Item[Any], *, label: str, description: str | None = None
    ) -> None:
        """Add a field, with what stands above it and below that; what is too long is cut."""
        below = description[:_DESCRIPTION] if description else None
        self.add_item(discord.ui.Label(text=label[:_LABEL], description=below, component=field))

    async def on_error(self, interaction: discord.Interaction, error: Exception, /) -> None:
        """Tell it to who sent the form."""
        await tell(interaction, error)


async def in_time(known: Awaitable[T]) -> T:
    """What a form begins with; `StoreUnavailable` if it takes so long that none can be shown."""
    try:
        async with asyncio.timeout(_SHOWN_WITHIN):
            return await known
    except TimeoutError:
        raise StoreUnavailable from None

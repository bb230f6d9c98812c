"""Words for whoever uses a command or a button that nothing here takes on any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import discord

from bot.client import failures
from bot.client.sparse import complete_event
from bot.errors import UserError
from bot.language import Text, later

_COMPONENT = 3

RESTARTING = later("I am just being restarted. Please try that again in a moment.")
_OLD_BUTTON = later(
    "That button is from an older version of me, or no longer good for anything. Please use the "
    "command again."
)


class Unheard:
    """Answers interactions that no cog is going to answer; `connection` is discord.py's state."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._telling: set[asyncio.Task[None]] = set()

    def passing(self, pass_on: Callable[[Any], Any]) -> Callable[[Any], None]:
        """`pass_on` for all that is known; who presses something else is told so."""

        def hear(data: Any) -> None:
            if text := self._unknown(data):
                self.tell(data, text)
            else:
                pass_on(data)

        return hear

    def put_off(self, data: Any) -> None:
        """Tell who uses a command or a button that the bot is back in a moment."""
        self.tell(data, RESTARTING)

    def tell(self, data: Any, text: Text) -> None:
        """Answer an interaction, as Discord has sent it, with these words."""
        interaction: discord.Interaction[Any] = discord.Interaction(
            data=complete_event("INTERACTION_CREATE", data), state=self._connection
        )
        answer = failures.answer_failure(interaction, UserError(text))
        self._telling.add(task := asyncio.create_task(answer, name="last words"))
        task.add_done_callback(self._telling.discard)

    def _unknown(self, data: Any) -> Text | None:
        # To a form nothing is said: Discord says so itself then, and keeps what was typed.
        if data.get("type") != _COMPONENT:
            return None
        known, name = self._connection._view_store, str(data["data"]["custom_id"])
        dynamic = any(pattern.fullmatch(name) for pattern in known._dynamic_items)
        # Views wait for a while, each under its own names.
        viewed = any(name == item for items in known._views.values() for _, item in items)
        return None if dynamic or viewed else _OLD_BUTTON

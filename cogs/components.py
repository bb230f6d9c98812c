"""What all buttons and menus under the bot's messages share: their ids say all that they need."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, Self

import discord

from bot.client import HermesBot
from bot.client.failures import DISCORD_FAILURES, answer, answer_failure
from bot.errors import BadInput
from bot.language import later, tr
from cogs.live import live_of

log = logging.getLogger(__name__)

BUSY = later("I am writing something else here right now. Please try again when that is done.")

_NEVER = re.compile(r"(?!)")

_Callback = Callable[[Any, discord.Interaction[Any]], Awaitable[Any]]


@contextmanager
def pressing(bot: HermesBot, conversation: str) -> Iterator[None]:
    """Do what a button asks for; refused while something is written there, or another one works.

    A second press that came meanwhile would otherwise wait, and do it all once more.
    """
    at_work = live_of(bot).pressed
    if conversation in at_work or bot.conversations.writing(conversation):
        raise BadInput(BUSY)
    at_work.add(conversation)
    try:
        yield
    finally:
        at_work.discard(conversation)


class Told:
    """A button or menu whose failures are told to who used it; discord.py would only log them."""

    def __init_subclass__(cls, **options: Any) -> None:
        """Have the subclass's callback tell how it fails."""
        super().__init_subclass__(**options)
        if "callback" in vars(cls):
            cls.callback = _telling(vars(cls)["callback"])


def _telling(callback: _Callback) -> _Callback:
    @wraps(callback)
    async def told(self: Any, interaction: discord.Interaction[Any]) -> None:
        try:
            await callback(self, interaction)
        except Exception as error:
            await tell(interaction, error)

    return told


async def tell(interaction: discord.Interaction[Any], error: BaseException) -> None:
    """Answer a press with what went wrong; a plain refusal is not worth a line in the log."""
    if isinstance(error, BadInput):
        try:
            await answer(interaction, tr(error.text))
        except DISCORD_FAILURES as refused:
            log.info("an answer to a press could not be shown: %s", refused)
    else:
        await answer_failure(interaction, error)


class KnownButton(
    Told, discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=_NEVER
):
    """A button that works after a restart as well: it is made anew from its id.

    `parts` are the named groups of the template that a subclass gives; `asker` is the id of who
    asked, `conversation` the place, where the template names them.
    """

    def __init__(self, item: discord.ui.Button[discord.ui.View], parts: Mapping[str, str]) -> None:
        super().__init__(item)
        self.parts = parts

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Read the button's id."""
        assert isinstance(item, discord.ui.Button)
        return cls(item, match.groupdict())

    @property
    def conversation(self) -> str:
        """Where the reply was written."""
        return self.parts["conversation"]

    @property
    def asker(self) -> int:
        """Who asked."""
        return int(self.parts["asker"])

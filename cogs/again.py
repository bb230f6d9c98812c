"""A Retry button for a question that could not even be taken: Redis was away, for example."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

import discord

from bot.client import HermesBot
from bot.errors import BadInput
from bot.language import later, speaking, tr
from cogs.components import Told
from cogs.language import language_for
from cogs.places import conversation_in
from cogs.replies import NOT_YOURS, may_press

if TYPE_CHECKING:
    from cogs.chat import Chat


class AgainButton(
    Told,
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"again:(?P<message>\d+):(?P<asker>\d+)",
):
    """Takes the same message once more. It works after a restart: its id says it all."""

    def __init__(self, message: int, asker: int) -> None:
        super().__init__(
            discord.ui.Button(
                label=tr("Retry"),
                style=discord.ButtonStyle.secondary,
                custom_id=f"again:{message}:{asker}",
            )
        )
        self._message = message
        self._asker = asker

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], __: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button anew from its id."""
        return cls(int(match["message"]), int(match["asker"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """Take the notice away and answer the message."""
        if not may_press(interaction, self._asker):
            raise BadInput(NOT_YOURS)
        await interaction.response.defer()
        notice, channel = interaction.message, interaction.channel
        channel_id = interaction.channel_id or 0
        if notice is None or not isinstance(channel, discord.abc.Messageable):
            return
        try:
            message = await channel.fetch_message(self._message)
        except discord.NotFound:
            raise BadInput(later("Your message is gone; please write it again.")) from None
        try:
            await notice.delete()
        except discord.NotFound:
            return  # Somebody else has pressed it, too, and was first.
        # Everybody reads the answer, and what goes wrong with it, not only who has pressed.
        bot = interaction.client
        with speaking(language_for(bot, conversation_in(channel_id))):
            await chat_of(bot).handle(message, attempt=notice.id)


def again_view(message: discord.Message) -> discord.ui.View:
    """A view with a button that takes `message` once more."""
    view = discord.ui.View(timeout=None)
    view.add_item(AgainButton(message.id, message.author.id))
    # Stopped from the start: the button is heard by its id, so discord.py need not keep the view.
    view.stop()
    return view


def chat_of(bot: HermesBot) -> Chat:
    """The cog that answers messages."""
    cog: Any = bot.get_cog("Chat")
    return cog


async def setup(bot: HermesBot) -> None:
    """Let the button work on messages that were sent before the start."""
    bot.add_dynamic_items(AgainButton)

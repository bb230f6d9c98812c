"""The button Thoughts under a reply: what the model thought before it answered."""

from __future__ import annotations

import io
from typing import Any

import discord

from bot.client import HermesBot
from bot.conversation.ports import THOUGHTS_DAYS
from bot.errors import BadInput
from bot.language import later, tr
from cogs.components import KnownButton
from cogs.live.buttons import THOUGHTS, fingerprint
from cogs.live.split import MESSAGE_LIMIT, units
from cogs.live.traces import harmless
from cogs.replies import NOT_YOURS, may_press

_GONE = later(
    "I do not have those thoughts any more: I keep them for a day, and only the latest.",
    "I do not have those thoughts any more: I keep them for {n} days, and only the latest.",
    n=THOUGHTS_DAYS,
)
_IN_FILE = later("The thoughts are in the file.")


class ThoughtsButton(KnownButton, template=THOUGHTS):
    """Shows, to whoever pressed it, the thoughts behind the reply that it hangs under."""

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """Show the thoughts, if they are still kept and this person may see them."""
        if not may_press(interaction, self.asker):
            raise BadInput(NOT_YOURS)
        await interaction.response.defer(ephemeral=True, thinking=True)
        await _show(interaction, await self._thoughts(interaction.client))

    async def _thoughts(self, bot: HermesBot) -> str:
        kept = await bot.conversations.thoughts(self.conversation)
        for reply, text in kept.items():
            if fingerprint(reply) == self.parts["reply"]:
                return text
        raise BadInput(_GONE)


async def _show(interaction: discord.Interaction[Any], thoughts: str) -> None:
    text = f"||{harmless(thoughts)}||"
    if units(text) <= MESSAGE_LIMIT:
        await interaction.edit_original_response(content=text)
        return
    data = io.BytesIO(thoughts.encode("utf-8", "replace"))
    await interaction.edit_original_response(
        content=tr(_IN_FILE), attachments=[discord.File(data, "thoughts.txt", spoiler=True)]
    )


async def setup(bot: HermesBot) -> None:
    """Hear the button, also under messages that former processes sent."""
    bot.add_dynamic_items(ThoughtsButton)

"""The button Answer again under a reply whose question was edited afterwards."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import discord

from bot.client import HermesBot
from bot.conversation.turns import Turn
from bot.errors import BadInput, UserError
from bot.language import later, tr
from cogs.admission import refuse_barred
from cogs.components import KnownButton, pressing
from cogs.live import live_of
from cogs.live.buttons import Button
from cogs.live.pace import Pace, Priority
from cogs.live.split import MESSAGE_LIMIT, units
from cogs.live.target import NOBODY, ChannelTarget
from cogs.live.wording import small
from cogs.places import channel_here
from cogs.replies import NOT_NEWEST, NOT_YOURS, may_press, origin_of, take_buttons_away
from cogs.voices import OwnMessage, voices_of
from cogs.voices.mine import is_voice

CHANGED = later("The question has changed since.")

RENEW = re.compile(r"renew:(?P<conversation>.{1,50}):(?P<asker>\d{1,20}):(?P<question>\d{1,20})")


def renew_button(conversation: str, asker: int, question: int) -> Button:
    """Answers a question anew, in the place of an answer to what it was before."""
    custom_id = f"renew:{conversation}:{asker}:{question}"
    return Button(tr("Answer again"), custom_id, discord.ButtonStyle.primary)


async def offer(pace: Pace, message: OwnMessage, button: Button) -> None:
    """Say under the last message of a reply that its question has changed; once is enough."""
    await pace.take(Priority.FOLLOW_UP)
    shown = await message.fetch()
    under = discord.ui.View.from_message(shown, timeout=None)
    if any(getattr(item, "custom_id", None) == button.custom_id for item in under.children):
        return
    line, content = small(CHANGED), shown.content
    if content and line not in content and units(content) + units(line) < MESSAGE_LIMIT:
        content = f"{content}\n{line}".strip()
    await pace.take(Priority.FOLLOW_UP)
    await message.edit(content=content, view=_with(button, under), allowed_mentions=NOBODY)


def _with(button: Button, under: discord.ui.View) -> discord.ui.View:
    """The button, and those that are there already."""
    view = discord.ui.View(timeout=None)
    for item in under.children:
        view.add_item(item)
    # The rows above may be full.
    below = 1 + max((item.row or 0 for item in under.children), default=-1)
    view.add_item(replace(button, row=below).make())
    # Cogs hear the buttons by their ids, so discord.py need not keep the views.
    under.stop()
    view.stop()
    return view


class RenewButton(KnownButton, template=RENEW):
    """Answers the question as it is now, in the messages of the answer that it hangs under."""

    async def callback(self, interaction: discord.Interaction[HermesBot]) -> None:
        """Answer again, if the conversation has not moved on and this person may."""
        if not may_press(interaction, self.asker):
            raise BadInput(NOT_YOURS)
        refuse_barred(interaction)
        if interaction.message is not None:
            with pressing(interaction.client, self.conversation):
                await self._write(interaction, interaction.message)

    async def _write(
        self, interaction: discord.Interaction[HermesBot], pressed: discord.Message
    ) -> None:
        bot, question = interaction.client, int(self.parts["question"])
        # The buttons stay until the reply is journalled: then it is finished whatever happens.
        await interaction.response.defer()
        origin = await origin_of(interaction, self.conversation, question, self.asker)
        try:
            turns = await bot.conversations.history(self.conversation)
            again = bot.conversations.again(self.conversation, origin, "instead", str(pressed.id))
            async with again as reply:
                if reply is None:
                    raise BadInput(NOT_NEWEST)
                await take_buttons_away(interaction)
                await live_of(bot).deliver(reply, self._target(interaction, turns, pressed.id))
        except UserError as error:
            if error.retry:
                # What failed may pass: the button comes back.
                place = channel_here(interaction)
                shown = voices_of(bot).message(place, pressed.id, spoken=is_voice(bot, pressed))
                await offer(live_of(bot).pace, shown, self._button())
            else:
                await take_buttons_away(interaction)
            raise

    def _button(self) -> Button:
        return renew_button(self.conversation, self.asker, int(self.parts["question"]))

    def _target(
        self, interaction: discord.Interaction[HermesBot], turns: Sequence[Turn], pressed: int
    ) -> ChannelTarget:
        """The messages of the answer, oldest first."""
        shown = [int(one) for one in turns[-1].shown if one.isdecimal()] if turns else []
        channel = channel_here(interaction)
        return ChannelTarget(
            channel,
            reply_to=int(self.parts["question"]),
            asker=self.asker,
            standing=shown if pressed in shown else [pressed],
        )

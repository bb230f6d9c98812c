"""The buttons under replies: Stop while one is written, Retry after one that went wrong.

Their ids say all that is needed, so that they work after a restart as well.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import discord

from bot.client import HermesBot
from bot.client.failures import DISCORD_FAILURES
from bot.conversation.facts import note_owners
from bot.conversation.reply import Reply
from bot.conversation.turns import Turn
from bot.errors import BadInput, UserError
from bot.language import later
from cogs.admission import refuse_barred
from cogs.components import KnownButton, pressing
from cogs.live import live_of
from cogs.live.buttons import RETRY, STOP, fingerprint, question_of
from cogs.live.target import ChannelTarget, InteractionTarget, Target
from cogs.owners import owners
from cogs.places import (
    channel_here,
    is_guest,
    private_conversation,
    response_origin,
    rules_here,
    story_origin,
)
from cogs.rounds import play_round

log = logging.getLogger(__name__)

NOT_YOURS = later("Only who asked, or somebody who may manage messages here, can do that.")
_TOO_LATE = later("That reply is finished already.")
NOT_NEWEST = later("The conversation has moved on since. Please ask again.")
OPTED_OUT = later(
    "Who asked that does not want to be read by me any more, so I cannot answer it again."
)
_NOWHERE = later("I cannot write here any more.")


class StopButton(KnownButton, template=STOP):
    """Ends the reply that it hangs under."""

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """Stop the reply, if it is still written and this person may."""
        bot: HermesBot = interaction.client
        reply = bot.conversations.writing(self.conversation)
        if not may_press(interaction, self.asker, *(reply.askers if reply else ())):
            raise BadInput(NOT_YOURS)
        if reply is None or fingerprint(reply.id) != self.parts["reply"] or reply.done:
            raise BadInput(_TOO_LATE)
        reply.stop()
        try:
            await interaction.response.defer()
        except DISCORD_FAILURES as error:
            log.info("a press of Stop could not be acknowledged: %s", error)


class RetryButton(KnownButton, template=RETRY):
    """Answers the question again, in the messages of the answer that went wrong."""

    @property
    def _question(self) -> int:
        return int(self.parts["question"])

    async def callback(self, interaction: discord.Interaction[HermesBot]) -> None:
        """Answer again, if the conversation has not moved on and this person may."""
        if not may_press(interaction, self.asker):
            raise BadInput(NOT_YOURS)
        bot, failed = interaction.client, interaction.message
        if bot.opt_outs.ignores(str(self.asker)):
            raise BadInput(OPTED_OUT)
        refuse_barred(interaction)
        if failed is None or not interaction.channel_id:
            raise BadInput(_NOWHERE)
        with pressing(bot, self.conversation):
            reply = await self._write(interaction, failed)
        if not is_guest(interaction):
            channel = channel_here(interaction)
            await play_round(bot, reply, channel)

    async def _write(
        self, interaction: discord.Interaction[HermesBot], failed: discord.Message
    ) -> Reply:
        bot = interaction.client
        # The buttons stay until the reply is journalled: then it is finished whatever happens.
        await interaction.response.defer()
        try:
            turns = await bot.conversations.history(self.conversation)
            if not self._is_newest(turns, str(failed.id)):
                raise BadInput(NOT_NEWEST)
            async with bot.conversations.again(
                self.conversation, await self._origin(interaction)
            ) as reply:
                if reply is None:
                    raise BadInput(NOT_NEWEST)
                await take_buttons_away(interaction)
                target = self._target(interaction, _standing(turns, failed.id))
                await live_of(bot).deliver(reply, target)
            return reply
        except UserError as error:
            # What failed may pass: then the buttons are there for another try.
            buttons = discord.ui.View.from_message(failed, timeout=None) if error.retry else None
            if buttons:
                buttons.stop()
            await interaction.edit_original_response(view=buttons)
            raise

    def _target(
        self, interaction: discord.Interaction[HermesBot], standing: tuple[int, ...]
    ) -> Target:
        """The failed answer's place; where the bot sees nothing, the press alone reaches it."""
        ephemeral = bool(interaction.message and interaction.message.flags.ephemeral)
        if ephemeral or is_guest(interaction):
            return InteractionTarget(interaction, private=ephemeral)
        channel = channel_here(interaction)
        return ChannelTarget(channel, reply_to=self._question, asker=self.asker, standing=standing)

    async def _origin(self, interaction: discord.Interaction[HermesBot]) -> dict[str, str]:
        if is_guest(interaction) and (failed := interaction.message):
            private = failed.flags.ephemeral
            reached = response_origin(interaction, failed.id, private=private)
            return {"asker": str(self.asker), **reached}
        return await origin_of(interaction, self.conversation, self._question, self.asker)

    def _is_newest(self, turns: Sequence[Turn], failed: str) -> bool:
        """Whether the question still stands at the end, with or without its broken answer.

        Where it was to be answered anew, the answer of before is still remembered; what stands in
        its message is that this failed.
        """
        if not turns:
            return False
        last = turns[-1]
        if last.role == "assistant":
            is_its = question_of(last.id) == self._question
            return is_its and (last.status == "interrupted" or failed in last.shown)
        return last.id == str(self._question)


async def take_buttons_away(interaction: discord.Interaction[Any]) -> None:
    """Take the buttons from the message that was pressed; a reply shown there has its own."""
    with suppress(*DISCORD_FAILURES):
        await interaction.edit_original_response(view=None)


async def origin_of(
    interaction: discord.Interaction[HermesBot], conversation: str, question: int, asker: int
) -> dict[str, str]:
    """What the origin of a reply notes that somebody has written again in a place of the bot."""
    channel = interaction.channel_id or 0
    # Whoever presses, it is the asker's question; another person's roles are not theirs.
    pressed_by = interaction.user if interaction.user.id == asker else None
    private = conversation == private_conversation(channel, asker)
    whose = owners(interaction.channel, channel, interaction.guild_id, asker, private=private)
    return {
        "channel": str(interaction.channel_id),
        "message": str(question),
        "asker": str(asker),
        "guild": str(interaction.guild_id or ""),
        **await rules_here(interaction, pressed_by),
        **note_owners(whose),
        **story_origin(interaction.guild_id, asker, pressed_by),
    }


def may_press(interaction: discord.Interaction[Any], asker: int, *others: str) -> bool:
    """Who asked, alone or with `others`, and who may take messages away there."""
    user = interaction.user.id
    in_guild = interaction.guild_id is not None
    asked = user == asker or str(user) in others
    return asked or (in_guild and interaction.permissions.manage_messages)


def _standing(turns: Sequence[Turn], failed: int) -> tuple[int, ...]:
    """The messages of the failed answer, oldest first."""
    shown = [int(message) for message in turns[-1].shown if message.isdecimal()]
    return tuple(shown) if failed in shown else (failed,)


async def setup(bot: HermesBot) -> None:
    """Hear the buttons, also of messages that former processes sent."""
    bot.add_dynamic_items(StopButton, RetryButton)

"""What moderators decide about a report: the buttons under it."""

from __future__ import annotations

import logging
from typing import Any

import discord

from bot.characters.policy import Blocked, block_of
from bot.client import HermesBot
from bot.client.failures import DISCORD_FAILURES
from bot.conversation.turns import Turn
from bot.errors import BadInput
from bot.language import later, tr
from cogs.components import KnownButton
from cogs.live import live_of
from cogs.live.buttons import Button, view_of
from cogs.live.target import NOBODY
from cogs.moderators import block, for_moderators
from cogs.places import conversation_in
from cogs.reports.filing import DECIDE
from cogs.voices import OwnMessage, voices_of

log = logging.getLogger(__name__)

Interaction = discord.Interaction[HermesBot]

_NOT_YOURS = later("That is for those who may manage messages where the reply was written.")
_DONE = {
    "delete": later("🗑️ deleted by {who}"),
    "leave": later("🚪 taken off stage by {who}"),
    "block": later("⛔ blocked by {who}"),
    "dismiss": later("☑️ dismissed by {who}"),
}
_STAYS = later(
    "I could not delete all of that reply; please do it by hand. I have forgotten its text."
)
_LONGEST = 2_000


class DecideButton(KnownButton, template=DECIDE):
    """One of the decisions; it leaves a line in the report that says who took it."""

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """Do it, if this person may."""
        self._check(interaction)
        await interaction.response.defer()
        await self._do(interaction)
        await self._note(interaction)

    @property
    def conversation(self) -> str:
        """Where the reply was written."""
        return conversation_in(int(self.parts["channel"]))

    def _check(self, interaction: Interaction) -> None:
        guild, user = interaction.guild, interaction.user
        if guild is None or not isinstance(user, discord.Member):
            raise BadInput(_NOT_YOURS)
        channel = guild.get_channel_or_thread(int(self.parts["channel"]))
        # Where the channel is gone, what somebody may do in all channels counts.
        may = channel.permissions_for(user) if channel else user.guild_permissions
        everywhere = self.parts["what"] != "block" or user.guild_permissions.manage_messages
        if not (may.manage_messages and everywhere):
            raise BadInput(_NOT_YOURS)

    async def _do(self, interaction: Interaction) -> None:
        character = self.parts["character"]
        match self.parts["what"]:
            case "delete":
                await self._delete(interaction)
            case "leave":
                await interaction.client.conversations.stages.leave(self.conversation, character)
            case "block":
                await block(interaction, await self._meant(interaction.client))
            case _:
                pass

    async def _delete(self, interaction: Interaction) -> None:
        """Forget the reply and take its messages away."""
        bot, message = interaction.client, self.parts["message"]
        turn = await self._turn(bot)
        shown = list(turn.shown) if turn and turn.shown else [message]
        await bot.conversations.timeline.remove(self.conversation, shown)
        channel = bot.get_partial_messageable(
            int(self.parts["channel"]), guild_id=interaction.guild_id
        )
        spoken = bool(turn and turn.character)
        own = (voices_of(bot).message(channel, int(one), spoken=spoken) for one in shown)
        gone = [await _taken_away(bot, one) for one in own]
        if not all(gone):
            await interaction.followup.send(tr(_STAYS), ephemeral=True)

    async def _turn(self, bot: HermesBot) -> Turn | None:
        turns = await bot.conversations.history(self.conversation)
        message = self.parts["message"]
        return next((turn for turn in turns if message in (turn.id, *turn.shown)), None)

    async def _meant(self, bot: HermesBot) -> Blocked:
        """The character, with its card if it is still on stage, so that copies are known too."""
        character = self.parts["character"]
        stage = await bot.conversations.stages.get(self.conversation)
        for member in stage.cast if stage else ():
            if member.character == character:
                return block_of(member)
        turn = await self._turn(bot)
        return Blocked(character, name=turn.speaker if turn else "")

    async def _note(self, interaction: Interaction) -> None:
        """Write into the report what was done; what is done need not be done again."""
        message, what = interaction.message, self.parts["what"]
        if message is None:
            return
        who = interaction.user
        log.info("server %s: a report is settled (%s) by %s", interaction.guild_id, what, who.id)
        with for_moderators(interaction.client, message.channel.id):
            line = f"-# {tr(_DONE[what]).format(who=who.mention)}"
        # Another moderator may have decided meanwhile.
        current = await message.fetch()
        left = [] if what == "dismiss" else _buttons(current, without=self.item.custom_id or "")
        room = _LONGEST - len(line) - 1
        await message.edit(
            content=f"{current.content[:room]}\n{line}",
            view=view_of(left) if left else None,
            allowed_mentions=NOBODY,
        )


async def _taken_away(bot: HermesBot, message: OwnMessage) -> bool:
    """Delete a message; whether it is gone."""
    try:
        await live_of(bot).take_away(message)
    except discord.NotFound:
        return True
    except DISCORD_FAILURES as error:
        log.info("message %s stays: %s", message.id, error)
        return False
    return True


def _buttons(message: discord.Message, *, without: str) -> list[Button]:
    """The buttons under a message but for one."""
    return [
        Button(item.label or "", item.custom_id, item.style)
        for row in message.components
        if isinstance(row, discord.ActionRow)
        for item in row.children
        if isinstance(item, discord.Button) and item.custom_id and item.custom_id != without
    ]

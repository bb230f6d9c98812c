"""`/channel`: what is answered in a channel, and whether each question gets a thread of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import HermesBot
from bot.conversation.config import Mode
from bot.errors import BadInput
from bot.language import Text, later, tr
from cogs.own_threads import missing_in_words
from cogs.own_threads.where import lacking, set_for
from cogs.places import can_write, conversation_here, server_of

_ALWAYS = later(
    "I now answer every message here, without a mention. I stay quiet when people reply to each "
    "other or begin with somebody else's mention. Other bots are ignored."
)
_MENTION = later("I now answer here only when I am mentioned, when you reply to me, or by /ask.")
_NAME = later(
    "I now answer here when somebody says the name of a character on stage (mine, where nobody "
    "is), when I am mentioned, when you reply to me, or by /ask. Other bots are ignored."
)
_TOLD: Mapping[Mode, Text] = {"always": _ALWAYS, "mention": _MENTION, "name": _NAME}
_BLIND = later(
    "⚠️ But Discord does not show me messages that do not mention me: the bot's operator has to "
    "switch on the Message Content intent (Developer Portal, page Bot) and restart me."
)
_THREADS = later(
    "Who asks me here from now on gets a thread of their own. In it I answer every message without "
    "a mention, and stay quiet when people talk to each other. /ask is still answered in the "
    "channel."
)
_NO_THREADS = later(
    "I answer here in the channel itself from now on. In threads that I have made already I answer "
    "as I do in this channel."
)
_IN_A_THREAD = later("A thread has no threads. Please use that in the channel that it belongs to.")
_NO_SUCH_CHANNEL = later(
    "This kind of channel has no threads at messages. Only text and announcement channels do."
)
_NOTHING = later("Please choose what to change: `mode`, `threads`, or both.")
_MUTE = later("⚠️ But I am not allowed to write here: I need View Channel and Send Messages.")


class Channel(commands.Cog):
    """How much a channel wants to hear from the bot."""

    def __init__(self, bot: HermesBot) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.describe(
        mode="always: every message; mention: only when addressed; name: also by saying a name",
        threads="True: who asks gets a thread of their own, in which I answer everything",
    )
    @app_commands.default_permissions(manage_channels=True)
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    async def channel(
        self,
        interaction: discord.Interaction[HermesBot],
        mode: Mode | None = None,
        threads: bool | None = None,
    ) -> None:
        """Choose whether I answer everything in this channel or only when addressed"""
        if mode is None and threads is None:
            raise BadInput(_NOTHING)
        if threads:
            _check_has_threads(interaction.channel)
        await interaction.response.defer(thinking=True)
        lines: list[Text] = []
        if mode is not None:
            await self._change(interaction, "mode", mode)
            lines.append(_TOLD[mode])
        if threads is not None:
            await self._change(interaction, "threads", threads)
            lines.append(_THREADS if threads else _NO_THREADS)
        lines += self._troubles(
            interaction, hears_all=bool(threads) or mode not in (None, "mention")
        )
        await interaction.edit_original_response(content="\n".join(map(tr, lines)))

    async def _change(
        self, interaction: discord.Interaction[HermesBot], name: str, value: object
    ) -> None:
        await self.bot.administration.change(
            str(interaction.user.id),
            server_of(interaction),
            conversation_here(interaction),
            name,
            value,
        )

    def _troubles(
        self, interaction: discord.Interaction[HermesBot], *, hears_all: bool
    ) -> Sequence[Text]:
        """What stands in the way of what was chosen; `hears_all`: it takes all messages."""
        channel = interaction.channel
        lines = [_BLIND] if hears_all and not self.bot.reads_everything else []
        missing = lacking(channel) if set_for(self.bot, channel) else []
        if missing:
            lines.append(later("⚠️ {trouble}", trouble=missing_in_words(missing)))
        if not can_write(channel, interaction.guild and interaction.guild.me):
            lines.append(_MUTE)
        return lines


def _check_has_threads(channel: object) -> None:
    """Raise `BadInput` for a channel at whose messages no threads can hang."""
    if isinstance(channel, discord.Thread):
        raise BadInput(_IN_A_THREAD)
    if not isinstance(channel, discord.TextChannel):
        raise BadInput(_NO_SUCH_CHANNEL)


async def setup(bot: HermesBot) -> None:
    """Add the cog."""
    await bot.add_cog(Channel(bot))

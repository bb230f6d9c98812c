"""Lines that somebody puts into a story: posted, remembered, changed and taken back."""

from __future__ import annotations

import logging
import secrets

import discord

from bot.characters.chats.line import NARRATOR
from bot.client import HermesBot
from bot.conversation.turns import Turn
from bot.errors import BadInput, StoreUnavailable
from bot.language import later
from cogs.characters.shelf import Interaction
from cogs.live import live_of
from cogs.live.layout import Draft
from cogs.live.target import NOBODY, ChannelTarget, Target
from cogs.live.voice import Speaker, spoken_by
from cogs.places import can_write, channel_here, conversation_here, conversation_in
from cogs.voices import voices_of

log = logging.getLogger(__name__)

LONGEST_LINE = 1_800
"""How many characters a line has at most: what stands around it has to fit as well."""

NO_PLACE = later("I can only do that in a channel where I may write.")
NOT_REMEMBERED = later(
    "Posted, but my memory cannot be reached right now: the characters will not know of it."
)
NOT_YOURS = later(
    "Only whoever wrote that line can change it, or somebody who may manage messages here."
)
GONE = later("That line is not part of the story any more.")


def writable_channel(interaction: Interaction) -> discord.PartialMessageable:
    """The channel of a command, if the bot may write there; else a `BadInput`."""
    guild = interaction.guild
    if not can_write(interaction.channel, guild.me if guild else None):
        raise BadInput(NO_PLACE)
    return channel_here(interaction)


async def narrate(channel: discord.PartialMessageable, text: str) -> discord.Message:
    """Post what a narrator tells: in italics, in the bot's own name. Nobody is pinged."""
    return await channel.send(_narrated(text), allowed_mentions=NOBODY)


async def post(
    bot: HermesBot,
    channel: discord.PartialMessageable,
    name: str,
    text: str,
) -> discord.Message:
    """Post a line in somebody's name. Nobody is pinged.

    It stands under that name by a webhook where there can be one, else below the name in bold.
    """
    target = await _target(bot, channel, name)
    return await target.send(Draft(text), first=True, nonce=secrets.token_hex(12))


async def remember(
    bot: HermesBot, message: discord.Message, author: str, text: str, speaker: str = ""
) -> bool:
    """Make a line part of the story, for all characters to read; False if that is not possible."""
    conversation, posted = conversation_in(message.channel.id), str(message.id)
    try:
        await bot.conversations.timeline.say(
            conversation, posted, text, role="user", author=author, speaker=speaker
        )
    except StoreUnavailable as error:
        log.warning("message %s is posted, but not remembered: %s", message.id, error)
        return False
    return True


async def line_of(interaction: Interaction, message: int) -> Turn:
    """The line that a message shows, for somebody who may change it; else a `BadInput`."""
    conversation = conversation_here(interaction)
    turn = await interaction.client.conversations.timeline.find(conversation, str(message))
    if turn is None or turn.role != "user":
        raise BadInput(GONE)
    manages = interaction.guild_id is not None and interaction.permissions.manage_messages
    if turn.author != str(interaction.user.id) and not manages:
        raise BadInput(NOT_YOURS)
    return turn


async def rewrite(interaction: Interaction, message: int, text: str) -> None:
    """Give a line another text, in its channel and in the story."""
    turn, channel = await line_of(interaction, message), writable_channel(interaction)
    bot, conversation = interaction.client, conversation_here(interaction)
    if turn.speaker == NARRATOR:
        await channel.get_partial_message(message).edit(
            content=_narrated(text), allowed_mentions=NOBODY
        )
    else:
        target = await _target(bot, channel, turn.speaker)
        await target.edit(message, Draft(text), first=True)
    await bot.conversations.timeline.edit(conversation, str(message), text)


async def take_back(interaction: Interaction, message: int) -> None:
    """Delete a line, and forget it."""
    turn, channel = await line_of(interaction, message), writable_channel(interaction)
    bot, conversation = interaction.client, conversation_here(interaction)
    await bot.conversations.timeline.remove(conversation, [str(message)])
    spoken = turn.speaker != NARRATOR
    await live_of(bot).take_away(voices_of(bot).message(channel, message, spoken=spoken))


async def _target(bot: HermesBot, channel: discord.PartialMessageable, name: str) -> Target:
    speaker = Speaker(voices_of(bot), conversation_in(channel.id), "", name)
    inner = ChannelTarget(channel, reply_to=None, asker=None, mention=False)
    return await spoken_by(speaker, inner)


def _narrated(text: str) -> str:
    return "\n".join(_italic(line) for line in text.split("\n"))


def _italic(line: str) -> str:
    """A line in italics; one that has its own formatting is left as it is."""
    plain = line.strip() and not any(mark in line for mark in "*_`")
    return f"*{line.strip()}*" if plain else line

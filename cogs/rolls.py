"""Dice that stand within a message (`[[2d6+1]]`), where a scene is played."""

from __future__ import annotations

import copy
import random

import discord

from bot.client import HermesBot
from bot.tools.dice.inline import Inline, may_hold_dice, thrown
from cogs.places import conversation_in


async def with_dice(bot: HermesBot, message: discord.Message) -> discord.Message:
    """The message as it is read: with what its dice came to, where a scene is played.

    Raises `StoreUnavailable`; nothing is asked of the store for a message without dice.
    """
    dice = await dice_in(bot, message)
    if not dice.results:
        return message
    read = copy.copy(message)
    read.content = dice.text
    return read


async def dice_in(bot: HermesBot, message: discord.Message) -> Inline:
    """The dice of a message, thrown; they fall alike each time it is read, edited or not.

    Nobody knows a message's id before it is posted, so nobody can foresee how they fall.
    """
    found = Inline(message.content)
    if may_hold_dice(message.content):
        found = thrown(message.content, lambda number: random.Random(f"dice {message.id} {number}"))
    if not found.results:
        return found
    stage = await bot.conversations.stages.get(conversation_in(message.channel.id))
    return found if stage and stage.cast else Inline(message.content)

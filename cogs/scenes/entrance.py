"""Bringing characters on stage, with what they say first."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.characters.stage import Member, Stage
from bot.client import HermesBot
from bot.conversation.library import Character
from bot.errors import BadInput
from cogs.characters.shelf import find_character, shown_name
from cogs.scenes.place import age_restricted, here

_FOR_ADULTS = "“{name}” is for age-restricted channels only."


def may_play(character: Character, channel: object) -> bool:
    """Whether a character may play in a channel at all."""
    return not character.adult or age_restricted(channel)


def member_of(character: Character) -> Member:
    """A character as a member of a cast."""
    return Member(
        library=character.library,
        character=character.id,
        card=character.card,
        name=character.name,
        picture=character.picture,
        talkativeness=character.talkativeness,
        adult=character.adult,
    )


async def bring_in(interaction: discord.Interaction[HermesBot], named: Sequence[str]) -> Stage:
    """Bring characters on stage, by id or name; returns the stage. Raises `BadInput`."""
    stages = interaction.client.conversations.stages
    members: list[Member] = []
    for name in dict.fromkeys(named):
        character = await find_character(interaction, name)
        if not may_play(character, interaction.channel):
            raise BadInput(_FOR_ADULTS.format(name=shown_name(character.name)))
        members.append(member_of(character))
    stage = Stage()
    for member in members:
        stage = await stages.enter(here(interaction), member)
    return stage

"""Bringing characters on stage, with what they say first."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import discord

from bot.characters.policy import may_play
from bot.characters.stage import Stage
from bot.client import HermesBot
from bot.client.failures import DISCORD_FAILURES
from bot.conversation.library import Character
from bot.errors import BadInput, UserError
from bot.language import later
from cogs.allowed import policy_here
from cogs.characters import greeting
from cogs.characters.keeping import load, member_of
from cogs.characters.rights import check_may_play
from cogs.characters.shelf import Interaction, find_character, here
from cogs.places import age_restricted

log = logging.getLogger(__name__)

_NOBODY = later("Nobody is on stage.")


async def checked(interaction: Interaction, named: Sequence[str]) -> list[Character]:
    """The characters that are meant by ids or names, if they may play here; else a `BadInput`."""
    found: dict[str, Character] = {}
    for name in named:
        character = await find_character(interaction, name)
        await check_may_play(interaction, character)
        found[character.id] = character
    return list(found.values())


async def bring_in(
    interaction: discord.Interaction[HermesBot], characters: Sequence[Character]
) -> Stage:
    """Bring characters on stage; returns the stage. Raises `BadInput` if there is no room."""
    stages, stage = interaction.client.conversations.stages, Stage()
    for character in characters:
        stage = await stages.enter(here(interaction), member_of(character))
    return stage


async def greet(
    interaction: Interaction,
    channel: discord.PartialMessageable,
    characters: Sequence[Character],
    stage: Stage,
) -> None:
    """Post what characters say first, each its own; it becomes part of the story.

    That one cannot be posted is logged: the scene is there all the same.
    """
    bot = interaction.client
    for character in characters:
        try:
            card = (await load(bot, character, picture=False)).card
            numbers = greeting.choices(card, beside=stage.several)
            text = await greeting.filled_in(interaction, card, numbers[0]) if numbers else ""
            if text:
                member = member_of(character)
                await greeting.post(bot, channel, member, text, interaction.user.id)
        except (UserError, *DISCORD_FAILURES) as error:
            log.info("%s says no greeting: %s", character.id, error)


async def greet_again(
    interaction: Interaction, channel: discord.PartialMessageable, stage: Stage
) -> None:
    """Have everybody on stage say their first lines."""
    if not stage.cast:
        raise BadInput(_NOBODY)
    policy, mature = await policy_here(interaction), age_restricted(interaction.channel)
    everybody = [
        Character(one.character, one.library, one.name, owner="", card=one.card)
        for one in stage.cast
        if not one.muted and may_play(policy, one, mature) is None
    ]
    await greet(interaction, channel, everybody, stage)

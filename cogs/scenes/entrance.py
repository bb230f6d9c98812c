"""Bringing characters on stage, with what they say first."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

import discord
from discord import app_commands

from bot.characters.card import Card
from bot.characters.policy import may_play
from bot.characters.stage import Member, Stage
from bot.client import HermesBot
from bot.client.failures import DISCORD_FAILURES
from bot.conversation.library import Character
from bot.errors import BadInput, UserError
from bot.language import later, tr
from cogs import suggestions
from cogs.characters import greeting
from cogs.characters.keeping import load, member_of
from cogs.characters.rights import check_may_play
from cogs.characters.shelf import Interaction, find_character, shown_name
from cogs.places import age_restricted, conversation_here
from cogs.policy import policy_here
from cogs.reading.words import shortened

log = logging.getLogger(__name__)


_NOBODY = later("Nobody is on stage.")
_NONE = later("None: you begin")


async def checked(interaction: Interaction, named: Sequence[str]) -> list[Character]:
    """The characters that are meant by ids or names, if they may play here; else a `BadInput`."""
    found: dict[str, Character] = {}
    for name in named:
        character = await find_character(interaction, name)
        await check_may_play(interaction, character)
        found[character.id] = character
    return list(found.values())


async def chosen(bot: HermesBot, character: Character, number: int) -> int | None:
    """The greeting that somebody means by its number, as `Member.greeting` counts; None for 0.

    Raises `BadInput` for a number that the card does not have.
    """
    if not number:
        return None
    card = (await load(bot, character, picture=False)).card
    most = len(greeting.choices(card, beside=True))
    if number <= most:
        return number - 1
    name = shown_name(character.name)
    if not most:
        raise BadInput(later("**{name}** has no greeting to choose.", name=name))
    raise BadInput(
        later(
            "**{name}** has no such greeting, only the one: please choose number 1, or 0 for none.",
            "**{name}** has no such greeting: please choose a number from 1 to {n}, or 0 for none.",
            name=name,
            n=most,
        )
    )


async def suggest_greetings(
    interaction: Interaction, named: str | None, typed: str
) -> list[app_commands.Choice[int]]:
    """What Discord offers as the greeting of a character: numbers, and how each one begins."""
    card = await suggestions.in_time(_card(interaction, named or ""))
    if card is None:
        return []
    texts = (tr(_NONE), *card.greetings, *card.group_only_greetings)
    return [
        app_commands.Choice(
            name=shortened(f"{number}: {' '.join(text.split())}", suggestions.LONGEST), value=number
        )
        for number, text in enumerate(texts)
        if str(number).startswith(typed)
    ][: suggestions.MOST]


async def _card(interaction: Interaction, named: str) -> Card:
    character = await find_character(interaction, named)
    return (await load(interaction.client, character, picture=False)).card


async def bring_in(
    interaction: discord.Interaction[HermesBot],
    characters: Sequence[Character],
    greetings: Mapping[str, int | None] | None = None,
) -> Stage:
    """Bring characters on stage; returns the stage. Raises `BadInput` if there is no room.

    Each is to begin with the greeting that `greetings` has for its id, else with its usual one.
    """
    bot, wanted = interaction.client, greetings or {}
    stages = bot.conversations.stages
    stage = await stages.get(conversation_here(interaction)) or Stage()
    there = {one.character for one in stage.cast} | {one.id for one in characters}
    for character in characters:
        if character.id in wanted:
            number = wanted[character.id]
        else:
            number = await _usual(bot, character, beside=len(there) > 1)
        member = replace(member_of(character), greeting=number or 0)
        stage = await stages.enter(conversation_here(interaction), member)
    return stage


async def greet(
    interaction: Interaction, channel: discord.PartialMessageable, members: Sequence[Member]
) -> None:
    """Post what members of the cast say first, each its own; it becomes part of the story.

    That one cannot be posted is logged: the scene is there all the same.
    """
    bot = interaction.client
    for member in members:
        try:
            card = (await load(bot, _character(member), picture=False)).card
            text = await greeting.filled_in(interaction, card, member.greeting)
            if text:
                await greeting.post(bot, channel, member, text, interaction.user.id)
        except (UserError, *DISCORD_FAILURES) as error:
            log.info("%s says no greeting: %s", member.character, error)


async def greet_again(
    interaction: Interaction, channel: discord.PartialMessageable, stage: Stage
) -> None:
    """Have everybody on stage say their first lines."""
    if not stage.cast:
        raise BadInput(_NOBODY)
    policy, mature = await policy_here(interaction), age_restricted(interaction.channel)
    everybody = [
        one for one in stage.cast if not one.muted and may_play(policy, one, mature) is None
    ]
    await greet(interaction, channel, everybody)


async def _usual(bot: HermesBot, character: Character, *, beside: bool) -> int:
    """The greeting of a character for whom nobody has chosen one."""
    card = (await load(bot, character, picture=False)).card
    return next(iter(greeting.choices(card, beside=beside)), 0)


def _character(member: Member) -> Character:
    return Character(member.character, member.library, member.name, owner="", card=member.card)

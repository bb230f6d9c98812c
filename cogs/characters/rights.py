"""Who may do what with characters and lorebooks."""

from __future__ import annotations

import discord

from bot.characters.stage import Stage
from bot.conversation.library import Character, World
from bot.errors import BadInput
from bot.language import later
from cogs.characters.keeping import load
from cogs.characters.shelf import Interaction, is_private, shown_name
from cogs.policy import check_card, check_play, policy_here

NEEDS_RIGHT = later(
    "What all in this server share is for those who may manage the server or its channels to bring "
    "in. You can have it as a private one of your own, and use it here."
)


async def may_bring(interaction: Interaction) -> bool:
    """Whether somebody may bring something into the library that all here share.

    Private ones may be brought by anybody.
    """
    may = interaction.permissions
    if interaction.guild_id is None or may.manage_guild or may.manage_channels:
        return True
    return (await policy_here(interaction)).imports == "everyone"


async def check_bring(interaction: Interaction) -> None:
    """Raise `BadInput` for who may not bring anything into the library of the place."""
    if not await may_bring(interaction):
        raise BadInput(NEEDS_RIGHT)


def may_change(interaction: discord.Interaction, one: Character | World) -> bool:
    """Whether somebody may edit, share or delete it: who brought it, and who is in charge here."""
    if one.owner == str(interaction.user.id):
        return True
    return not is_private(one) and interaction.permissions.manage_guild


def check_change(interaction: discord.Interaction, one: Character | World) -> None:
    """Raise `BadInput` for who may not."""
    if not may_change(interaction, one):
        name = shown_name(one.name)
        raise BadInput(
            later(
                "“{name}” is for who brought it, or somebody who may manage this server, to "
                "change. With `/character duplicate` you have a copy of your own.",
                name=name,
            )
            if isinstance(one, Character)
            else later(
                "“{name}” is for who brought it, or somebody who may manage this server, to "
                "change.",
                name=name,
            )
        )


async def check_may_play(interaction: Interaction, character: Character) -> None:
    """Raise `BadInput` where a character may not play, by what the server allows there."""
    await check_play(interaction, character)
    if (await policy_here(interaction)).words:
        kept = await load(interaction.client, character, picture=False)
        await check_card(interaction, kept.card)


def may_lead(interaction: discord.Interaction, stage: Stage) -> bool:
    """Whether somebody may change who is on stage where a story is under way.

    In direct messages everybody; elsewhere who began the story, whose thread it is, and who may
    manage channels. On an empty stage anybody may bring a character, and where nobody leads (any
    more, since they had their data erased) anybody may do as they like.
    """
    channel, user = interaction.channel, interaction.user.id
    if interaction.guild_id is None or stage.host == str(user) or not stage.host.isdecimal():
        return True
    own = isinstance(channel, discord.Thread) and channel.owner_id == user
    return own or interaction.permissions.manage_channels

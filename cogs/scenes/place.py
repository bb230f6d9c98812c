"""Where a scene is, what is set up there, and who may change that."""

from __future__ import annotations

import discord

from bot.characters.stage import Stage
from bot.client import HermesBot
from bot.errors import BadInput
from cogs.places import conversation_in, schema_owner

Interaction = discord.Interaction[HermesBot]

NO_SCENE = "There is no scene here. `/scene start` begins one."
_NOT_YOURS = (
    "Only whoever began this scene, or somebody who may manage channels here, can change that."
)
_MAY_NOT_BEGIN = (
    "In this channel a scene is begun by somebody who may manage channels. "
    "In a thread that you have opened you can begin one yourself."
)


def here(interaction: Interaction) -> str:
    """The conversation in which a command was used."""
    return conversation_in(interaction.channel_id or 0)


def library_here(interaction: Interaction) -> str:
    """The library of a place: the server's, in a direct message the person's own."""
    return schema_owner(interaction.guild_id, interaction.user.id)


async def stage_here(interaction: Interaction) -> Stage:
    """What is set up where a command was used; a `BadInput` if nobody is on stage."""
    return existing(await interaction.client.conversations.stages.get(here(interaction)))


def existing(stage: Stage | None) -> Stage:
    """A stage with somebody on it, or a scene that has been begun; else a `BadInput`."""
    if stage is None or not (stage.cast or stage.title):
        raise BadInput(NO_SCENE)
    return stage


def may_direct(interaction: discord.Interaction[HermesBot], stage: Stage) -> bool:
    """Whether somebody may change a scene: who began it, and who may manage channels there."""
    if interaction.guild_id is None or stage.host == str(interaction.user.id):
        return True
    return interaction.permissions.manage_channels


def check_may_direct(interaction: discord.Interaction[HermesBot], stage: Stage) -> None:
    """Raise a `BadInput` for who may not change a scene."""
    if not may_direct(interaction, stage):
        raise BadInput(_NOT_YOURS)


def check_may_begin(interaction: Interaction) -> None:
    """Raise a `BadInput` for who may not begin a scene: everybody's channel is not theirs."""
    channel = interaction.channel
    own = isinstance(channel, discord.Thread) and channel.owner_id == interaction.user.id
    if interaction.guild_id and not own and not interaction.permissions.manage_channels:
        raise BadInput(_MAY_NOT_BEGIN)


def age_restricted(channel: object) -> bool:
    """Whether only adults see a channel; a thread is as its channel, a direct message never is."""
    is_nsfw = getattr(channel, "is_nsfw", None)
    return bool(is_nsfw and is_nsfw())

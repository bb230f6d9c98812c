"""Where a scene is, what is set up there, and who may change that."""

from __future__ import annotations

import discord

from bot.characters.stage import Stage
from bot.client import HermesBot
from bot.errors import BadInput
from cogs.characters.rights import may_lead
from cogs.characters.shelf import Interaction, here

NO_SCENE = "There is no scene here. `/scene start` begins one."
_NOT_YOURS = (
    "Only whoever began this scene, or somebody who may manage channels here, can change that."
)


async def stage_here(interaction: Interaction) -> Stage:
    """What is set up where a command was used; a `BadInput` if nobody is on stage."""
    return existing(await interaction.client.conversations.stages.get(here(interaction)))


def existing(stage: Stage | None) -> Stage:
    """A stage with somebody on it, or a scene that has been begun; else a `BadInput`."""
    if stage is None or not (stage.cast or stage.title):
        raise BadInput(NO_SCENE)
    return stage


def check_may_direct(interaction: discord.Interaction[HermesBot], stage: Stage) -> None:
    """Raise a `BadInput` for who may not change a scene."""
    if not may_lead(interaction, stage):
        raise BadInput(_NOT_YOURS)

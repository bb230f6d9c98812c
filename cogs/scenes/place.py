"""Where a scene is, what is set up there, and who may change that."""

from __future__ import annotations

import discord

from bot.characters.stage import Stage
from bot.client import HermesBot
from bot.errors import BadInput
from bot.language import later
from cogs.characters.leading import check_lead
from cogs.characters.rights import may_lead
from cogs.characters.shelf import Interaction
from cogs.live.traces import harmless
from cogs.places import conversation_here
from cogs.reading.words import shortened

NO_SCENE = later("There is no scene here. `/scene start` begins one.")
_NOT_YOURS = later(
    "Only whoever leads this scene, or somebody who may manage channels here, can change that."
)


async def stage_here(interaction: Interaction) -> Stage:
    """What is set up where a command was used; a `BadInput` if nobody is on stage."""
    return existing(
        await interaction.client.conversations.stages.get(conversation_here(interaction))
    )


def existing(stage: Stage | None) -> Stage:
    """A stage with somebody on it, or a scene that has been begun; else a `BadInput`."""
    if stage is None or not (stage.cast or stage.title):
        raise BadInput(NO_SCENE)
    return stage


async def directed_here(interaction: Interaction) -> Stage:
    """The same, for somebody who may change it; else a `BadInput`."""
    return await check_lead(interaction, await stage_here(interaction), _NOT_YOURS)


def check_may_direct(interaction: discord.Interaction[HermesBot], stage: Stage) -> None:
    """Raise a `BadInput` for who may not change a scene."""
    if not may_lead(interaction, stage):
        raise BadInput(_NOT_YOURS)


def speaker_in(stage: Stage, wanted: str) -> str:
    """The id of the member that is meant by its id or name, if it may speak; else a `BadInput`."""
    folded = wanted.strip().casefold()
    for member in stage.cast:
        if wanted == member.character or folded == member.name.casefold():
            if member.muted:
                raise BadInput(
                    later(
                        "**{name}** is muted. `/scene cast` lets them speak again.",
                        name=harmless(member.name),
                    )
                )
            return member.character
    raise BadInput(later("“{name}” is not on stage here.", name=harmless(shortened(wanted, 60))))

"""Who leads a story once the one who led it has left the server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import discord

from bot.characters.stage import Stage
from bot.client import HermesBot
from bot.client.failures import DISCORD_FAILURES
from bot.errors import BadInput
from bot.language import later
from cogs.characters.rights import may_lead
from cogs.places import conversation_here

# Discord is asked for one person after the other.
_MOST_HEIRS = 10

_UNKNOWN_MEMBER, _UNKNOWN_USER = 10_007, 10_013


async def check_lead(
    interaction: discord.Interaction[HermesBot], stage: Stage, refusal: str
) -> Stage:
    """The stage, for who may change it; else a `BadInput`. See `led`."""
    now = await led(interaction, stage)
    if may_lead(interaction, now):
        return now
    if now.host == stage.host:
        raise BadInput(refusal)
    raise BadInput(
        later(
            "Who led this story has left the server, and {who} leads it now. Only they, or "
            "somebody who may manage channels here, can change that.",
            who=f"<@{now.host}>",
        )
    )


async def led(interaction: discord.Interaction[HermesBot], stage: Stage) -> Stage:
    """The stage, with another leader if the one that it had has left the server.

    That is the person in the server who has written in the story for the longest, as far as it is
    remembered; with nobody, nobody leads it. Asked only when somebody wants to change a story that
    is not theirs: Discord tells nobody leaving to a bot without the Server Members intent.
    """
    guild = interaction.guild
    if guild is None or may_lead(interaction, stage) or await _there(guild, stage.host):
        return stage
    conversations, heir = interaction.client.conversations, ""
    for person in await _players(interaction):
        member = person != stage.host and await _there(guild, person)
        if member and not (isinstance(member, discord.Member) and member.bot):
            heir = person
            break

    def passed_on(now: Stage) -> Stage:
        return replace(now, host=heir) if now.host == stage.host else now

    return await conversations.stages.change(conversation_here(interaction), passed_on)


async def _players(interaction: discord.Interaction[HermesBot]) -> list[str]:
    """The ids of those who have written in the story, who has for the longest first."""

    def found() -> Iterator[str]:
        for turn in turns:
            if turn.role == "user" and turn.author.isdecimal() and not turn.is_brought:
                yield turn.author

    turns = await interaction.client.conversations.history(conversation_here(interaction))
    return list(dict.fromkeys(found()))[:_MOST_HEIRS]


async def _there(guild: discord.Guild, person: str) -> discord.Member | bool:
    """Somebody in the server, False if they are not; True where Discord does not say."""
    try:
        return await guild.fetch_member(int(person))
    except discord.NotFound as error:
        return error.code not in (_UNKNOWN_MEMBER, _UNKNOWN_USER)
    except DISCORD_FAILURES:
        return True

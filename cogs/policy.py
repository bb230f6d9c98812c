"""What the server allows where somebody is: asked before a character is brought in or used."""

from __future__ import annotations

import asyncio

import discord

from bot.characters.card import Card
from bot.characters.policy import Playable, Policy, may_have, may_play
from bot.client import HermesBot
from bot.errors import BadInput
from cogs.places import age_restricted, is_guest

Interaction = discord.Interaction[HermesBot]


async def policy_here(interaction: Interaction) -> Policy:
    """What the server allows in which a command was used; elsewhere the defaults hold."""
    server = "" if is_guest(interaction) else str(interaction.guild_id or "")
    return await interaction.client.conversations.policies.of(server)


async def check_text(interaction: Interaction, text: str) -> None:
    """Raise `BadInput` for words that the bot is to post and that the server does not want."""
    server = "" if is_guest(interaction) else str(interaction.guild_id or "")
    await interaction.client.conversations.policies.check(server, text)


async def check_card(interaction: Interaction, card: Card) -> None:
    """Raise `BadInput` for a card that has what is not wanted in the server."""
    policy = await policy_here(interaction)
    if policy.words:
        # A card has up to 5 MiB of text.
        refused = await asyncio.to_thread(may_have, policy, card)
        if refused:
            raise BadInput(refused)


async def check_play(interaction: Interaction, one: Playable) -> None:
    """Raise `BadInput` for a character that may not play where a command was used."""
    policy = await policy_here(interaction)
    if refused := may_play(policy, one, age_restricted(interaction.channel)):
        raise BadInput(refused)

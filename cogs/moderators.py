"""What moderators do about characters, and how they hear of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

import discord

from bot.characters.policy import MAX_BLOCKED, Blocked, Policy
from bot.client import HermesBot
from bot.client.failures import DISCORD_FAILURES, answer
from bot.errors import BadInput
from bot.language import later, speaking, tr
from cogs.characters.shelf import shown_name
from cogs.language import language_in
from cogs.live.target import NOBODY

log = logging.getLogger(__name__)

Interaction = discord.Interaction[HermesBot]

_UNCHANGED = later("That is how it was already.")
_BLOCKED = later("**{name}** is blocked in this server: it says nothing more here.")
_FULL = later(
    "{count} characters are blocked here already, which is all there is room for.",
    count=MAX_BLOCKED,
)


def for_moderators(bot: HermesBot, channel_id: str | int) -> AbstractContextManager[None]:
    """Speak the language of the channel for reports inside: many read what is told there."""
    known = str(channel_id).isdecimal()
    return speaking(language_in(bot, bot.get_channel(int(channel_id)) if known else None))


async def tell_moderators(
    bot: HermesBot, policy: Policy, text: str, view: discord.ui.View | None = None
) -> bool:
    """Write into the channel that a server has chosen for reports; whether that worked.

    Nobody is called by it.
    """
    if not policy.report_channel.isdecimal():
        return False
    channel = bot.get_partial_messageable(int(policy.report_channel))
    try:
        await channel.send(
            text,
            view=view or discord.utils.MISSING,
            allowed_mentions=NOBODY,
            suppress_embeds=True,
        )
    except DISCORD_FAILURES as error:
        log.warning("the channel for reports %s cannot be written to: %s", channel.id, error)
        return False
    return True


async def change_policy(
    interaction: Interaction, change: Callable[[Policy], Policy], say: Callable[[Policy], str]
) -> None:
    """Change what holds in the server; who does it, the log and the moderators are told.

    `say` tells what is another way now, to each of them in their language.
    """
    bot, server = interaction.client, str(interaction.guild_id)
    before = await bot.conversations.policies.of(server)
    after = await bot.conversations.policies.change(server, change)
    if after == before:
        await answer(interaction, tr(_UNCHANGED))
        return
    with speaking("en"):
        said = say(after)
    log.info("server %s: %s has changed what it allows: %s", server, interaction.user.id, said)
    await answer(interaction, say(after), allowed_mentions=NOBODY)
    with for_moderators(bot, after.report_channel):
        said = say(after)
    await tell_moderators(bot, after, f"-# {interaction.user.mention}: {said}")


async def block(interaction: Interaction, one: Blocked) -> None:
    """Block a character in the server, and say so; the response has been promised (deferred)."""

    def with_it(policy: Policy) -> Policy:
        others = tuple(other for other in policy.blocked if other.id != one.id)
        if len(others) >= MAX_BLOCKED:
            raise BadInput(_FULL)
        return replace(policy, blocked=(*others, one))

    name = shown_name(one.name or one.id)
    await change_policy(interaction, with_it, lambda _: tr(_BLOCKED).format(name=name))

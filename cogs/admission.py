"""Who is answered where, as servers have set it with `/config`, and the operator for all."""

from __future__ import annotations

from collections.abc import Mapping

import discord

from bot.client import HermesBot
from bot.conversation.config import Bar
from bot.conversation.fair_order import Asker
from bot.errors import BadInput
from bot.language import Text, later
from cogs.places import age_restricted, is_guest, rule_places

REFUSALS: Mapping[Bar, Text] = {
    "switched off": later(
        "I am switched off here. Those who manage the server decide that with /config."
    ),
    "age-restricted only": later("In this server I only answer in age-restricted channels."),
    "denied": later("Those who manage this server do not want me to answer you here."),
    "not allowed": later(
        "Here I only answer some people, and you are not among them. Those who manage "
        "the server decide that."
    ),
    "blocked by the operator": later("Whoever runs me does not want me to answer you."),
    "no direct messages": later(
        "I do not answer in direct messages. Please ask me in a server that we share."
    ),
}
"""What somebody who uses a command is told."""


def bar_of(
    bot: HermesBot,
    channel: object,
    guild_id: int | None,
    person: discord.User | discord.Member,
) -> tuple[Bar, str]:
    """Why somebody is not answered in a channel, and where that was set; ("", "") if they are.

    What the operator has set is set nowhere: "".
    """
    if _is_blocked(bot, person):
        return "blocked by the operator", ""
    if guild_id is None:
        return ("", "") if bot.settings.answer_dms else ("no direct messages", "")
    roles = person.roles if isinstance(person, discord.Member) else ()
    return bot.configuration.bar(
        rule_places(channel, guild_id),
        person=str(person.id),
        roles=[str(role.id) for role in roles],
        age_restricted=age_restricted(channel),
    )


def _is_blocked(bot: HermesBot, person: discord.User | discord.Member) -> bool:
    """Whether the operator wants somebody answered nowhere; bots are let in by ANSWER_BOTS."""
    settings = bot.settings
    if person.id in settings.blocked_users:
        return True
    return bool(settings.allowed_users) and not (person.bot or person.id in settings.allowed_users)


def asker_for(
    person: discord.User | discord.Member, guild_id: int | None, *, guest: bool = False
) -> Asker:
    """Whose use counts, and for which server, when somebody asks there."""
    roles = person.roles if isinstance(person, discord.Member) else ()
    server = "" if guest else str(guild_id or "")
    return Asker(str(person.id), server, frozenset(str(role.id) for role in roles))


def refuse_barred(interaction: discord.Interaction[HermesBot]) -> None:
    """Raise a `BadInput` that says why, if whoever uses a command is not answered there."""
    bot, person = interaction.client, interaction.user
    found: Bar = "blocked by the operator" if _is_blocked(bot, person) else ""
    if not is_guest(interaction):
        found, _ = bar_of(bot, interaction.channel, interaction.guild_id, person)
    if found:
        raise BadInput(REFUSALS[found])

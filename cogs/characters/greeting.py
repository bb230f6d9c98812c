"""What a character says first: chosen, filled in, and posted as its first turn."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import discord

from bot.characters.card import Card
from bot.characters.compose import greeting as greeting_text
from bot.characters.macros import Values
from bot.characters.stage import Member
from bot.client import HermesBot
from bot.conversation.library import Persona
from bot.conversation.turns import Turn
from bot.errors import StoreUnavailable
from cogs.characters.shelf import Interaction, home_library
from cogs.live import live_of
from cogs.live.layout import Draft
from cogs.live.split import MESSAGE_LIMIT, split
from cogs.live.target import Channel, ChannelTarget
from cogs.places import conversation_in
from cogs.policy import check_text


def choices(card: Card, *, beside: bool) -> Sequence[int]:
    """The numbers of the greetings that there are; those for company come first `beside` others."""
    alone = range(len(card.greetings))
    company = range(len(card.greetings), len(card.greetings) + len(card.group_only_greetings))
    return (*company, *alone) if beside else tuple(alone)


async def filled_in(interaction: Interaction, card: Card, number: int) -> str:
    """A greeting with the names that hold now; they stay so in the story.

    Raises `BadInput` for one with words that the server does not want the bot to say.
    """
    personas = await interaction.client.store.personas(
        home_library(interaction), [str(interaction.user.id)]
    )
    persona = personas.get(str(interaction.user.id), Persona())
    values = Values(
        char=card.called,
        user=persona.name or interaction.user.display_name,
        now=interaction.created_at,
        seed=str(interaction.channel_id),
        story=str(interaction.channel_id),
    )
    text = greeting_text(card, number, values)
    await check_text(interaction, text)
    return text


async def post(
    bot: HermesBot, channel: Channel, member: Member, text: str, author: int
) -> tuple[discord.Message, bool]:
    """Have a character say its first words; returns their first message.

    Returns also whether they are part of the story: not while the store cannot be reached.
    `author` is the id of who brought the character.
    """
    conversation = conversation_in(channel.id)
    first = Turn("", 0, "assistant", text, speaker=member.name, character=member.character)
    plain = ChannelTarget(channel, reply_to=None, asker=None, mention=False)
    target = await live_of(bot).spoken(first, plain)
    pages = split(text, limit=MESSAGE_LIMIT - target.room)
    shown = [
        await target.send(Draft(page.text), first=not number, nonce=secrets.token_hex(12))
        for number, page in enumerate(pages)
    ]
    ids = tuple(str(message.id) for message in shown)
    try:
        await bot.conversations.timeline.say(
            conversation,
            ids[0],
            text,
            author=str(author),
            shown=ids,
            speaker=member.name,
            character=member.character,
        )
    except StoreUnavailable:
        return shown[0], False
    return shown[0], True

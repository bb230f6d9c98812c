"""Which messages are the bot's own: those in its name, and those of its characters."""

from __future__ import annotations

from typing import Protocol

import discord

from cogs.voices.heads import question_in


class OwnNames(Protocol):
    """What tells the bot's own messages: the client."""

    @property
    def user(self) -> discord.ClientUser | None:
        """The bot's own account."""
        ...

    @property
    def application_id(self) -> int | None:
        """The application that its webhooks belong to."""
        ...


def is_voice(client: OwnNames, message: discord.Message) -> bool:
    """Whether a character said it, by a webhook of this application."""
    if message.webhook_id is None or message.application_id is None:
        return False
    # The response to a command comes by a webhook, too, but in the bot's own name.
    own_name = client.user is not None and message.author.id == client.user.id
    return message.application_id == client.application_id and not own_name


def is_mine(client: OwnNames, message: discord.Message) -> bool:
    """Whether the bot wrote it, in its own name or as a character."""
    if message.type is discord.MessageType.thread_starter_message:
        return False  # Discord shows there at what the thread hangs.
    own_name = client.user is not None and message.author.id == client.user.id
    return own_name or is_voice(client, message)


def answered_by(message: discord.Message) -> int | None:
    """What a message of the bot answers: a message or a command; None for a follow-up."""
    if message.type is discord.MessageType.thread_created:
        return None  # A notice of Discord's; it may point at the message that got the thread.
    if message.interaction_metadata:
        return message.interaction_metadata.id
    if message.reference:
        return message.reference.message_id
    return question_in(message.content) if message.webhook_id else None

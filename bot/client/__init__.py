"""The Discord client: intents, cogs, command sync, the one error surface."""

from bot.client.bot import HermesBot

__all__ = ["HermesBot"]

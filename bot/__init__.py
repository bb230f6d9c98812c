"""The bot service: conversation, prompts, engines and store. It knows nothing of cogs."""

__version__ = "0.1.0"

"""What `python -m bot` does beside running the bot: one file per command."""

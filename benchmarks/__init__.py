"""Figures of the bot's speed, each beside a floor bot in the same run."""

"""Synthetic conversations, one module per skill. Every sentence was written for this project."""

"""Who the bot plays: cards, lorebooks, macros, scenes, and what they make of a prompt. Pure."""

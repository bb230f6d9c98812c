"""Who asks, as far as limits and the line in front of an engine are concerned. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bot.conversation.ask import Ask
from bot.conversation.fair_order import Asker
from bot.tools.context import roles_in


def asker_of(author: str, origin: Mapping[str, str]) -> Asker:
    """Who asks, and for which server it counts."""
    # Another person's roles are not theirs.
    roles = roles_in(origin) if origin.get("asker") == author else frozenset[str]()
    return Asker(author, origin.get("guild", ""), roles)


def asker_of_ask(ask: Ask) -> Asker:
    """The same for a question."""
    return asker_of(ask.author, ask.origin)


def asker_in(origin: Mapping[str, str]) -> Asker:
    """For whom a reply is written, by what its front noted."""
    return asker_of(origin.get("asker", ""), origin)

"""What every cog of tools is built with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.tools.services import Services

if TYPE_CHECKING:
    from bot.conversation.ports import Store
    from bot.net.fetch import Fetcher
    from bot.settings import Settings


@dataclass
class Kit:
    """The bot's settings, the one way to the outside world, and the store.

    `discord` is the client, None in a process that is not connected to Discord; `services` are the
    addresses of whom the tools ask.
    """

    settings: Settings
    fetch: Fetcher
    store: Store
    discord: Any = None
    services: Services = field(default_factory=Services)

"""Finding and loading the parts of the bot: the cogs."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from bot.errors import StartupError

if TYPE_CHECKING:
    from bot.client.bot import HermesBot

# Every module and package directly in this one that has a `setup` is a part of the bot.
COGS = "cogs"


async def load_parts(bot: HermesBot) -> None:
    """Load what is directly in `cogs/`; a part that fails fails the start with its name.

    Not by `load_extension`: it would make a second copy of a module that another one imports.
    """
    package = importlib.import_module(COGS)
    for found in pkgutil.iter_modules(package.__path__, f"{COGS}."):
        try:
            module = importlib.import_module(found.name)
            if hasattr(module, "setup"):
                await module.setup(bot)
        except StartupError:
            raise
        except Exception as error:
            raise StartupError(
                f"{found.name} does not load: {type(error).__name__}: {error}"
            ) from error

"""What those hear who have opted out and ask something all the same."""

from __future__ import annotations

import discord

from bot.client import HermesBot
from bot.errors import BadInput
from bot.language import later
from cogs.admission import refuse_barred

OPTED_OUT = later(
    "You have opted out, so I do not read or answer what you write. If you would like me to again, "
    "use `/privacy opt-in`, and then ask once more."
)

LEFT_ALONE = later("Who wrote that does not want me to read it, so I leave it alone.")


def refuse_opted_out(interaction: discord.Interaction[HermesBot]) -> None:
    """Raise a `BadInput` that says how to opt in, if whoever uses a command has opted out.

    Who is not answered there by the server's wish is told that (`refuse_barred`).
    While that cannot be known, who uses a command may: Discord does not wait for the store.
    """
    if interaction.client.opt_outs.ignores(str(interaction.user.id)):
        raise BadInput(OPTED_OUT)
    refuse_barred(interaction)

"""What only one person sees: the panel of a reply, and the question before something is discarded.

Their buttons name the reply's message, so that they work after a restart as well.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import discord

from bot.client import HermesBot
from bot.conversation.turns import Turn
from bot.conversation.variants import count
from bot.language import later, tr
from cogs.controls.meant import Meant
from cogs.live.buttons import Button, control_button, in_rows, view_of
from cogs.live.controls import variant_buttons
from cogs.places import channel_here
from cogs.replies import may_press
from cogs.reports import report_button

_BRANCHING = "cogs.branching"

_WHAT = later("What shall I do with [this reply]({link})?")


async def refresh(interaction: discord.Interaction[Any], meant: Meant, turn: Turn) -> None:
    """Show the panel of a reply, as it is now, in the response."""
    link = channel_here(interaction).get_partial_message(meant.shown[0]).jump_url
    await interaction.edit_original_response(
        content=tr(_WHAT).format(link=link), view=view_of(_panel(interaction, meant, turn))
    )


async def ask_to_discard(interaction: discord.Interaction[HermesBot], meant: Meant) -> None:
    """Ask in the response whether what came after a reply may go."""
    allowed = may_discard(interaction, meant)
    buttons: list[Button] = []
    if allowed:
        take_back = _button("discard", meant, label=tr("Take them back and regenerate"))
        buttons.append(replace(take_back, style=discord.ButtonStyle.danger))
    if can_branch(interaction):
        buttons.append(_button("branch", meant, label=tr("Branch into a thread instead")))
    words = _discards(len(meant.later)) if allowed else _not_all_yours(len(meant.later))
    await interaction.edit_original_response(
        content=words, view=view_of(buttons) if buttons else None
    )


def may_discard(interaction: discord.Interaction[Any], meant: Meant) -> bool:
    """Whether somebody may take back what came after a reply: all theirs, or they are in charge."""
    user = str(interaction.user.id)
    theirs = all(turn.author == user for turn in meant.later if turn.role == "user")
    return theirs or may_press(interaction, 0)


def can_branch(interaction: discord.Interaction[Any]) -> bool:
    """Whether there can be a thread."""
    is_text = isinstance(interaction.channel, discord.TextChannel)
    return is_text and importlib.util.find_spec(_BRANCHING) is not None


async def branch(interaction: discord.Interaction[HermesBot], message: discord.Message) -> None:
    """Go on from a reply in a thread of its own; the interaction is answered there."""
    await importlib.import_module(_BRANCHING).branch_from(interaction, message)


def _panel(interaction: discord.Interaction[Any], meant: Meant, turn: Turn) -> Sequence[Button]:
    leafing = variant_buttons(
        meant.conversation, meant.asker, turn.variant, count(turn), meant.message
    )
    others = [
        _button("edit", meant, emoji="✏️", label=tr("Edit")),
        _button("delete", meant, emoji="🗑️", label=tr("Delete")),
    ]
    if meant.later and may_discard(interaction, meant):
        others.append(_button("rewind", meant, emoji="⏪", label=tr("Rewind to here")))
    others.append(report_button(meant.message))
    return in_rows(leafing, others)


def _button(what: str, meant: Meant, *, label: str, emoji: str = "") -> Button:
    return control_button(
        what, meant.conversation, meant.asker, message=meant.message, label=label, emoji=emoji
    )


def _discards(count: int) -> str:
    return tr(
        "This takes back the message after it.",
        "This takes back the {n:,} messages after it.",
        n=count,
    )


def _not_all_yours(count: int) -> str:
    return tr(
        "One message came after it, not all from you. Only somebody who may manage messages here "
        "can take that back.",
        "{n:,} messages came after it, not all from you. Only somebody who may manage messages "
        "here can take that back.",
        n=count,
    )

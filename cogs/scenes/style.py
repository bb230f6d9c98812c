"""How a scene is played: who speaks, how replies end, and whether characters may use tools."""

from __future__ import annotations

from dataclasses import replace

from bot.characters.stage import Order, Stage
from bot.errors import BadInput
from cogs.characters.shelf import Interaction
from cogs.scenes.card import ORDERS

_NOT_YOURS = (
    "Only somebody who may manage channels can let characters use tools: a card can come from "
    "anybody, and says what its character does."
)


def ordered(stage: Stage, order: Order, rounds: int | None) -> Stage:
    """The stage with another order; without `rounds` that number stays."""
    return replace(stage, order=order, rounds=stage.rounds if rounds is None else rounds)


def order_told(stage: Stage) -> str:
    """Who speaks next, in words."""
    told = [f"Who speaks: {ORDERS[stage.order]}."]
    if stage.order in ("natural", "model"):
        told.append(f"Lines among themselves: {stage.rounds or 'none'}.")
    return " ".join(told)


def check_may_style(interaction: Interaction, tools: bool | None) -> None:
    """Refuse tools that somebody wants who may not answer for them."""
    if tools and interaction.guild_id and not interaction.permissions.manage_channels:
        raise BadInput(_NOT_YOURS)


def styled(stage: Stage, whole_sentences: bool | None, tools: bool | None) -> Stage:
    """The stage with another style; what is None stays."""
    return replace(
        stage,
        trim=stage.trim if whole_sentences is None else whole_sentences,
        tools=stage.tools if tools is None else tools,
    )


def style_told(stage: Stage) -> str:
    """The style in words."""
    ends = "are left out" if stage.trim else "stay as they are"
    tools = "may use the tools that are on here" if stage.tools else "use no tools"
    return f"Unfinished last sentences {ends}. Characters {tools}."

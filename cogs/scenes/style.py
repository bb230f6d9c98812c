"""How a scene is played: who speaks, how replies end, and whether characters may use tools."""

from __future__ import annotations

from dataclasses import replace

from bot.characters.stage import Order, Stage
from bot.errors import BadInput
from bot.language import later, tr
from cogs.characters.shelf import Interaction
from cogs.scenes.card import NO_ROUNDS, ORDERS

_NOT_YOURS = later(
    "Only somebody who may manage channels can let characters use tools: a card can come from "
    "anybody, and says what its character does."
)


def ordered(stage: Stage, order: Order, rounds: int | None) -> Stage:
    """The stage with another order; without `rounds` that number stays."""
    return replace(stage, order=order, rounds=stage.rounds if rounds is None else rounds)


def order_told(stage: Stage) -> str:
    """Who speaks next, in words."""
    told = [tr("Who speaks: {order}.", order=ORDERS[stage.order])]
    if stage.order in ("natural", "model"):
        told.append(tr("Lines among themselves: {rounds}.", rounds=stage.rounds or NO_ROUNDS))
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
    ends = tr("Unfinished last sentences stay as they are.")
    if stage.trim:
        ends = tr("Unfinished last sentences are left out.")
    tools = tr("Characters use no tools.")
    if stage.tools:
        tools = tr("Characters may use the tools that are on here.")
    return f"{ends} {tools}"

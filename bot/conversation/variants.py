"""Replies that were written more than once: which texts there are, and which one counts. Pure."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.turns import Replacing, Turn, Variant

MAX_VARIANTS = 10
"""How many texts of one reply are kept; the newest stay."""


def count(turn: Turn) -> int:
    """How many texts there are to choose from."""
    return len(turn.variants) or 1


def after(older: Turn | None, how: Replacing) -> tuple[int, int]:
    """Which text will be seen and how many there will be, (0, 1) for the first of one, when a
    reply has been written that treats an `older` one so.
    """
    if older is None:
        return 0, 1
    if how == "variant":
        total = min(count(older) + 1, MAX_VARIANTS)
        return total - 1, total
    return older.variant, count(older)


def showing(turn: Turn, number: int) -> Turn:
    """The same reply with another of its texts; `number` counts from 0, and round at the ends."""
    if not turn.variants:
        return turn
    number %= len(turn.variants)
    shown = turn.variants[number]
    return replace(
        turn,
        text=shown.text,
        status=shown.status,
        steps=shown.steps,
        variant=number,
        # What this text costs is to be found out anew.
        tokens=0,
    )


def joined(turn: Turn, before: Turn) -> Turn:
    """A new reply as one more text beside those of the reply that was there before."""
    texts = (*(before.variants or (_variant(before),)), _variant(turn))[-MAX_VARIANTS:]
    return replace(turn, variants=texts, variant=len(texts) - 1)


def in_place(turn: Turn, before: Turn) -> Turn:
    """A reply whose text comes in place of the one that people saw before it."""
    if not before.variants:
        return turn
    texts = list(before.variants)
    texts[before.variant] = _variant(turn)
    return replace(turn, variants=tuple(texts), variant=before.variant)


def rewritten(turn: Turn, text: str) -> Turn:
    """A reply whose text somebody has changed by hand."""
    return in_place(replace(turn, text=text, status="", tokens=0), turn)


def _variant(turn: Turn) -> Variant:
    return Variant(turn.text, turn.status, turn.steps)

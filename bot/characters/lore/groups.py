"""Groups of entries of which one is told: the one that stays, the overriding one, or by chance."""

from __future__ import annotations

from collections.abc import Sequence

from bot.characters.chance import draw
from bot.characters.lore.outcome import Outcome


def choose(
    fired: Sequence[Outcome], told: Sequence[Outcome], seed: tuple[object, ...]
) -> tuple[list[bool], list[str]]:
    """Which of those that fired may stay, and for each of the others who won instead."""
    stays = [True] * len(fired)
    winners = [""] * len(fired)
    taken = {name: one.name for one in told for name in one.entry.group.names}
    names = dict.fromkeys(name for one in fired for name in one.entry.group.names)
    for name in names:
        rivals = [at for at, one in enumerate(fired) if stays[at] and name in one.entry.group.names]
        if not rivals:
            continue
        winner = -1
        if name not in taken:
            winner = _winner(fired, rivals, (*seed, "group", name))
            taken[name] = fired[winner].name
        for at in rivals:
            if at != winner:
                stays[at], winners[at] = False, taken[name]
    return stays, winners


def _winner(fired: Sequence[Outcome], rivals: Sequence[int], seed: tuple[object, ...]) -> int:
    staying = [at for at in rivals if fired[at].why == "sticky"]
    if staying:
        return staying[0]
    overriding = [at for at in rivals if fired[at].entry.group.override]
    if overriding:
        return max(overriding, key=lambda at: fired[at].entry.order)
    weights = [fired[at].entry.group.weight for at in rivals]
    drawn = draw(sum(weights), *seed)
    for at, weight in zip(rivals, weights, strict=True):
        drawn -= weight
        if drawn < 0:
            return at
    return rivals[0]

"""What a card costs: tokens of each of its parts, as far as they can be told without asking."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from bot.characters.card import Card
from bot.language import later

Count = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Cost:
    """About how many tokens the parts of a card have.

    `parts` are those that are not empty, by name. `always` is what stands in every prompt, `most`
    what all of it would be.
    """

    parts: Mapping[str, int]
    always: int
    most: int


def cost_of(card: Card, count: Count) -> Cost:
    """Measure a card; examples and lore are left out of a prompt where they do not fit."""
    always = {
        later("system prompt"): card.system_prompt,
        later("description"): card.description,
        later("personality"): card.personality,
        later("scenario"): card.scenario,
        later("last instructions"): card.post_history_instructions,
        later("depth note"): card.depth_prompt.text if card.depth_prompt else "",
    }
    sometimes = {
        later("examples"): card.mes_example,
        later("greeting"): card.first_mes,
        later("lore"): "\n".join(str(entry.get("content", "")) for entry in entries_of(card)),
    }
    counted: dict[str, int] = {
        name: count(text) for name, text in (*always.items(), *sometimes.items()) if text.strip()
    }
    return Cost(
        parts=counted,
        always=sum(counted.get(name, 0) for name in always),
        most=sum(counted.values()),
    )


def entries_of(card: Card) -> list[Mapping[str, Any]]:
    """The entries of a card's own lorebook."""
    return entries_in(card.character_book) if card.character_book else []


def entries_in(book: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The entries of a lorebook, whether they are a list or, as in world files, numbered."""
    given: object = book.get("entries")
    if isinstance(given, dict):
        given = list(cast("dict[str, Any]", given).values())
    if not isinstance(given, list):
        return []
    items = cast("list[Any]", given)
    return [cast("dict[str, Any]", item) for item in items if isinstance(item, dict)]

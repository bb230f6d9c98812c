"""A character card, whichever file it came in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from bot.characters.part import Voice

V2 = "chara_card_v2"
V3 = "chara_card_v3"

TALKATIVENESS = 0.5
DEPTH = 4
MAX_DEPTH_PROMPT = 1_000
"""How many turns from the end a depth prompt can stand; a conversation is never that long."""


@dataclass(frozen=True, slots=True)
class DepthPrompt:
    """A text that the card wants `depth` turns before the end of the history, said by `role`."""

    text: str
    depth: int = DEPTH
    role: Voice = "system"


@dataclass(frozen=True, slots=True)
class Card:
    """What a card says of its character; the fields have the names of the published formats.

    `spec` is "chara_card_v2" or a later one, empty for a flat card of the first version.
    `character_book` is the card's own lorebook as it was parsed. `document` is the JSON text that
    all of this was read from: what it says beyond these fields is kept there, with every literal,
    so change a card with `bot.characters.editing.edited` only. `warnings` are finished sentences
    for whoever brought the card.
    """

    name: str
    description: str = ""
    personality: str = ""
    scenario: str = ""
    first_mes: str = ""
    mes_example: str = ""
    creator_notes: str = ""
    system_prompt: str = ""
    post_history_instructions: str = ""
    alternate_greetings: tuple[str, ...] = ()
    group_only_greetings: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    creator: str = ""
    character_version: str = ""
    nickname: str = ""
    creator_notes_multilingual: Mapping[str, str] = field(default_factory=dict[str, str])
    source: tuple[str, ...] = ()
    character_book: Mapping[str, Any] | None = None
    extensions: Mapping[str, Any] = field(default_factory=dict[str, Any])
    spec: str = ""
    spec_version: str = ""
    document: str = field(default="", repr=False)
    warnings: tuple[str, ...] = ()

    @property
    def called(self) -> str:
        """What `{{char}}` stands for: the nickname if there is one."""
        return self.nickname or self.name

    @property
    def greetings(self) -> tuple[str, ...]:
        """All ways to begin a talk, the first message first; empty ones are left out."""
        return tuple(text for text in (self.first_mes, *self.alternate_greetings) if text.strip())

    @property
    def talkativeness(self) -> float:
        """How readily the character joins in without being asked: 0 never, 1 always."""
        value = number(self.extensions.get("talkativeness"))
        return TALKATIVENESS if value is None else min(1.0, max(0.0, value))

    @property
    def depth_prompt(self) -> DepthPrompt | None:
        """The text that the card wants within the history, if it has one."""
        given = self.extensions.get("depth_prompt")
        if not isinstance(given, dict):
            return None
        prompt = cast("dict[str, Any]", given)
        text = prompt.get("prompt")
        if not isinstance(text, str) or not text.strip():
            return None
        depth = number(prompt.get("depth"))
        role = prompt.get("role")
        return DepthPrompt(
            text,
            DEPTH if depth is None else int(min(MAX_DEPTH_PROMPT, max(0.0, depth))),
            role if role in ("user", "assistant") else "system",
        )

    def notes_in(self, language: str) -> str:
        """The creator's notes in a language (`de` or `de-AT`), else as they are."""
        given = self.creator_notes_multilingual
        code = language.lower().replace("_", "-").split("-")[0]
        return given.get(code) or given.get("en") or self.creator_notes


def number(value: object) -> float | None:
    """A finite number, also one written as text; anything else is None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None

"""What came of each entry of a lorebook, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.characters.lore.entry import Entry

Why = Literal[
    "constant",
    "forced",
    "key",
    "lore",
    "sticky",
    "off",
    "empty",
    "barred",
    "greeting",
    "delay",
    "cooldown",
    "count",
    "no key",
    "secondary",
    "excluded",
    "recursion",
    "probability",
    "group",
    "budget",
]
"""The first five: why it is told. All others: why not."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One entry, whether it is told, and why.

    `book` is the id under which its book was given. `key` is what matched, or what was missing;
    `message` tells where: 0 is the newest message, None no message at all. `source` is the title or
    id of the entry whose content called it, or to which it lost its group. `text` is the content
    with its macros expanded, `steady` tells that it stands before the conversation.
    """

    book: str
    entry: Entry
    told: bool
    why: Why
    key: str = ""
    message: int | None = None
    source: str = ""
    text: str = ""
    steady: bool = False
    tokens: int = 0

    @property
    def name(self) -> str:
        """What people may know the entry by."""
        return self.entry.title or (self.entry.keys[0] if self.entry.keys else self.entry.id)

    @property
    def switch(self) -> str:
        """What `Stage.lore_off` calls it."""
        return f"{self.book}/{self.entry.id}"


@dataclass(frozen=True, slots=True)
class Found:
    """What a look into lorebooks brought.

    `told` in the order in which it stands in the prompt, `silent` in that of the books. `timers`
    is what has to be given along the next time. `warnings` are finished sentences.
    """

    told: tuple[Outcome, ...] = ()
    silent: tuple[Outcome, ...] = ()
    timers: Mapping[str, int] = field(default_factory=dict[str, int])
    warnings: tuple[str, ...] = ()


_TELLING: Mapping[Why, str] = {
    "constant": "always there",
    "forced": "always there, by its `@@activate`",
    "sticky": "still there from a message before",
    "off": "switched off",
    "empty": "has no text",
    "barred": "held back by its `@@dont_activate`",
    "greeting": "meant for another greeting",
    "delay": "waits until there are more messages",
    "cooldown": "was told before, and rests",
    "count": "not its turn yet, by the number of replies",
    "no key": "none of its keys was said",
    "recursion": "only other entries can call it, and none did",
    "probability": "left out by chance this time",
    "budget": "no room left for it",
}


def explain(outcome: Outcome) -> str:
    """Why an entry is told or not, in a few words: `"dragon" in the newest message`."""
    key = f"“{outcome.key}”"
    if outcome.why == "key":
        return f"{key} in {_where(outcome.message)}"
    if outcome.why == "lore":
        return f"{key} in the entry “{outcome.source}”"
    if outcome.why == "secondary":
        return f"{key} was said, but its other keys do not agree"
    if outcome.why == "excluded":
        return f"{key} was said, which keeps it away"
    if outcome.why == "group":
        return f"“{outcome.source}” was chosen from its group"
    return _TELLING[outcome.why]


def _where(message: int | None) -> str:
    if not message:
        return "the newest message"
    return "the message before" if message == 1 else f"the message {message} before the newest"

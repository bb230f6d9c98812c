"""What came of each entry of a lorebook, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.characters.lore.entry import Entry
from bot.language import later

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
    "constant": later("always there"),
    "forced": later("always there, by its `@@activate`"),
    "sticky": later("still there from a message before"),
    "off": later("switched off"),
    "empty": later("has no text"),
    "barred": later("held back by its `@@dont_activate`"),
    "greeting": later("meant for another greeting"),
    "delay": later("waits until there are more messages"),
    "cooldown": later("was told before, and rests"),
    "count": later("not its turn yet, by the number of replies"),
    "no key": later("none of its keys was said"),
    "recursion": later("only other entries can call it, and none did"),
    "probability": later("left out by chance this time"),
    "budget": later("no room left for it"),
}


def explain(outcome: Outcome) -> str:
    """Why an entry is told or not, in a few words: `"dragon" in the newest message`."""
    key, source = outcome.key, outcome.source
    if outcome.why == "key":
        return _found_in(key, outcome.message or 0)
    if outcome.why == "lore":
        return later("“{key}” in the entry “{entry}”", key=key, entry=source)
    if outcome.why == "secondary":
        return later("“{key}” was said, but its other keys do not agree", key=key)
    if outcome.why == "excluded":
        return later("“{key}” was said, which keeps it away", key=key)
    if outcome.why == "group":
        return later("“{entry}” was chosen from its group", entry=source)
    return _TELLING[outcome.why]


def _found_in(key: str, message: int) -> str:
    if not message:
        return later("“{key}” in the newest message", key=key)
    if message == 1:
        return later("“{key}” in the message before", key=key)
    return later("“{key}” in the message {number} before the newest", key=key, number=message)

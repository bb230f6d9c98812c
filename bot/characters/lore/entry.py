"""What a lorebook holds, whichever format it came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.characters.part import Voice

Place = Literal[
    "before",
    "after_description",
    "personality",
    "scenario",
    "after",
    "note_top",
    "note_bottom",
    "examples_top",
    "examples_bottom",
    "depth",
]
"""Where an entry stands: around the parts of the card, at the author's note, or in the history."""

_WITHIN: tuple[Place, ...] = ("depth", "note_top", "note_bottom")

Logic = Literal["any", "all", "not_any", "not_all"]
"""How many of the secondary keys have to be found: any, all, none, or not all of them."""

FOREVER = 1_000_000
"""As many messages as no conversation has."""


@dataclass(frozen=True, slots=True)
class Group:
    """What an entry competes in: one of each group is told.

    `override`: not by chance, but the one that is inserted last wins.
    """

    names: tuple[str, ...] = ()
    weight: int = 100
    override: bool = False


@dataclass(frozen=True, slots=True)
class Timing:
    """When an entry may fire; counted in messages of the conversation.

    It stays for `sticky` messages after it fired, is silent for `cooldown` messages after that, and
    never fires before there are `delay` messages. `after` and `every` count what characters said:
    not before so many, and only with each so many. `greeting` is the only one that it is meant for.
    """

    sticky: int = 0
    cooldown: int = 0
    delay: int = 0
    after: int = 0
    every: int = 0
    greeting: int | None = None

    @property
    def remembered(self) -> bool:
        """Whether it matters later on when the entry has fired."""
        return bool(self.sticky or self.cooldown)


NO_TIMING = Timing()
NO_GROUP = Group()


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of lore. Keys and content are as written, macros and all, decorators taken off.

    `id` is unique in its book, `title` is what people may know it by. `regex` tells that all keys
    are regular expressions; one that is written `/…/flags` is one anyway. `also` are sets of keys
    of which each needs a match beside `keys`, `unless` are keys that must not be there. `order`:
    higher ones stand further down. `priority` decides what the budget drops first, where it is
    None the order does. `scan_depth` and the switches for case and whole words are None where the
    book decides. `forced` fires always, `barred` never. `yields`: dropped first when room is short.
    """

    id: str
    content: str
    keys: tuple[str, ...] = ()
    title: str = ""
    enabled: bool = True
    constant: bool = False
    regex: bool = False
    secondary: tuple[str, ...] = ()
    logic: Logic = "any"
    also: tuple[tuple[str, ...], ...] = ()
    unless: tuple[str, ...] = ()
    case_sensitive: bool | None = None
    whole_words: bool | None = None
    order: int = 100
    priority: int | None = None
    place: Place = "after"
    depth: int = 4
    role: Voice = "system"
    scan_depth: int | None = None
    probability: int = 100
    group: Group = NO_GROUP
    timing: Timing = NO_TIMING
    deaf_to_lore: bool = False
    silent_to_lore: bool = False
    recursion_level: int = 0
    forced: bool = False
    barred: bool = False
    yields: bool = False

    @property
    def known_as(self) -> str:
        """What people may know it by."""
        return self.title or (self.keys[0] if self.keys else self.id)

    @property
    def steady(self) -> bool:
        """Whether it is told whatever is said: then it can stand before the conversation."""
        return (
            (self.constant or self.forced)
            and not self.barred
            and self.probability >= 100
            and self.timing == NO_TIMING
            and not (self.group.names or self.unless or self.also or self.yields)
            and not self.recursion_level
        )

    @property
    def in_head(self) -> bool:
        """Whether it stands before the conversation, and not at some depth within it."""
        return self.steady and self.place not in _WITHIN


@dataclass(frozen=True, slots=True)
class Book:
    """A lorebook. `scan_depth` is in messages, `token_budget` in tokens, None where it is silent.

    `recursive`: what is told can call further entries. `warnings` are finished sentences.
    """

    name: str = ""
    entries: tuple[Entry, ...] = ()
    scan_depth: int | None = None
    token_budget: int | None = None
    recursive: bool = False
    warnings: tuple[str, ...] = ()

    def named(self, name: str) -> Entry | None:
        """The entry that is meant by its id, its title, or one of its keys."""
        wanted = name.strip().casefold()
        for one in self.entries:
            if wanted in (one.id.casefold(), one.known_as.casefold()):
                return one
        return next((one for one in self.entries if wanted in map(str.casefold, one.keys)), None)

    def fitting(self, typed: str) -> list[Entry]:
        """The entries whose title or keys have what was typed."""
        wanted = typed.casefold().strip()
        return [
            one
            for one in self.entries
            if any(wanted in text.casefold() for text in (one.known_as, *one.keys))
        ]

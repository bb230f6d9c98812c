"""Whether an entry's keys are found: keys, secondary keys, further sets, and what keeps it away."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from bot.characters.lore import patterns
from bot.characters.lore.entry import Entry
from bot.characters.lore.haystack import Haystack
from bot.characters.macros import Values, expand

MOST_WEIGHT = 20_000
"""What all regular expressions of one look into the lore can weigh together."""

MOST_STEPS = 200_000_000
"""What their weights come to, times the characters that each is looked for in: half a second."""


class Place(NamedTuple):
    """Where a key was found: in a message (0 is the newest), or else in lore that is told."""

    message: int | None
    lore: int | None


class Match(NamedTuple):
    """What came of an entry's keys: "key" if it fires, else what was wrong; and the key itself."""

    why: Literal["key", "no key", "secondary", "excluded"]
    key: str = ""
    place: Place | None = None


@dataclass(slots=True)
class Matcher:
    """Looks for keys in the messages, and in the lore that has been found already.

    `unusable` gathers the expressions that no engine here can use.
    """

    messages: Haystack
    lore: Haystack
    room: int = MOST_WEIGHT
    steps: int = MOST_STEPS
    unusable: dict[str, None] = field(default_factory=dict[str, None])
    weighed: set[str] = field(default_factory=set[str])

    def match(self, entry: Entry, depth: int, values: Values, *, with_lore: bool) -> Match:
        """Whether an entry fires, in the newest `depth` messages and, if asked for, in lore."""
        seek = _Seek(self, entry, depth, values, with_lore)
        found = None
        key = ""
        for key in entry.keys:
            found = seek.find(key)
            if found:
                break
        if found is None and not entry.constant:
            return Match("no key")
        if wrong := seek.kept_away():
            return Match("excluded", wrong, found)
        if not seek.agrees():
            return Match("secondary", key, found)
        return Match("key", key, found)

    def weigh(self, expression: str) -> bool:
        """Whether there is room for one more expression."""
        if expression in self.weighed:
            return True
        weight = patterns.weight(expression)
        if weight > self.room:
            return False
        self.room -= weight
        self.weighed.add(expression)
        return True

    def search(self, texts: Haystack, expression: str, depth: int | None) -> int | None:
        """In which of the texts an expression matches, while there is time for it."""
        length = sum(map(len, texts.texts[:depth]))
        self.steps -= patterns.weight(expression) * length
        return texts.find_pattern(expression, depth) if self.steps > 0 else None


class _Seek(NamedTuple):
    """The search for one entry's keys."""

    matcher: Matcher
    entry: Entry
    depth: int
    values: Values
    with_lore: bool

    def find(self, key: str) -> Place | None:
        if "{{" in key or "<" in key:
            key = expand(key, self.values)
        if self.entry.regex or (key[:1] == "/" and patterns.is_written(key)):
            return self._pattern(key)
        case, whole = bool(self.entry.case_sensitive), bool(self.entry.whole_words)
        at = self.matcher.messages.find(key, self.depth, case=case, whole=whole)
        if at is not None:
            return Place(at, None)
        if self.with_lore:
            at = self.matcher.lore.find(key, case=case, whole=whole)
            return None if at is None else Place(None, at)
        return None

    def _pattern(self, key: str) -> Place | None:
        expression = patterns.source(key, ignore_case=not self.entry.case_sensitive)
        if not self.matcher.weigh(expression) or patterns.found(expression, "") is None:
            self.matcher.unusable[key] = None
            return None
        matcher = self.matcher
        at = matcher.search(matcher.messages, expression, self.depth)
        if at is not None:
            return Place(at, None)
        at = matcher.search(matcher.lore, expression, None) if self.with_lore else None
        return None if at is None else Place(None, at)

    def kept_away(self) -> str:
        """A key that must not be there, and is."""
        return next((key for key in self.entry.unless if self.find(key)), "")

    def agrees(self) -> bool:
        """Whether the secondary keys and each further set of keys allow it."""
        for keys in self.entry.also:
            if not any(map(self.find, keys)):
                return False
        secondary = self.entry.secondary
        if not secondary or self.entry.constant:
            return True
        hits = (self.find(key) is not None for key in secondary)
        if self.entry.logic == "any":
            return any(hits)
        if self.entry.logic == "all":
            return all(hits)
        return not any(hits) if self.entry.logic == "not_any" else not all(hits)

"""Reading lorebooks: those within cards (V2, V3), `lorebook_v3`, and SillyTavern's world files.

What is wrong in a file is left out or put right, and said in the book's warnings; only what is no
lorebook at all is refused. All numbers and texts are bounded, since files come from strangers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, cast

from bot.characters.lore.decorators import undecorate
from bot.characters.lore.entry import (
    NO_GROUP,
    NO_TIMING,
    Book,
    Entry,
    Group,
    Logic,
    Place,
    Timing,
)
from bot.characters.part import Voice
from bot.errors import BadInput
from bot.language import later

MOST_ENTRIES = 10_000
MOST_KEYS = 200
MOST_KEYS_IN_ALL = 100_000
LONGEST_KEY = 1_000
LONGEST_CONTENT = 100_000
MOST_CHARACTERS = 10_000_000
MOST_WARNINGS = 20
DEEPEST_SCAN = 1_000
_LARGEST = 1_000_000_000

_MANY_KEYS = later("An entry can have {most} keys; the others are not used.", most=MOST_KEYS)
_MANY_KEYS_IN_ALL = later(
    "A lorebook can have {most:,} keys; the others are not used.", most=MOST_KEYS_IN_ALL
)
_LONG_KEY = later("A key can have {most:,} characters; longer ones are not used.", most=LONGEST_KEY)

# SillyTavern numbers its places; 2 and 3 are at the author's note, 5 and 6 at the examples.
_PLACES: tuple[Place, ...] = (
    "before",
    "after",
    "note_top",
    "note_bottom",
    "depth",
    "examples_top",
    "examples_bottom",
)
_LOGIC: tuple[Logic, ...] = ("any", "not_all", "not_any", "all")
_ROLES: tuple[Voice, ...] = ("system", "user", "assistant")

Given = Mapping[str, Any]


def read(value: object, name: str = "") -> Book:
    """A lorebook out of parsed JSON; `BadInput` if there are no entries to be found in it.

    `name` is used where the file has none.
    """
    given = _mapping(value)
    for step in within(value):
        given = _mapping(given[step])
    found = given.get("entries")
    if not isinstance(found, (list, Mapping)):
        raise BadInput(later("This is no lorebook that I can read: it has no list of entries."))
    return _Reading(given, name).book(cast("list[object] | Given", found))


def within(value: object) -> tuple[str, ...]:
    """Under which keys of parsed JSON the object stands that has the entries."""
    given, path = _mapping(value), tuple[str, ...]()
    if isinstance(given.get("data"), Mapping) and "entries" not in given:
        given, path = _mapping(given["data"]), ("data",)
    for key in ("character_book", "originalData"):
        if "entries" not in given and isinstance(given.get(key), Mapping):
            given, path = _mapping(given[key]), (*path, key)
    return path


class _Reading:
    """Reads one book; gathers what is worth a warning."""

    def __init__(self, given: Given, name: str) -> None:
        self._given = given
        self._name = name
        self._warned: dict[str, None] = {}
        self._ids: set[str] = set()
        self._room = MOST_CHARACTERS
        self._keys_left = MOST_KEYS_IN_ALL

    def book(self, found: list[object] | Given) -> Book:
        numbered = _numbered(found)
        if len(found) > MOST_ENTRIES:
            self._warn(
                later(
                    "Only the first {most:,} of {count:,} entries are used.",
                    most=MOST_ENTRIES,
                    count=len(found),
                )
            )
        entries = tuple(self._entries(islice(numbered, MOST_ENTRIES)))
        given = self._given
        recursive = given.get("recursive_scanning", given.get("recursiveScanning"))
        if recursive is None:
            # SillyTavern's files leave this to its settings. Entries that only other entries can
            # call tell what was meant.
            recursive = any(entry.recursion_level for entry in entries)
        return Book(
            name=_text(given.get("name"))[:200] or self._name,
            entries=entries,
            scan_depth=_whole(given.get("scan_depth", given.get("scanDepth")), 0, DEEPEST_SCAN),
            token_budget=_whole(given.get("token_budget", given.get("tokenBudget")), 0, _LARGEST),
            recursive=_is_true(recursive),
            warnings=tuple(self._warned),
        )

    def _warn(self, sentence: str) -> None:
        if len(self._warned) < MOST_WARNINGS:
            self._warned[sentence] = None

    def _entries(self, numbered: Iterable[tuple[str, object]]) -> Iterable[Entry]:
        for label, value in numbered:
            if not isinstance(value, Mapping):
                self._warn(later("Entry {label} is none, and was left out.", label=label))
                continue
            entry, ignored = undecorate(self._entry(label, cast(Given, value)))
            for name in ignored:
                self._warn(
                    later(
                        "`@@{name}` is unknown to me, or makes no sense, and is not followed.",
                        name=name,
                    )
                )
            yield entry

    def _entry(self, label: str, given: Given) -> Entry:
        extra = _mapping(given.get("extensions"))
        # What SillyTavern writes at an entry's root, cards keep under `extensions`.
        given = {**extra, **given} if extra else given
        keys = self._keys(given.get("keys", given.get("key")))
        use_regex = _has_expressions(given, extra)
        secondary = self._keys(given.get("secondary_keys", given.get("keysecondary")))
        # World files leave it out where it is on.
        selective = given.get("selective", "keysecondary" in given)
        place, depth = _place(given, extra)
        return Entry(
            id=self._id(given, label),
            content=self._content(given.get("content"), label),
            keys=keys,
            title=_text(given.get("name") or given.get("comment"))[:200],
            enabled=_is_true(given.get("enabled", True)) and not _is_true(given.get("disable")),
            # The specification has both ignored where keys are regular expressions.
            constant=_is_true(given.get("constant")) and not use_regex,
            regex=use_regex,
            secondary=secondary if _is_true(selective) and not use_regex else (),
            logic=_LOGIC[_whole(given.get("selectiveLogic"), 0, 3) or 0],
            case_sensitive=_switch(_either(given, "case_sensitive", "caseSensitive")),
            whole_words=_switch(_either(given, "match_whole_words", "matchWholeWords")),
            order=_order(given),
            priority=_whole(given.get("priority"), -_LARGEST, _LARGEST),
            place=place,
            depth=depth,
            role=_role(given.get("role")),
            scan_depth=_whole(_either(given, "scan_depth", "scanDepth"), 0, DEEPEST_SCAN),
            probability=_probability(given),
            group=_group(given),
            timing=_timing(given),
            deaf_to_lore=_is_true(_either(given, "exclude_recursion", "excludeRecursion")),
            silent_to_lore=_is_true(_either(given, "prevent_recursion", "preventRecursion")),
            recursion_level=_level(_either(given, "delay_until_recursion", "delayUntilRecursion")),
        )

    def _id(self, given: Given, label: str) -> str:
        wanted = given.get("uid", given.get("id"))
        name = _text(wanted)[:64].replace("/", "-").strip() or label
        found, number = name, 1
        while found in self._ids:
            # From the label on, which is its place: no other has it twice.
            found, number = (
                f"{name}-{label}" if number == 1 else f"{name}-{label}-{number}",
                (number + 1),
            )
        self._ids.add(found)
        return found

    def _content(self, value: object, label: str) -> str:
        text = _text(value)
        most = min(LONGEST_CONTENT, self._room)
        if len(text) > most:
            self._warn(
                later(
                    "Entry {label} is too long: only its first {most:,} characters are used.",
                    label=label,
                    most=most,
                )
            )
        self._room -= min(len(text), most)
        return text[:most]

    def _keys(self, value: object) -> tuple[str, ...]:
        if isinstance(value, str):
            value = value.split(",")
        if not isinstance(value, list):
            return ()
        values = cast("list[object]", value)
        found = [_text(key).strip() for key in values[:MOST_KEYS]]
        kept = [key for key in found if key and len(key) <= LONGEST_KEY][: self._keys_left]
        self._keys_left -= len(kept)
        if len(values) > MOST_KEYS:
            self._warn(_MANY_KEYS)
        if any(len(key) > LONGEST_KEY for key in found):
            self._warn(_LONG_KEY)
        if not self._keys_left:
            self._warn(_MANY_KEYS_IN_ALL)
        return tuple(kept)


def _numbered(found: list[object] | Given) -> Iterable[tuple[str, object]]:
    if isinstance(found, Mapping):
        return ((str(key)[:64], value) for key, value in found.items())
    return ((str(number), value) for number, value in enumerate(found))


def _has_expressions(given: Given, extra: Given) -> bool:
    """Whether all keys of an entry are regular expressions.

    SillyTavern writes so of every entry that it exports, and itself takes only `/…/flags` for one.
    """
    return _is_true(given.get("use_regex")) and "selectiveLogic" not in extra


def _place(given: Given, extra: Given) -> tuple[Place, int]:
    """Where an entry stands. SillyTavern's number says more than the word that cards have."""
    depth = _whole(given.get("depth"), 0, DEEPEST_SCAN)
    position = extra.get("position", given.get("position"))
    number = None if isinstance(position, str) else _whole(position, 0, len(_PLACES) - 1)
    if number is not None:
        return _PLACES[number], 4 if depth is None else depth
    word = _text(given.get("position")).lower()
    return "before" if word.startswith("before") else "after", 4 if depth is None else depth


def _order(given: Given) -> int:
    found = _whole(_either(given, "insertion_order", "order"), -_LARGEST, _LARGEST)
    return 100 if found is None else found


def _role(value: object) -> Voice:
    if isinstance(value, str):
        word = value.strip().lower()
        return word if word in _ROLES else "system"
    return _ROLES[_whole(value, 0, 2) or 0]


def _probability(given: Given) -> int:
    if not _is_true(_either(given, "useProbability", "use_probability", default=True)):
        return 100
    found = _whole(given.get("probability"), 0, 100)
    return 100 if found is None else found


def _group(given: Given) -> Group:
    names = tuple(
        name for part in _text(given.get("group"))[:500].split(",") if (name := part.strip())
    )
    if not names:
        return NO_GROUP
    weight = _whole(_either(given, "group_weight", "groupWeight"), 0, _LARGEST)
    override = _is_true(_either(given, "group_override", "groupOverride"))
    return Group(names, 100 if weight is None else weight, override)


def _timing(given: Given) -> Timing:
    found = {
        name: _whole(given.get(name), 0, _LARGEST) or 0 for name in ("sticky", "cooldown", "delay")
    }
    return replace(NO_TIMING, **found) if any(found.values()) else NO_TIMING


def _level(value: object) -> int:
    """From which round of recursion on an entry can be called; a mere yes is the first."""
    return 1 if value is True else _whole(value, 0, 100) or 0


def _either(given: Given, *names: str, default: object = None) -> object:
    return next((given[name] for name in names if given.get(name) is not None), default)


def _switch(value: object) -> bool | None:
    return None if value is None else _is_true(value)


def _is_true(value: object) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in ("true", "1", "yes", "on")
    return bool(value)


def _whole(value: object, least: int, most: int) -> int | None:
    """A whole number within bounds; None where there is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return max(least, min(most, int(number))) if math.isfinite(number) else None


def _text(value: object) -> str:
    """A text; a number as it is written; anything else is nothing."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ""
    return str(value)[:64]


def _mapping(value: object) -> Given:
    return cast(Given, value) if isinstance(value, Mapping) else {}

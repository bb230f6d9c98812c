"""Decorators: lines `@@name value` at the head of an entry's content (Character Card V3).

A line `@@@name value` behind one that is unknown, or has a value that makes no sense, is tried in
its stead, however long the chain is. All of these lines are taken off.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from bot.characters.lore.entry import FOREVER, Entry, Place

MOST = 50
"""How many decorators of one entry are heard."""

LONGEST_CHAIN = 20

_LINE = re.compile(r"(@@@?)([a-zA-Z][a-zA-Z_0-9]{0,63})[ \t]*([^\r\n]*)(?:\r?\n|\r|$)")
_BLANK = re.compile(r"[ \t]*(?:\r?\n|\r)")

_ROLES = ("system", "user", "assistant")
_POSITIONS: dict[str, Place] = {
    "before_desc": "before",
    "after_desc": "after_description",
    "personality": "personality",
    "scenario": "scenario",
}

Changes = Mapping[str, Any]


class Decorated(NamedTuple):
    """An entry without its decorators, and what the card asks not to be said beside it."""

    entry: Entry
    ignored: tuple[str, ...]


def undecorate(entry: Entry) -> Decorated:
    """Take the decorators off an entry's content, and do what they say."""
    if "@@" not in entry.content:
        return Decorated(entry, ())
    chains, content = _chains(entry.content)
    if not chains:
        return Decorated(entry, ())
    said: dict[str, list[str]] = {}
    ignored: list[str] = []
    for chain in chains[:MOST]:
        known = next((one for one in chain[:LONGEST_CHAIN] if _makes_sense(entry, *one)), None)
        if known:
            said.setdefault(known[0], []).append(known[1])
        else:
            ignored.append(chain[0][0])
    return Decorated(_changed(replace(entry, content=content), said), tuple(ignored))


def _chains(content: str) -> tuple[list[list[tuple[str, str]]], str]:
    """The decorators, each with those that stand in for it, and the content behind them."""
    chains: list[list[tuple[str, str]]] = []
    at = 0
    while True:
        line = _BLANK.match(content, at)
        if line is None:
            line = _LINE.match(content, at)
            if line is None:
                break
            decorator = (line[2].lower(), line[3].strip())
            if line[1] == "@@@" and chains:
                chains[-1].append(decorator)
            else:
                chains.append([decorator])
        if line.end() == at:
            break
        at = line.end()
    return chains, content[at:].strip("\r\n") if chains else content


def _makes_sense(entry: Entry, name: str, value: str) -> bool:
    reader = _READERS.get(name)
    return reader is not None and reader(entry, value) is not None


def _changed(entry: Entry, said: Mapping[str, list[str]]) -> Entry:
    """The entry as its decorators want it; of several with one name only the first counts."""
    timing: dict[str, Any] = {}
    changes: dict[str, Any] = {}
    for name, values in said.items():
        found = _READERS[name](entry, values[0]) or {}
        target = timing if name in _TIMING else changes
        target.update(found)
    # A position overrules a depth; `activate` overrules `dont_activate`.
    if "depth" in said and "position" in said:
        changes["place"] = _POSITIONS[said["position"][0].lower()]
    if "activate" in said:
        changes["barred"] = False
    return replace(entry, timing=replace(entry.timing, **timing), **changes)


def _keys(value: str) -> tuple[str, ...]:
    return tuple(key for part in value.split(",") if (key := part.strip()))


def _number(name: str) -> Callable[[Entry, str], Changes | None]:
    def read(_: Entry, value: str) -> Changes | None:
        try:
            return {name: max(0, min(FOREVER, int(float(value))))}
        except (ValueError, OverflowError):
            return None

    return read


def _always(**changes: object) -> Callable[[Entry, str], Changes | None]:
    return lambda _entry, _value: changes


def _depth(_: Entry, value: str) -> Changes | None:
    found = _number("depth")(_, value)
    return found and {**found, "place": "depth"}


def _role(_: Entry, value: str) -> Changes | None:
    return {"role": value.lower()} if value.lower() in _ROLES else None


def _position(_: Entry, value: str) -> Changes | None:
    place = _POSITIONS.get(value.lower())
    return None if place is None else {"place": place}


def _also(entry: Entry, value: str) -> Changes | None:
    keys = _keys(value)
    if not keys:
        return None
    # Beside regular expressions the specification has them as more of those, no further condition.
    return {"keys": entry.keys + keys} if entry.regex else {"also": (*entry.also, keys)}


def _unless(entry: Entry, value: str) -> Changes | None:
    # The specification has it ignored beside regular expressions.
    return {} if entry.regex else {"unless": _keys(value)}


_TIMING = {
    "activate_only_after",
    "activate_only_every",
    "keep_activate_after_match",
    "dont_activate_after_match",
    "is_greeting",
}

_READERS: dict[str, Callable[[Entry, str], Changes | None]] = {
    "activate_only_after": _number("after"),
    "activate_only_every": _number("every"),
    "keep_activate_after_match": _always(sticky=FOREVER),
    "dont_activate_after_match": _always(cooldown=FOREVER),
    "is_greeting": _number("greeting"),
    "depth": _depth,
    "role": _role,
    "scan_depth": _number("scan_depth"),
    "position": _position,
    "additional_keys": _also,
    "exclude_keys": _unless,
    "ignore_on_max_context": _always(yields=True),
    "activate": _always(forced=True),
    "dont_activate": _always(barred=True),
    # Nothing of ours is shown or hidden by it, but it is known, so nothing stands in for it.
    "disable_ui_prompt": _always(),
}

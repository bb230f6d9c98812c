"""Changing single entries of a lorebook as it was parsed, and nothing else in it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from bot.characters.lore import patterns
from bot.characters.lore.book import LONGEST_KEY, MOST_KEYS, read, within
from bot.characters.lore.entry import Book, Entry
from bot.errors import BadInput
from bot.language import later

Given = Mapping[str, Any]

_GONE = later("That entry is gone: somebody has changed the lorebook meanwhile.")
_NO_TEXT = later("An entry needs a text: what is to be known.")
_NO_KEY = later("An entry needs a key by which it is called, or has to be told always.")
_MANY_KEYS = later("An entry can have {most} keys.", most=MOST_KEYS)
_LONG_KEY = later("A key can have {most:,} characters.", most=LONGEST_KEY)

# What an entry has whose writer does not say more, by the third version's specification.
_NEW: Given = {
    "keys": [],
    "secondary_keys": [],
    "content": "",
    "comment": "",
    "enabled": True,
    "constant": False,
    "selective": False,
    "use_regex": False,
    "insertion_order": 100,
    "position": "after_char",
    "extensions": {},
}

# What entries of SillyTavern's worlds are called within cards; the rest they keep as `extensions`.
_WITHIN_CARDS = {
    "key": "keys",
    "keysecondary": "secondary_keys",
    "comment": "comment",
    "content": "content",
    "constant": "constant",
    "selective": "selective",
    "order": "insertion_order",
}


@dataclass(frozen=True, slots=True)
class Written:
    """What people write of an entry: the content as it stands in the file, decorators and all."""

    title: str = ""
    keys: tuple[str, ...] = ()
    secondary: tuple[str, ...] = ()
    content: str = ""
    enabled: bool = True
    constant: bool = False


def written(book: Given, id: str) -> Written:
    """What a book says of one of its entries; `BadInput` if it has none with that id."""
    _, raw, entry = _find(book, id)
    return _as_written(raw, entry)


def with_entry(book: Given | None, id: str | None, new: Written) -> Given:
    """The book with an entry changed, or with one more where there is no id.

    Nothing else in it is touched. What an entry cannot be is `BadInput`.
    """
    book = book or {"entries": []}
    if id is None:
        _check(new, ())
        return _with_entries(book, lambda entries: _added(entries, _changed(_NEW, Written(), new)))
    label, raw, entry = _find(book, id)
    old = _as_written(raw, entry)
    _check(new, (*old.keys, *old.secondary), regex=entry.regex)
    return _with_entries(book, lambda entries: _put(entries, label, _changed(raw, old, new)))


def without_entry(book: Given, id: str) -> Given:
    """The book without one of its entries."""
    label, _, _ = _find(book, id)
    return _with_entries(book, lambda entries: _put(entries, label, None))


def for_card(book: Given) -> Given:
    """A lorebook in the shape that it has within a card: its entries are a list."""
    for step in within(book):
        book = cast(Given, book[step])
    entries: object = book.get("entries")
    if not isinstance(entries, Mapping):
        return book
    found = cast("Mapping[str, object]", entries).values()
    listed = [_for_card(cast(Given, raw)) for raw in found if isinstance(raw, Mapping)]
    return {**book, "entries": listed}


def keys_in(text: str) -> tuple[str, ...]:
    """Keys that somebody has written: each in its line, or in one line with commas between."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) == 1 and not patterns.is_written(lines[0]):
        lines = [key.strip() for key in lines[0].split(",") if key.strip()]
    return tuple(dict.fromkeys(lines))


def _find(book: Given, id: str) -> tuple[str, Given, Entry]:
    """Where an entry stands in the list or object of them, and what it is."""
    # What is no object is no entry, here and for the reader.
    raws = [(label, cast(Given, raw)) for label, raw in _labelled(book) if isinstance(raw, Mapping)]
    parsed: Book = read(book)
    for (label, raw), entry in zip(raws, parsed.entries, strict=False):
        if entry.id == id:
            return label, raw, entry
    raise BadInput(_GONE)


def _labelled(book: Given) -> Sequence[tuple[str, object]]:
    for step in within(book):
        book = cast(Given, book[step])
    entries: object = book.get("entries")
    if isinstance(entries, Mapping):
        return list(cast("Mapping[str, object]", entries).items())
    listed = cast("list[object]", entries) if isinstance(entries, list) else []
    return [(str(number), value) for number, value in enumerate(listed)]


def _as_written(raw: Given, entry: Entry) -> Written:
    content = raw.get("content")
    return Written(
        entry.title,
        entry.keys,
        entry.secondary,
        content if isinstance(content, str) else entry.content,
        entry.enabled,
        entry.constant,
    )


def _check(new: Written, known: Sequence[str], *, regex: bool = False) -> None:
    if not new.content.strip():
        raise BadInput(_NO_TEXT)
    # Decorators can have an entry told without any key.
    if not (new.keys or new.constant or new.content.lstrip().startswith("@@")):
        raise BadInput(_NO_KEY)
    for keys in (new.keys, new.secondary):
        if len(keys) > MOST_KEYS:
            raise BadInput(_MANY_KEYS)
        if any(len(key) > LONGEST_KEY for key in keys):
            raise BadInput(_LONG_KEY)
    for key in {*new.keys, *new.secondary} - set(known):
        is_expression = regex or patterns.is_written(key)
        if is_expression and patterns.found(patterns.source(key, ignore_case=False), "") is None:
            raise BadInput(later("“{key}” is no regular expression that I can use.", key=key[:100]))


def _changed(raw: Given, old: Written, new: Written) -> Given:
    """An entry as it was parsed, with other values where something is new."""
    made: dict[str, Any] = dict(raw)
    if new.title != old.title:
        shown = [name for name in ("name", "comment") if old.title and raw.get(name) == old.title]
        made.update(dict.fromkeys(shown or ["comment"], new.title))
    if new.keys != old.keys:
        made["key" if "key" in raw and "keys" not in raw else "keys"] = [*new.keys]
    if new.secondary != old.secondary:
        is_world = "keysecondary" in raw and "secondary_keys" not in raw
        made["keysecondary" if is_world else "secondary_keys"] = [*new.secondary]
        made["selective"] = bool(new.secondary)
    if new.content != old.content:
        made["content"] = new.content
    if new.enabled != old.enabled:
        made["enabled"] = new.enabled
        made.update({"disable": not new.enabled} if "disable" in raw else {})
    if new.constant != old.constant:
        made["constant"] = new.constant
    return made


def _with_entries(book: Given, change: Callable[[Any], Any]) -> Given:
    path = within(book)
    if path:
        return {**book, path[0]: _with_entries(cast(Given, book[path[0]]), change)}
    return {**book, "entries": change(book["entries"])}


def _put(entries: Any, label: str, raw: Given | None) -> Any:
    """The entries with another one at a place, or with none there."""
    if isinstance(entries, Mapping):
        mapped = dict(cast("Mapping[str, Any]", entries))
        if raw is None:
            del mapped[label]
            return mapped
        return {**mapped, label: raw}
    listed: list[Any] = [*entries]
    listed[int(label) : int(label) + 1] = [] if raw is None else [raw]
    return listed


def _added(entries: Any, raw: Given) -> Any:
    """The entries with one more, whose number none of them has."""
    if not isinstance(entries, Mapping):
        listed: list[Any] = [*entries]
        return [*listed, {**raw, "id": _next(listed, len(listed))}]
    mapped = dict(cast("Mapping[str, Any]", entries))
    labels = [int(key) + 1 for key in mapped if key.isdecimal()]
    number = _next(mapped.values(), max(labels, default=0))
    return {**mapped, str(number): {**raw, "uid": number}}


def _next(raws: Iterable[Any], least: int) -> int:
    """A number that no entry has as its id."""
    given = [cast(Given, raw) for raw in raws if isinstance(raw, Mapping)]
    numbers = [raw.get(name) for raw in given for name in ("id", "uid")]
    return max([least, *(number + 1 for number in numbers if isinstance(number, int))])


def _for_card(raw: Given) -> Given:
    made = {**_NEW, "selective": True, "comment": ""}
    made |= {name: raw[ours] for ours, name in _WITHIN_CARDS.items() if ours in raw}
    if "uid" in raw:
        made["id"] = raw["uid"]
    made["enabled"] = not raw.get("disable", False)
    rest = {k: v for k, v in raw.items() if k not in (*_WITHIN_CARDS, "uid", "disable")}
    made["position"] = "before_char" if raw.get("position") == 0 else "after_char"
    made["extensions"] = rest
    return made

"""From a parsed JSON object to the fields of a card, with repairs that do no harm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from bot.characters import bounds
from bot.errors import BadInput
from bot.language import later

TEXTS = (
    "name",
    "description",
    "personality",
    "scenario",
    "first_mes",
    "mes_example",
    "creator_notes",
    "system_prompt",
    "post_history_instructions",
    "creator",
    "character_version",
    "nickname",
)
LISTS = ("alternate_greetings", "group_only_greetings", "tags", "source")

V1_TEXTS = TEXTS[:6]
"""All that a card of the first version has; later ones often repeat it outside of `data`."""

OLD_NAMES = {
    "name": ("char_name",),
    "description": ("char_persona", "context"),
    "scenario": ("world_scenario",),
    "first_mes": ("char_greeting", "greeting"),
    "mes_example": ("example_dialogue",),
    "creator_notes": ("creatorcomment",),
}
"""What Pygmalion, TavernAI, text-generation-webui and early Discord bots called the same."""

_OTHER_KINDS = ("lorebook_v3",)

_Counted = Literal["characters", "items", "languages", "entries"]


@dataclass(slots=True)
class Reader:
    """Reads fields out of an object and remembers what it had to repair."""

    warnings: list[str] = field(default_factory=list[str])
    _empty: list[str] = field(default_factory=list[str])

    def text(self, name: str, value: Any) -> str:
        """A text; null is empty, a number is its digits, lines in a list are joined."""
        if isinstance(value, str):
            found = value
        elif value is None:
            self._empty.append(f"`{name}`")
            found = ""
        elif isinstance(value, bool | int | float):
            found = str(value)
            self.warnings.append(
                later(
                    "`{name}` was not text, so I read it as “{text}”.", name=name, text=found[:40]
                )
            )
        elif isinstance(value, list) and all(
            isinstance(line, str) for line in cast(list[Any], value)
        ):
            found = "\n".join(cast("list[str]", value))
            self.warnings.append(later("`{name}` was a list, so I joined its lines.", name=name))
        else:
            raise BadInput(
                later("The card's `{name}` has to be text. Mend it where it was made.", name=name)
            )
        found = found.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
        _check_count(name, len(found), bounds.MAX_TEXT, "characters")
        return found

    def texts(self, name: str, value: Any, most: int) -> tuple[str, ...]:
        """A list of texts; a text alone is a list of one, what is no text is dropped."""
        if value is None:
            return ()
        if isinstance(value, str):
            if not value.strip():
                return ()
            self.warnings.append(
                later("`{name}` was one text, so I read it as a list of one.", name=name)
            )
            return (self.text(name, value),)
        if not isinstance(value, list):
            raise BadInput(
                later("The card's `{name}` has to be a list. Mend it where it was made.", name=name)
            )
        given = cast("list[Any]", value)
        _check_count(name, len(given), most, "items")
        found = tuple(self.text(name, item) for item in given if isinstance(item, str))
        if dropped := len(given) - len(found):
            self._leave_out(name, dropped)
        return found

    def mapping(self, name: str, value: Any) -> Mapping[str, Any]:
        """An object; null and an empty list, as some programs write it, are an empty one."""
        if isinstance(value, dict):
            return cast("dict[str, Any]", value)
        if value in (None, [], ""):
            return {}
        raise BadInput(
            later("The card's `{name}` has to be an object. Mend it where it was made.", name=name)
        )

    def translations(self, name: str, value: Any) -> Mapping[str, str]:
        """Texts by language; what is no text is dropped."""
        given = self.mapping(name, value)
        _check_count(name, len(given), bounds.MAX_TAGS, "languages")
        found = {
            code.lower(): self.text(name, text)
            for code, text in given.items()
            if isinstance(text, str)
        }
        if dropped := len(given) - len(found):
            self._leave_out(name, dropped)
        return found

    def book(self, name: str, value: Any) -> Mapping[str, Any] | None:
        """A lorebook as it is, None if there is none; a bare list is its entries."""
        if value in (None, [], {}, ""):
            return None
        if isinstance(value, list):
            self.warnings.append(
                later("`{name}` was a list, so I read it as a lorebook's entries.", name=name)
            )
            entries = cast("list[Any]", value)
            value = {"entries": entries}
        if not isinstance(value, dict):
            raise BadInput(later("The card's lorebook (`character_book`) has to be an object."))
        book = cast("dict[str, Any]", value)
        check_entries(book)
        return book

    def told(self) -> tuple[str, ...]:
        """All warnings, shortened to what somebody will read."""
        all_of_them = list(dict.fromkeys(self.warnings))
        if self._empty:
            names = ", ".join(dict.fromkeys(self._empty))
            nothing = later("There was nothing in {names}, so I left it empty.", names=names)
            all_of_them.append(nothing)
        if len(all_of_them) > bounds.MAX_WARNINGS:
            rest = len(all_of_them) - bounds.MAX_WARNINGS + 1
            told = later("There were {rest} more such repairs.", rest=rest)
            all_of_them[bounds.MAX_WARNINGS - 1 :] = [told]
        return tuple(all_of_them)

    def _leave_out(self, name: str, dropped: int) -> None:
        self.warnings.append(
            later("I left out {count} of `{name}` that had no text.", count=dropped, name=name)
        )


def check_entries(book: Mapping[str, Any]) -> None:
    """Refuse a lorebook with more entries than can be looked for with every message."""
    entries = book.get("entries")
    if isinstance(entries, list | dict):
        count = len(cast("list[Any] | dict[str, Any]", entries))
        _check_count("entries", count, bounds.MAX_ENTRIES, "entries")


def is_lorebook(root: Mapping[str, Any]) -> bool:
    """Whether an object is a lorebook without a character."""
    if root.get("spec") in _OTHER_KINDS:
        return True
    if not isinstance(root.get("entries"), list | dict):
        return False
    signs = ("data", "personality", "first_mes", "mes_example", "char_name", "char_persona")
    return not any(sign in root for sign in signs)


def where(root: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    """The path of a field in a card's object: in `data` if there is such, else at the root."""
    data = root.get("data")
    if isinstance(data, dict):
        # Nobody has an empty name on purpose; an empty scenario may be what the card wants.
        if name in data and (name != "name" or data[name]):
            return ("data", name)
        if name not in V1_TEXTS:
            return None
    known = [key for key in (name, *OLD_NAMES.get(name, ())) if key in root]
    # Converters wrote both names and filled one.
    known.sort(key=lambda key: not root[key])
    return (known[0],) if known else None


def place_for(root: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The path at which a field that a card does not have yet is to be written."""
    return ("data", name) if isinstance(root.get("data"), dict) else (name,)


def value_at(root: Mapping[str, Any], path: tuple[str, ...] | None) -> Any:
    """What stands at a path, None if there is nothing."""
    value: Any = root
    for key in path or ():
        value = cast("dict[str, Any]", value)[key]
    return value if path else None


def _check_count(name: str, count: int, most: int, of_what: _Counted) -> None:
    if count > most:
        raise BadInput(_too_many(name, count, most, of_what))


def _too_many(name: str, count: int, most: int, of_what: _Counted) -> str:
    match of_what:
        case "characters":
            return later(
                "The card’s `{name}` has {count:,} characters; I can keep up to {most:,}. "
                "Shorten it where it was made.",
                name=name,
                count=count,
                most=most,
            )
        case "items":
            return later(
                "The card’s `{name}` has {count:,} items; I can keep up to {most:,}. "
                "Shorten it where it was made.",
                name=name,
                count=count,
                most=most,
            )
        case "languages":
            return later(
                "The card’s `{name}` has {count:,} languages; I can keep up to {most:,}. "
                "Shorten it where it was made.",
                name=name,
                count=count,
                most=most,
            )
        case "entries":
            return later(
                "The lorebook has {count:,} entries; I can keep up to {most:,}. "
                "Shorten it where it was made.",
                count=count,
                most=most,
            )

"""The languages that the bot speaks to people.

A text is written in English where it is used, and looked up in the catalogue of the language that
the running task speaks (`bot/language/catalogues`, gettext's format). Two functions do it:

- `tr("Kept {count} turns.", count=3)` gives the text in that language, now.
- `later("Kept {count} turns.", count=3)` gives a text that knows how to be translated. As a `str`
  it is English, so that logs, tests and models read English; `tr` gives it in the reader's
  language. Errors carry such texts.

Both take a second form for what is counted by `n`: `tr("{n} turn", "{n} turns", n=3)`. The first
arguments are literals, since the catalogues are made by reading the code (`make catalogues`).
Braces are filled in only where values are given.
"""

from __future__ import annotations

import gettext
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Final, Literal, get_args

Language = Literal["en", "de", "es", "fr", "ja", "zh-TW"]

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
NAMES: Final[dict[Language, str]] = {
    "en": "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "ja": "日本語",
    "zh-TW": "繁體中文",
}
CATALOGUES: Final = Path(__file__).with_name("catalogues")

# Discord's locales (reference/locales) that differ from the catalogues' names.
_OF_DISCORD: Final[dict[str, Language]] = {
    "en-US": "en",
    "en-GB": "en",
    "es-ES": "es",
    "es-419": "es",
}

_LANGUAGE: ContextVar[Language] = ContextVar("language", default="en")


class Text(str):
    """A text in English that can be said in other languages: made by `later`, said by `tr`."""

    __slots__ = ("many", "message", "values")

    message: str
    many: str | None
    values: dict[str, object]

    def __new__(cls, message: str, many: str | None, values: dict[str, object]) -> Text:
        """Fill in English."""
        text = super().__new__(cls, _filled(_counted(message, many, values), values))
        text.message, text.many, text.values = message, many, values
        return text

    def __reduce__(self) -> tuple[type[Text], tuple[str, str | None, dict[str, object]]]:
        """Copies and pickles keep what is needed to translate it."""
        return Text, (self.message, self.many, self.values)


def later(message: str, many: str | None = None, /, **values: object) -> Text:
    """Give a text that is English until `tr` says it in a reader's language."""
    return Text(message, many, values)


def tr(message: str, many: str | None = None, /, **values: object) -> str:
    """Say a text in the language of the running task, English where the catalogue lacks it.

    A `Text` brings its own values; any other message that no catalogue has stays as it is.
    """
    if isinstance(message, Text):
        message, many, values = message.message, message.many, message.values
    catalogue = _catalogue(_LANGUAGE.get())
    # What a catalogue has for "" is its own head.
    if catalogue is None or not message:
        return _filled(_counted(message, many, values), values)
    if many is None:
        found = catalogue.gettext(message)
    else:
        found = catalogue.ngettext(message, many, _n(values))
    return _filled(found, {name: _said(value) for name, value in values.items()})


def name_of(name: str, kind: str, language: Language) -> str:
    """Give the name of a command (`kind` "command"), option or choice in a language."""
    catalogue = _catalogue(language)
    return name if catalogue is None else catalogue.pgettext(kind, name)


def language_of(locale: str | None) -> Language:
    """The language for one of Discord's locales, English for those that have no catalogue."""
    if locale in LANGUAGES:
        return locale
    return _OF_DISCORD.get(locale or "", "en")


def spoken() -> Language:
    """The language that the running task speaks."""
    return _LANGUAGE.get()


def speak(language: Language) -> None:
    """Have the running task, and tasks begun by it from now on, speak a language."""
    _LANGUAGE.set(language)


@contextmanager
def speaking(language: Language) -> Generator[None, None, None]:
    """Speak a language inside."""
    before = _LANGUAGE.get()
    _LANGUAGE.set(language)
    try:
        yield
    finally:
        # Not by a token: a generator around this may be closed in another task than began it.
        _LANGUAGE.set(before)


@cache
def _catalogue(language: Language) -> gettext.GNUTranslations | None:
    """A language's texts, read once; None for English, which stands in the code."""
    if language == "en":
        return None
    with (CATALOGUES / f"{language}.mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def forget_catalogues() -> None:
    """Give back the memory of all catalogues; each is read again when its language is spoken."""
    _catalogue.cache_clear()


def _counted(message: str, many: str | None, values: dict[str, object]) -> str:
    return message if many is None or _n(values) == 1 else many


def _n(values: dict[str, object]) -> int:
    number = values["n"]
    if not isinstance(number, int):
        raise TypeError("n is counted, so it is a whole number")
    return number


def _filled(text: str, values: dict[str, object]) -> str:
    return text.format(**values) if values else text


def _said(value: object) -> object:
    return tr(value) if isinstance(value, Text) else value

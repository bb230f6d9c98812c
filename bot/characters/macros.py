"""Macros in the text of cards and lorebooks: `{{char}}`, `{{user}}`, `{{random:a,b}}` and so on.

The names are those of the Character Card V3 specification (kwaroran/character-card-spec-v3) and the
common ones of the field beside it. A text is read once, from left to right, with what is nested
first. Whatever a macro puts in is final: it is never read again, so a person who is named
`{{random:a,b}}` stays named so, and no macro can call itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from bot.characters import rolls
from bot.characters.chance import draw

LONGEST = 400_000
"""How many characters can come out; the rest is cut off."""

DEEPEST = 20
"""How deep macros can stand in each other's arguments; deeper braces are plain text."""

TIMELESS = "the current time"
"""What `{{time}}` says where the text must not change from one minute to the next."""

# Of a run of braces the innermost two count: `{{{char}}}` is a name in braces.
_BRACES = re.compile(r"\{\{(?!\{)|\}\}")
_NAME = re.compile(r"\s*(//|[a-z_]+)\s*", re.IGNORECASE)
_TAGS = re.compile(r"<(bot|char|user)>", re.IGNORECASE)
_COMMA = re.compile(r"(?<!\\),")

# What a macro stands for is put in last. Until then one character out of a plane that nobody
# writes in holds its place, so that neither a comma nor a brace in a name means anything.
_FIRST_PLACE = 0xF0000
_PLACES = 0xFFFD
# The first of them stands where `{{trim}}` was, until the newlines around it are gone.
_TRIM = chr(_FIRST_PLACE)
_HELD = re.compile(f"[{chr(_FIRST_PLACE)}-{chr(_FIRST_PLACE + _PLACES)}]")

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


@dataclass(frozen=True, slots=True)
class Values:
    """What macros stand for.

    `char` and `user` are names, `original` is what a card's text replaces, `group` names all
    characters on stage. `now` is the time where the scene is, `idle` the seconds since the message
    before. `seed` decides every `{{random}}` and `{{roll}}`, `story` every `{{pick}}`. `steady`
    tells that the text stands where it must not change with every message: what would change
    (the time, the last message) is then said in plain words.
    """

    char: str = ""
    user: str = ""
    original: str = ""
    group: str = ""
    last_message: str = ""
    now: datetime | None = None
    idle: float | None = None
    seed: str = ""
    story: str = ""
    steady: bool = False

    def over(self, original: str) -> Values:
        """The same for a text that replaces another one."""
        return replace(self, original=original)


class Expanded(NamedTuple):
    """A text with its macros expanded, and what it hides from the prompt but not from lore."""

    text: str
    hidden: tuple[str, ...]


def expand(text: str, values: Values) -> str:
    """The text with every known macro in the place of which stands what it means."""
    return read(text, values).text


def read(text: str, values: Values) -> Expanded:
    """Expand a text, and tell the values of its `{{hidden_key:…}}`."""
    if "{{" not in text and "<" not in text:
        return Expanded(text[:LONGEST], ())
    return _Reader(text, values).read()


def time_of(now: datetime) -> str:
    """A time of day: `14:05`."""
    return f"{now.hour:02}:{now.minute:02}"


def date_of(now: datetime) -> str:
    """A date in words: `21 November 2026`."""
    return f"{now.day} {_MONTHS[now.month - 1]} {now.year}"


def _idle(seconds: float | None) -> str:
    """A span of time in plain words, as coarse as people say it."""
    if seconds is None or seconds < 60:
        return "a moment"
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}" + ("s" if count > 1 else "")
    return "a moment"


@dataclass(slots=True)
class _Reader:
    """Reads one text; `held` is what stands for each placeholder."""

    text: str
    values: Values
    held: list[str] = field(default_factory=list[str])
    known: dict[str, str] = field(default_factory=dict[str, str])
    hidden: list[str] = field(default_factory=list[str])
    said_original: bool = False
    mark: int = 0
    room: int = LONGEST

    def read(self) -> Expanded:
        text = _HELD.sub("", self.text[:LONGEST])
        self.mark = draw(1 << 64, text)
        # Every level is what has been read within one pair of braces, and where those began.
        levels: list[tuple[list[str], int]] = [([], 0)]
        at = 0
        for brace in _BRACES.finditer(text):
            levels[-1][0].append(self._plain(text[at : brace.start()]))
            at = brace.end()
            if brace[0] == "{{" and len(levels) <= DEEPEST:
                levels.append(([], brace.start()))
            elif brace[0] == "}}" and len(levels) > 1:
                inner, begin = levels.pop()
                levels[-1][0].append(self._macro("".join(inner), begin))
            else:
                levels[-1][0].append(brace[0])
        levels[-1][0].append(self._plain(text[at:]))
        whole = "{{".join("".join(parts) for parts, _ in levels)
        return Expanded(self._put_in(_trimmed(whole)), tuple(self.hidden))

    def _plain(self, text: str) -> str:
        return _TAGS.sub(self._name, text) if "<" in text else text

    def _name(self, tag: re.Match[str]) -> str:
        is_user = tag[1].lower() == "user"
        return self._hold(self.values.user if is_user else self.values.char)

    def _hold(self, value: str) -> str:
        """A placeholder for a value that must not be read as text any more."""
        if value not in self.known:
            if len(self.held) >= _PLACES:
                return ""
            self.known[value] = chr(_FIRST_PLACE + 1 + len(self.held))
            self.held.append(value)
        return self.known[value]

    def _put_in(self, text: str, room: int = LONGEST) -> str:
        parts: list[str] = []
        at, left = 0, room
        for place in _HELD.finditer(text):
            value = "" if place[0] == _TRIM else self.held[ord(place[0]) - _FIRST_PLACE - 1]
            parts += (text[at : place.start()], value)
            left -= place.start() - at + len(value)
            at = place.end()
            if left < 0:
                break
        parts.append(text[at:] if left > 0 else "")
        return "".join(parts)[:room]

    def _macro(self, inside: str, begin: int) -> str:
        """What a macro means; one that nobody knows stays as it was written."""
        name = _NAME.match(inside)
        if name is None:
            return f"{{{{{inside}}}}}"
        word, rest = name[1].lower(), inside[name.end() :]
        if not rest and word == "trim":
            return _TRIM
        if not rest and word in _WORDS:
            return self._hold(_WORDS[word](self))
        if word == "//":
            return ""
        takes = _TAKES.get(word)
        # `{{roll 1d6}}` is written, too; everything else has its colon.
        if takes is None or not (rest.startswith(":") or (word == "roll" and rest)):
            return f"{{{{{inside}}}}}"
        made = takes(self, rest.removeprefix(":"), begin)
        return f"{{{{{inside}}}}}" if made is None else made

    def original(self) -> str:
        if self.said_original:
            return ""
        self.said_original = True
        return self.values.original

    def time(self) -> str:
        now = self.values.now
        return TIMELESS if self.values.steady or now is None else time_of(now)

    def date(self) -> str:
        return date_of(self.values.now) if self.values.now else "today"

    def weekday(self) -> str:
        return _DAYS[self.values.now.weekday()] if self.values.now else "today"

    def idle(self) -> str:
        return "a while" if self.values.steady else _idle(self.values.idle)

    def last_message(self) -> str:
        return "the last message" if self.values.steady else self.values.last_message

    def choose(self, argument: str, begin: int) -> str:
        choices = _choices(argument)
        return choices[draw(len(choices), self.values.seed, "random", begin, argument)]

    def pick(self, argument: str, begin: int) -> str:
        choices = _choices(argument)
        return choices[draw(len(choices), self.values.story, "pick", begin, self.mark)]

    def roll(self, argument: str, begin: int) -> str | None:
        rolled = rolls.roll(argument, self.values.seed, "roll", begin)
        return None if rolled is None else str(rolled)

    def hide(self, argument: str, _: int) -> str:
        self.hidden.append(self._said(argument).strip())
        return ""

    def reverse(self, argument: str, _: int) -> str:
        return self._hold(self._said(argument)[::-1])

    def _said(self, argument: str) -> str:
        """An argument with names put in; all of them together cannot grow without end."""
        said = self._put_in(argument, self.room)
        self.room -= len(said)
        return said


def _choices(argument: str) -> list[str]:
    """What can be chosen from: `a,b` with `\\,` for a comma, or `a::b`, also behind `::`."""
    argument = argument.removeprefix(":")
    if "::" in argument:
        return [choice.strip() for choice in argument.split("::")]
    return [choice.strip().replace("\\,", ",") for choice in _COMMA.split(argument)]


def _trimmed(text: str) -> str:
    if _TRIM not in text:
        return text
    first, *parts = text.split(_TRIM)
    for part in parts:
        first = first.rstrip("\r\n") + part.lstrip("\r\n")
    return first


_WORDS: dict[str, Callable[[_Reader], str]] = {
    "char": lambda reader: reader.values.char,
    "user": lambda reader: reader.values.user,
    "original": _Reader.original,
    "group": lambda reader: reader.values.group or reader.values.char,
    "time": _Reader.time,
    "date": _Reader.date,
    "weekday": _Reader.weekday,
    "idle_duration": _Reader.idle,
    "lastmessage": _Reader.last_message,
    "newline": lambda _: "\n",
}

_TAKES: dict[str, Callable[[_Reader, str, int], str | None]] = {
    "random": _Reader.choose,
    "pick": _Reader.pick,
    "roll": _Reader.roll,
    "comment": lambda _reader, _argument, _begin: "",
    "hidden_key": _Reader.hide,
    "reverse": _Reader.reverse,
}

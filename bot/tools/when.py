"""When something is to happen, as people and models write it: `in 20 minutes`, `Friday 9 am`.

A text is read from left to right, each piece by the first pattern that fits; a word that none of
them knows makes the whole text unreadable, since a time that is only half understood is wrong.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.language import later
from bot.tools.tool import ToolError
from bot.tools.zones import ABBREVIATIONS, offset, zone_named

_LONGEST = 120
_DEFAULT_TIME = time(9)
"""When something happens on a day of which no time was given."""

_PARTS_OF_DAY = {
    "morning": time(9),
    "noon": time(12),
    "midday": time(12),
    "afternoon": time(15),
    "evening": time(19),
    "tonight": time(20),
    "night": time(21),
    "midnight": time(0),
}
_LATE = ("afternoon", "evening", "tonight", "night")
_DAYS = {"today": 0, "tonight": 0, "tomorrow": 1, "day after tomorrow": 2}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBERS = {
    **{"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7},
    **{"eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20},
    **{"thirty": 30, "forty": 40, "forty-five": 45, "sixty": 60, "ninety": 90, "couple of": 2},
    **{"a couple of": 2, "half a": 0.5, "half an": 0.5, "a quarter of an": 0.25},
}
_SECONDS = {"s": 1, "m": 60, "h": 3_600}
_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("w", "week", "weeks"), "w"),
    **dict.fromkeys(("month", "months"), "months"),
    **dict.fromkeys(("y", "year", "years"), "years"),
}

_Read = dict[str, str]


class _Unclear(Exception):
    """The text is no time, or it is two."""


@dataclass
class _Pieces:
    """What was read of a text."""

    zone: tzinfo | None = None
    day: tuple[int | None, int, int] | None = None
    weekday: int | None = None
    ahead: int | None = None
    clock: time | None = None
    twelve: bool = False
    part: str = ""
    seconds: float = 0.0
    days: float = 0.0
    months: float = 0.0
    unit: str = ""

    @property
    def lasts(self) -> bool:
        """Whether the text tells how long from now."""
        return bool(self.unit)


def moment(text: str, now: datetime, zone: tzinfo = UTC) -> datetime:
    """The moment that `text` means, after `now`, with a time zone: its own or else `zone`.

    What cannot be read, and what has passed, is a `ToolError`.
    """
    try:
        pieces = _pieces(text)
        found = _resolved(pieces, now, pieces.zone or zone)
    except _Unclear:
        raise ToolError(
            later(
                "I cannot read “{text}” as one time. Write it like `in 20 minutes`, "
                "`tomorrow at 9:00`, `Friday 6 pm Europe/Paris` or `2026-12-24 18:00`.",
                text=text[:_LONGEST],
            )
        ) from None
    except (ValueError, OverflowError):
        raise ToolError(later("There is no such time as “{text}”.", text=text[:_LONGEST])) from None
    if found <= now:
        raise ToolError(
            later("“{text}” is not in the future: that was {time}.", text=text, time=shown(found))
        )
    return found


def shown(found: datetime) -> str:
    """A moment in words that cannot be mistaken: `Thursday 2026-12-24 18:00 UTC`."""
    return f"{_WEEKDAYS[found.weekday()].capitalize()} {found:%Y-%m-%d %H:%M} {found.tzname()}"


# ---------------------------------------------------------------------- reading


def _pieces(text: str) -> _Pieces:
    rest = " ".join(text.replace(",", " ").split()).rstrip(" .!")
    if not rest or len(rest) > _LONGEST:
        raise _Unclear
    pieces = _Pieces()
    at = 0
    while at < len(rest):
        for pattern, take in _PATTERNS:
            if match := pattern.match(rest, at):
                read = {key: value or "" for key, value in match.groupdict().items()}
                take(pieces, {key: value.casefold() for key, value in read.items()})
                at = match.end()
                break
        else:
            raise _Unclear
    return pieces


def _once(free: bool) -> None:
    if not free:
        raise _Unclear


def _date(pieces: _Pieces, read: _Read) -> None:
    _once(pieces.day is None)
    month = read["month"]
    number = int(month) if month.isdecimal() else _MONTHS.index(month[:3]) + 1
    pieces.day = (int(read["year"]) if read.get("year") else None, number, int(read["day"]))


def _clock(pieces: _Pieces, read: _Read) -> None:
    _once(pieces.clock is None)
    hour, half = int(read["hour"]), read.get("half", "")[:1]
    if half:
        if not 1 <= hour <= 12:
            raise ValueError("an hour of twelve")
        hour = hour % 12 + (12 if half == "p" else 0)
    pieces.twelve = not half and 1 <= hour < 12
    pieces.clock = time(hour, int(read.get("minute") or 0), int(read.get("second") or 0))


def _length(pieces: _Pieces, read: _Read) -> None:
    number, unit = read["number"], _UNITS[read["unit"]]
    amount = _NUMBERS.get(number)
    _lasting(pieces, unit, float(number) if amount is None else amount)


def _half(pieces: _Pieces, _: _Read) -> None:
    _once(pieces.lasts)
    _lasting(pieces, pieces.unit, 0.5)


def _next(pieces: _Pieces, read: _Read) -> None:
    _lasting(pieces, _UNITS[read["unit"]], 1)


def _lasting(pieces: _Pieces, unit: str, amount: float) -> None:
    pieces.unit = unit
    if unit in _SECONDS:
        pieces.seconds += amount * _SECONDS[unit]
    elif unit in ("d", "w"):
        pieces.days += amount * (7 if unit == "w" else 1)
    else:
        pieces.months += amount * (12 if unit == "years" else 1)


def _iso_length(pieces: _Pieces, read: _Read) -> None:
    for key, unit in (("d", "d"), ("h", "h"), ("m", "m"), ("s", "s"), ("w", "w")):
        if read[key]:
            _lasting(pieces, unit, float(read[key]))
    _once(pieces.lasts)


def _day(pieces: _Pieces, read: _Read) -> None:
    _once(pieces.ahead is None)
    pieces.ahead = _DAYS[read["name"]]
    if read["name"] == "tonight":
        _part(pieces, read)


def _weekday(pieces: _Pieces, read: _Read) -> None:
    _once(pieces.weekday is None)
    pieces.weekday = next(n for n, day in enumerate(_WEEKDAYS) if day[:3] == read["name"][:3])


def _part(pieces: _Pieces, read: _Read) -> None:
    _once(not pieces.part)
    pieces.part = read["name"]


def _offset(pieces: _Pieces, read: _Read) -> None:
    hours = int(read["hours"])
    minutes = int(read["minutes"] or 0)
    if hours == 0 and read["hours"].startswith("-"):
        minutes = -minutes
    _zone(pieces, offset(hours, minutes))


def _zone_name(pieces: _Pieces, read: _Read) -> None:
    _zone(pieces, zone_named(read["name"]))


def _zone(pieces: _Pieces, zone: tzinfo | None) -> None:
    _once(zone is not None and pieces.zone is None)
    pieces.zone = zone


def _nothing(pieces: _Pieces, read: _Read) -> None:
    pass


def _any(*names: str) -> str:
    """One of these words, the longest first."""
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_ORDINAL = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?\b"
_YEAR = r"(?: (?P<year>\d{4})\b(?!:))?"
_HALF = r"(?P<half>[ap])\.?m\b\.?"
_AT = r"(?:at |by |@ ?)?"
_SHORT_DAYS = (*(day[:3] for day in _WEEKDAYS), "tues", "thur", "thurs")

_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[_Pieces, _Read], None]], ...] = tuple(
    (re.compile(rf" ?(?:{pattern})", re.IGNORECASE | re.ASCII), take)
    for pattern, take in (
        (r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?:t(?=\d)|\b)", _date),
        (r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})?(?!\d)", _date),
        (rf"(?:the )?{_ORDINAL} (?:of )?{_MONTH}{_YEAR}", _date),
        (rf"{_MONTH} (?:the )?{_ORDINAL}(?!:){_YEAR}", _date),
        (
            r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d+)?)?"
            rf"(?: ?{_HALF}| ?o'clock| ?h\b)?(?!\d)",
            _clock,
        ),
        (rf"{_AT}(?P<hour>\d{{1,2}})(?:\.(?P<minute>\d\d))? ?{_HALF}", _clock),
        (rf"{_AT}(?P<hour>\d{{1,2}}) ?o'clock\b", _clock),
        (r"(?:at|by|@) ?(?P<hour>\d{1,2})(?![\d.:])(?! ?[a-z]*\d)(?=$| )", _clock),
        (
            r"p(?=t?\d)(?:(?P<w>\d{1,4})w|(?:(?P<d>\d{1,5})d)?(?:t(?:(?P<h>\d{1,6})h)?"
            r"(?:(?P<m>\d{1,7})m)?(?:(?P<s>\d{1,9})s)?)?)(?= |$)",
            _iso_length,
        ),
        (
            rf"\+?(?P<number>\d{{1,9}}(?:\.\d{{1,6}})?|(?:{_any(*_NUMBERS)})(?= ))[ -]?"
            rf"(?P<unit>{_any(*_UNITS)})(?![a-z])\.?",
            _length,
        ),
        (r"and a half\b", _half),
        (r"next (?P<unit>week|month|year)\b", _next),
        (rf"(?:the )?(?P<name>{_any(*_DAYS)})\b", _day),
        (rf"(?P<name>{_any(*_WEEKDAYS, *_SHORT_DAYS)})\b\.?", _weekday),
        (rf"(?:in the |this |at )?(?P<name>{_any(*_PARTS_OF_DAY)})\b", _part),
        (r"\(?(?:utc|gmt)(?P<hours>[+-]\d{1,2})(?::?(?P<minutes>\d\d))?\b\)?", _offset),
        (r"(?P<hours>[+-]\d\d):?(?P<minutes>\d\d)\b", _offset),
        (rf"\(?(?P<name>{_any(*ABBREVIATIONS)})\b\)?(?!/)", _zone_name),
        (r"\(?(?P<name>[a-z]+(?:/[a-z][a-z0-9_+-]*){1,2})\b\)?", _zone_name),
        (
            r"(?:in|at|on|the|and|from now|from|after|coming|next|this|sharp|exactly|about|around|"
            r"approximately|by|time|&|-|@)(?= |$|(?<=@)\d)",
            _nothing,
        ),
    )
)

# ---------------------------------------------------------------------- making sense of it


def _resolved(pieces: _Pieces, now: datetime, zone: tzinfo) -> datetime:
    here = now.astimezone(zone)
    named = [pieces.day, pieces.weekday, pieces.ahead]
    # A date may tell its weekday too; anything else would be two days.
    if pieces.ahead is not None and named != [None, None, pieces.ahead]:
        raise _Unclear
    clock = _time_of_day(pieces)
    if pieces.seconds or pieces.unit in _SECONDS:
        # "in 2 hours at 9:00" and "tomorrow in 2 hours" are two times.
        if clock is not None or any(one is not None for one in named):
            raise _Unclear
        start = _later(pieces, here, here.time()) if pieces.days or pieces.months else here
        return (start.astimezone(UTC) + timedelta(seconds=pieces.seconds)).astimezone(zone)
    if pieces.lasts:
        if pieces.day is not None or pieces.ahead is not None:
            raise _Unclear
        return _later(pieces, here, clock or here.time())
    if clock is None and all(one is None for one in named):
        raise _Unclear
    return _on_day(pieces, here, clock)


def _time_of_day(pieces: _Pieces) -> time | None:
    part, clock = pieces.part, pieces.clock
    if clock is None:
        return _PARTS_OF_DAY[part] if part else None
    if part in _LATE and pieces.twelve:
        return clock.replace(hour=clock.hour + 12)
    return clock


def _later(pieces: _Pieces, here: datetime, clock: time) -> datetime:
    """So many days, weeks, months or years from now, by the calendar."""
    if pieces.months % 1:
        raise _Unclear
    years, month = divmod(here.month - 1 + int(pieces.months), 12)
    year = here.year + years
    day = min(here.day, monthrange(year, month + 1)[1])
    found = date(year, month + 1, day) + timedelta(days=int(pieces.days))
    if pieces.weekday is not None:
        found += timedelta(days=pieces.weekday - found.weekday())
    moment = _local(found, clock, here)
    return moment + timedelta(days=pieces.days % 1)


def _on_day(pieces: _Pieces, here: datetime, clock: time | None) -> datetime:
    today = here.date()
    at = clock or _DEFAULT_TIME
    if pieces.day is not None:
        return _on_date(pieces, here, at)
    if pieces.weekday is not None:
        day = today + timedelta(days=(pieces.weekday - today.weekday()) % 7)
        found = _local(day, at, here)
        return found if found > here else _local(day + timedelta(days=7), at, here)
    if pieces.ahead is not None:
        # Midnight belongs to the night before it.
        extra = 1 if pieces.part == "midnight" else 0
        return _local(today + timedelta(days=pieces.ahead + extra), at, here)
    found = _local(today, at, here)
    return found if found > here else _local(today + timedelta(days=1), at, here)


def _on_date(pieces: _Pieces, here: datetime, at: time) -> datetime:
    year, month, day = pieces.day or (None, 0, 0)
    for candidate in (year,) if year else range(here.year, here.year + 9):
        try:
            found = _local(date(candidate, month, day), at, here)
        except ValueError:  # the 29th of February
            continue
        if year or found > here:
            if pieces.weekday not in (None, found.weekday()):
                raise _Unclear
            return found
    raise ValueError("no such day")


def _local(day: date, clock: time, here: datetime) -> datetime:
    """A time by the clocks there; one that they skip in spring is what they show instead."""
    moment = datetime.combine(day, clock, tzinfo=here.tzinfo)
    return moment.astimezone(UTC).astimezone(here.tzinfo)

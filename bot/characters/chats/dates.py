"""When a message was said: the ways in which programs have written that down."""

from __future__ import annotations

import re
from datetime import UTC, datetime

# Unix milliseconds of 1990 and 2100: whatever lies outside is no date of a chat.
_FIRST, _LAST = 631_152_000_000, 4_102_444_800_000

# A number below this counts seconds.
_SECONDS_BELOW = 100_000_000_000

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

# "2023-6-19 @16h 13m 5s 123ms", by SillyTavern until 2024; the milliseconds are younger.
_HUMAN = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2}) ?@ ?(\d{1,2})h ?(\d{1,2})m ?(\d{1,2})s(?: ?(\d{1,3})ms)?"
)

# "June 19, 2023 4:13pm", by SillyTavern until 2025.
_ENGLISH = re.compile(r"([a-z]{3})[a-z]* (\d{1,2}), (\d{4}) (\d{1,2}):(\d{2}) ?([ap])m", re.I)


def milliseconds(value: object) -> int:
    """Any date of a chat file in Unix milliseconds, 0 if it is none. Without a zone it is UTC."""
    if isinstance(value, bool):
        return 0
    if isinstance(value, (int, float)):
        return _number(value)
    if not isinstance(value, str) or len(value) > 100:
        return 0
    text = value.strip()
    if text.isascii() and text.isdecimal():
        return _number(int(text))
    try:
        return _of(_moment(text))
    except (ValueError, OverflowError):
        return 0


def written(at: int) -> str:
    """A moment in Unix milliseconds as ISO 8601, which every version of SillyTavern reads."""
    moment = datetime.fromtimestamp(at / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}Z"


def _number(value: float) -> int:
    # Only compared before it is in range: a whole number may be too large for anything else.
    number = value * 1000 if abs(value) < _SECONDS_BELOW else value
    return int(number) if _FIRST <= number < _LAST else 0


def _moment(text: str) -> datetime:
    if found := _HUMAN.search(text):
        year, month, day, hour, minute, second = map(int, found.groups()[:6])
        after = int(found[7] or 0) * 1000
        return datetime(year, month, day, hour, minute, second, after, UTC)
    if found := _ENGLISH.search(text):
        month = _MONTHS.index(found[1].casefold()) + 1
        hour = int(found[4]) % 12 + (12 if found[6] in "pP" else 0)
        return datetime(int(found[3]), month, int(found[2]), hour, int(found[5]), tzinfo=UTC)
    return datetime.fromisoformat(text)


def _of(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _number(round(aware.timestamp() * 1000))

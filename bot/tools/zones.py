"""Time zones as people write them: `Europe/Paris`, `UTC+2`, `CET`."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

# Those that mean one thing to most people; others (IST, for one) mean several.
_HOURS = {
    "z": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "cest": 2, "eet": 2,
    "eest": 3, "msk": 3, "jst": 9, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13,
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
}  # fmt: skip
_REGIONS = {"et": "America/New_York", "ct": "America/Chicago", "pt": "America/Los_Angeles"}

ABBREVIATIONS = tuple(_HOURS) + tuple(_REGIONS)


def zone_named(name: str) -> tzinfo | None:
    """The zone of a name (IANA's, in any case, or an abbreviation), None if there is none."""
    folded = name.casefold()
    if folded in _HOURS:
        return offset(_HOURS[folded])
    known = _REGIONS.get(folded)
    for key in (known,) if known else (name, name.title(), name.upper()):
        try:
            return ZoneInfo(key)
        # No such zone, a name that is none, a folder of zones.
        except (KeyError, ValueError, OSError):
            continue
    return None


def offset(hours: int, minutes: int = 0) -> tzinfo | None:
    """The zone that is so far from UTC, None if there can be no such zone."""
    distance = timedelta(hours=hours, minutes=minutes if hours >= 0 else -minutes)
    if abs(distance) > timedelta(hours=14):
        return None
    return timezone(distance) if distance else UTC

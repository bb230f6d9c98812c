"""Names under which characters can speak in Discord."""

from __future__ import annotations

import re
import unicodedata

from bot.language import later

LONGEST = 80
"""What Discord takes, in characters."""

NAMELESS = "Nameless"

_JOINER = "\u200d"
# Letters that show nothing.
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"

# Discord refuses a name with one of these in it, in any case.
_REFUSED = re.compile(r"(?P<begin>c)(?P<end>lyde)|(?P<first>dis)(?P<second>cord)", re.IGNORECASE)

_UNNAMED = later(
    "It has no name that can be shown, so in chat it is called **{name}**.", name=NAMELESS
)


def mended_name(name: str) -> tuple[str, str | None]:
    """The name as Discord takes it above a message, and what was changed about it, in a sentence.

    The sentence is None where nothing was changed but white space. Discord drops signs without
    width, so a refused word is divided by a dot in the middle, which stays: `C·lyde`.
    """
    shown = " ".join(_visible(name).split())
    if not shown:
        return NAMELESS, _UNNAMED
    spelled = _divided(shown)
    cut = _cut(spelled)
    if cut != spelled:
        return cut, later(
            "Discord takes names of up to 80 characters, so in chat it is called **{name}**.",
            name=cut,
        )
    return cut, _told_as(cut) if spelled != shown else None


def _told_as(name: str) -> str:
    return later(
        "Discord does not allow names with “Clyde” or “Discord” in them, so in chat it is spelled "
        "**{name}**.",
        name=name,
    )


def _divided(name: str) -> str:
    return _REFUSED.sub(lambda found: "·".join(filter(None, found.groups())), name)


def _visible(name: str) -> str:
    """The name without control characters and signs of no width, which Discord drops."""
    kept: list[str] = []
    for char in name:
        if char.isspace() or char in _BLANK:
            kept.append(" ")
        elif unicodedata.category(char) not in ("Cc", "Cf", "Cs") or _joins(kept, char):
            kept.append(char)
    is_seen = any(unicodedata.category(char)[0] not in "MZC" for char in kept)
    return "".join(kept) if is_seen else ""


def _joins(before: list[str], char: str) -> bool:
    """Whether a sign of no width makes one emoji, or one letter, of what stands around it."""
    return char == _JOINER and bool(before) and not before[-1].isascii() and before[-1] != char


def _cut(name: str) -> str:
    """The name in 80 UTF-16 units, so that it fits however Discord counts."""
    if _units(name) <= LONGEST:
        return name
    kept = name[: LONGEST - 1]
    while _units(kept) > LONGEST - 1:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def _units(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)

"""Who says what: ChatML has no place for names, so a user's line begins with `Name: `."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

MAX_NAME = 32

SEVERAL_PEOPLE = (
    "You are in a chat with several people. Each of their messages begins with the writer's name "
    "and a colon. Reply to the latest message in your own words, without a name in front."
)

_UNWANTED = re.compile(r"[<>|:\[\]{}#`*@\\\"]")


def clean_name(name: str) -> str:
    """A display name that cannot be mistaken for markup: one line, at most 32 characters.

    Compatibility forms are folded, invisible and control characters dropped. A name of which
    nothing is left becomes "Someone".
    """
    folded = unicodedata.normalize("NFKC", name)
    visible = "".join(" " if c.isspace() else c for c in folded if _is_visible(c))
    cleaned = " ".join(_UNWANTED.sub(" ", visible).split())[:MAX_NAME].strip()
    return cleaned or "Someone"


def unique_name(name: str, author: str, taken: Mapping[str, str]) -> str:
    """The name for `author`, told apart from the names that others have: `Alex (2)`.

    `taken` maps names in use to their author's id. The author's own earlier name is kept.
    """
    base = clean_name(name)
    owners = {used.casefold(): owner for used, owner in taken.items()}
    candidate, number = base, 1
    while owners.get(candidate.casefold(), author) != author:
        number += 1
        candidate = f"{base} ({number})"
    return candidate


def spoken(speaker: str, text: str) -> str:
    """The content of a user's turn: `Name: text`, or the bare text where nobody is named."""
    return f"{speaker}: {text}" if speaker else text


def _is_visible(character: str) -> bool:
    return character.isspace() or unicodedata.category(character)[0] != "C"

"""Who is called by name in a text: whole names and single words of them, in the text's order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from bot.characters.stage import Member

SHORTEST_WORD = 3
"""How many letters a single word of a name needs to stand for the whole of it."""

# Words of names that are said without meaning anybody.
_SMALL = "and the der die das von und van den del des dos las los les for with from your"
_SMALL_WORDS = frozenset(_SMALL.split())

# Names that are words of every day: with a capital letter only do they call somebody.
_EVERYDAY = "art bill dawn faith grace hope joy may mark max miles rose sky sunny victor will"
_ORDINARY = frozenset(_EVERYDAY.split())

# Scripts that put no spaces between words, and Hangul, which joins endings to names.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]"
)


def named(text: str, members: Iterable[Member]) -> tuple[str, ...]:
    """The ids of the members whom a text calls, in its order; `@Name` is a name as well.

    A word of a longer name is enough ("Mara" for "Captain Mara Voss") where it is one member's
    alone. Capital letters do not matter, except for names that are ordinary words.
    """
    aliases = _aliases(tuple(members))
    if not aliases:
        return ()
    longest_first = sorted(aliases, key=len, reverse=True)
    pattern = re.compile("|".join(map(_pattern, longest_first)), re.IGNORECASE)
    called: dict[str, None] = {}
    for found in pattern.finditer(unicodedata.normalize("NFKC", text)):
        word = found.group()
        key = _folded(word)
        if key in _ORDINARY and not word[0].isupper():
            continue
        called |= dict.fromkeys(aliases.get(key, ()))
    return tuple(called)


def says(text: str, name: str) -> bool:
    """Whether a text has a whole name in it, by the same rules; a word of it is not enough."""
    alias = _folded(name)
    if not alias:
        return False
    found = re.finditer(_pattern(alias), unicodedata.normalize("NFKC", text), re.IGNORECASE)
    return any(one.group()[0].isupper() or alias not in _ORDINARY for one in found)


def _aliases(members: Sequence[Member]) -> Mapping[str, tuple[str, ...]]:
    """What may be said for whom: whole names, and words that are one member's alone."""
    whole: dict[str, tuple[str, ...]] = {}
    for member in members:
        if name := _folded(member.name):
            whole[name] = (*whole.get(name, ()), member.character)
    words: dict[str, tuple[str, ...]] = {}
    for member in members:
        for word in dict.fromkeys(_words(member.name)):
            words[word] = (*words.get(word, ()), member.character)
    return {word: ids for word, ids in words.items() if len(ids) == 1} | whole


def _words(name: str) -> list[str]:
    stripped = (re.sub(r"^[\W_]+|[\W_]+$", "", word) for word in _folded(name).split())
    return [word for word in stripped if len(word) >= SHORTEST_WORD and word not in _SMALL_WORDS]


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).lower().split())


def _pattern(alias: str) -> str:
    """A name as it may stand in a text, not within another word."""
    before = "" if _joins(alias[0]) else r"(?<!\w)"
    behind = "" if _joins(alias[-1]) else r"(?!\w)"
    return before + r"\s+".join(map(re.escape, alias.split())) + behind


def _joins(edge: str) -> bool:
    return bool(_UNSPACED.match(edge))

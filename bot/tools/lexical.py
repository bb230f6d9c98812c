"""Finding short texts by the words that they share with a question."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from math import log
from typing import NamedTuple

_WORD = re.compile(r"\w+")
_SUFFIXES = ("ings", "ing", "ies", "ied", "ed", "es", "ly", "s", "y", "e")
_SHORTEST_STEM = 3
# Words that are in every question and tell nothing of what is meant.
_EMPTY = frozenset(
    _WORD.findall(
        "a about an and any are at be by can did do does for from had has have he her his how i "
        "in is it its know me my of on or our she so tell that the their them they this to us was "
        "we were what when where which who whose why with you your"
    )
)

# Words that people who talk to each other use all the time, whatever they talk about.
_SMALL_TALK = _EMPTY | frozenset(
    _WORD.findall(
        "again all also am anyone anything because been before being bit but could day dont each "
        "else ever everyone get give go going gonna good got great hello here hey hi im into isnt "
        "its just kind let like lot make many may maybe mean more most much need never new nice no "
        "not now oh ok okay one only other out over please really right said same say see should "
        "some someone something sorry still sure take than thank thanks thats then there these "
        "thing think those through time today too two up use very wanna want way well will would "
        "yeah yes yet youre"
    )
)


class Match(NamedTuple):
    """A text that shares words with a query: its number, how well it fits, the query's words."""

    number: int
    score: float
    words: tuple[str, ...]


def matches(query: str, texts: Sequence[str]) -> list[Match]:
    """Which texts share telling words with a query, best first. Small talk matches nothing."""
    wanted = _telling(query)
    if not wanted:
        return []
    found = [_telling(text) for text in texts]
    common = Counter(stem for stems in found for stem in stems)
    shared = [[stem for stem in wanted if stem in own] for own in found]
    scored = [
        Match(
            number,
            sum(log(1 + len(texts) / common[stem]) for stem in stems),
            tuple(wanted[stem] for stem in sorted(stems, key=lambda stem: common[stem])),
        )
        for number, stems in enumerate(shared)
        if stems
    ]
    return sorted(scored, key=lambda match: -match.score)


def _telling(text: str) -> dict[str, str]:
    """The stems of a text's telling words, each with its word as it was written first."""
    found: dict[str, str] = {}
    for word in _WORD.findall(_folded(text)):
        if word not in _SMALL_TALK and len(word.strip("_")) > 1:
            found.setdefault(_stem(word), word)
    return found


def best(query: str, texts: Sequence[str]) -> list[int]:
    """Which texts share words with a query, best first: rare words count more than common ones.

    Texts that match equally well stay in their order. A query without a word fits them all.
    """
    wanted = _stems(query)
    if not wanted:
        return list(range(len(texts)))
    found = [_stems(text) for text in texts]
    common = Counter(stem for stems in found for stem in stems)
    scores = [sum(log(1 + len(texts) / common[stem]) for stem in wanted & own) for own in found]
    matching = [number for number, score in enumerate(scores) if score]
    if not matching:
        # Languages that put no spaces between words.
        return [number for number, text in enumerate(texts) if _folded(query) in _folded(text)]
    return sorted(matching, key=lambda number: -scores[number])


def _stems(text: str) -> frozenset[str]:
    words = _WORD.findall(_folded(text))
    telling = [word for word in words if word not in _EMPTY and len(word.strip("_")) > 0]
    # A question of empty words alone is still a question.
    return frozenset(map(_stem, telling or words))


def _folded(text: str) -> str:
    """Without case and accents, apostrophes gone with what an English one adds."""
    plain = unicodedata.normalize("NFKD", text.replace("’", "'").casefold())
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(letters.replace("'s", "").replace("'", "").split())


def _stem(word: str) -> str:
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_STEM:
            stem = word.removesuffix(suffix)
            # running: run
            doubled = (
                suffix in ("ing", "ed") and len(stem) > _SHORTEST_STEM and stem[-1] == stem[-2]
            )
            return stem[:-1] if doubled else stem
    return word

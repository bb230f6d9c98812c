"""The texts in which keys are looked for, prepared once for any number of keys."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from bot.characters.lore import patterns

# Between two texts, so that no key is found across them; keys cannot hold it.
_BETWEEN = "\x00"

# A key can only be found if its first so many characters are: most keys are ruled out by that.
_GRAM = 3

# At how many places a key is looked at where only whole words count; a text of one letter would
# keep us busy otherwise.
_MOST_TRIES = 200

# Scripts without spaces between words: there, any letter may stand beside a whole word.
_UNSPACED = range(0x2E80, 0xA4D0)


class Haystack:
    """Texts, the newest first; all searches can be bounded to the newest `depth` of them."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = [_clean(text) for text in texts]
        self._written = _Joined(self.texts)
        self._folded = _Joined([text.casefold() for text in self.texts])

    def find(
        self, key: str, depth: int | None = None, *, case: bool = False, whole: bool = False
    ) -> int | None:
        """In which of the texts a key stands, the newest if there are several."""
        if not self.texts:
            return None
        key = key.replace(_BETWEEN, "")
        joined, wanted = (self._written, key) if case else (self._folded, key.casefold())
        return joined.find(wanted, depth, whole=whole)

    def find_pattern(self, expression: str, depth: int | None = None) -> int | None:
        """In which of the texts a regular expression matches, the newest if there are several."""
        for number, text in enumerate(self.texts[:depth]):
            if patterns.found(expression, text):
                return number
        return None


class _Joined:
    """Texts in one, since one search in a long text is much faster than many in short ones."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._text = _BETWEEN.join(texts)
        self._ends: list[int] = []
        end = -1
        for text in texts:
            end += len(text) + 1
            self._ends.append(end)
        text = self._text
        self._grams = {text[at : at + _GRAM] for at in range(len(text) - _GRAM + 1)}
        self._known: dict[tuple[str, int | None, bool], int | None] = {}

    def find(self, key: str, depth: int | None, *, whole: bool) -> int | None:
        # Many entries share their keys, and what is not found once is looked for again.
        known = (key, depth, whole)
        if known not in self._known:
            self._known[known] = self._find(key, depth, whole=whole)
        return self._known[known]

    def _find(self, key: str, depth: int | None, *, whole: bool) -> int | None:
        if not key or (len(key) >= _GRAM and key[:_GRAM] not in self._grams):
            return None
        if depth is None or depth >= len(self._ends):
            end = len(self._text)
        else:
            end = self._ends[depth - 1] if depth else 0
        at = self._text.find(key, 0, end)
        tries = _MOST_TRIES if whole else 0
        while tries and at >= 0 and not self._stands_alone(at, at + len(key)):
            tries -= 1
            at = self._text.find(key, at + 1, end) if tries else -1
        return bisect_right(self._ends, at) if at >= 0 else None

    def _stands_alone(self, begin: int, end: int) -> bool:
        text = self._text
        if begin and _joins(text[begin - 1]) and _joins(text[begin]):
            return False
        return not (end < len(text) and _joins(text[end]) and _joins(text[end - 1]))


def _joins(character: str) -> bool:
    """Whether two such characters side by side are one word."""
    return (character.isalnum() or character == "_") and ord(character) not in _UNSPACED


def _clean(text: str) -> str:
    """A text that the engine of patterns takes: no half of a character, no mark of our own."""
    return text.replace(_BETWEEN, "").encode("utf-8", "replace").decode("utf-8")

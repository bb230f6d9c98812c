"""Words and phrases that are not wanted in a place: found in texts, also while those are written.

A word is found whole and in any case: `ass` is not found in `class`. What only looks different is
the same: full-width letters and letters in circles (NFKC), invisible characters between letters.
In scripts that put no blanks between words a phrase is found anywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

# Invisible: soft hyphen, joiners, marks of direction, variation selectors, tags; and accents that
# belong to no letter, which are piled up to hide words.
_NOTHING = re.compile(
    "[\u00ad\u0300-\u036f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff"
    "\U000e0000-\U000e007f]"
)
_WORD = re.compile(r"[^\W_]+")
# Thai to Khmer, kana, Chinese, Korean: where words are not told apart by blanks alone.
_JOINED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
)

# The end of a sentence: its mark with what closes behind it, or the end of a line.
_SENTENCE = re.compile(r"[.!?…]+[\"'”’»*_)\]~|]*(?=\s)|[。！？]|\n")
# What has no end is passed on in pieces of this length, in characters.
_LONGEST = 600


class Blocklist:
    """Finds phrases in texts. The time it takes does not depend on how many phrases there are."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        self._anywhere: list[tuple[str, str]] = []
        self.longest = 0
        """Of all phrases, in characters."""
        self.most_words = 0
        """Of all phrases."""
        for phrase in phrases:
            self._add(phrase)

    def __bool__(self) -> bool:
        return bool(self._by_first or self._anywhere)

    def find(self, text: str) -> str:
        """A phrase that is in `text`, as it was given; "" if there is none."""
        if not self:
            return ""
        plain = alike(text)
        for wanted, phrase in self._anywhere:
            if wanted in plain:
                return phrase
        words = _WORD.findall(plain) if self._by_first else []
        for at, word in enumerate(words):
            for wanted, phrase in self._by_first.get(word, ()):
                if tuple(words[at : at + len(wanted)]) == wanted:
                    return phrase
        return ""

    def _add(self, phrase: str) -> None:
        plain = " ".join(alike(phrase).split())
        words = tuple(_WORD.findall(plain))
        if not plain:
            return
        self.longest = max(self.longest, len(phrase), len(plain))
        self.most_words = max(self.most_words, len(words))
        if not words or _JOINED.search(plain):
            self._anywhere.append((plain, phrase))
        else:
            self._by_first.setdefault(words[0], []).append((words, phrase))


def alike(text: str) -> str:
    """The text in the form in which what reads the same is the same."""
    composed = unicodedata.normalize("NFKC", text).casefold()
    return _NOTHING.sub("", unicodedata.normalize("NFKC", composed))


class WordGuard:
    """Passes a text on, sentence by sentence, up to the first one that has a blocked phrase.

    `found` is that phrase, "" while there is none; nothing comes behind it. Of a phrase that goes
    on over the end of a sentence the beginning has been passed on.
    """

    def __init__(self, blocklist: Blocklist) -> None:
        self._blocklist = blocklist
        self.found = ""
        self._held = ""
        self._before = ""

    def feed(self, text: str) -> str:
        """Take the next piece; return the sentences that have come to their end."""
        if self.found:
            return ""
        self._held += text
        return "".join(self._passed(self._ends()))

    def finish(self) -> str:
        """The text has ended: return what was held back."""
        if self.found:
            return ""
        return "".join(self._passed([len(self._held)]))

    def _passed(self, ends: Iterable[int]) -> Iterator[str]:
        begin = 0
        for end in ends:
            piece = self._held[begin:end]
            self.found = self._blocklist.find(self._before + piece)
            if self.found:
                self._held = ""
                return
            yield piece
            begin = end
            # Alike, since only there is whatever divides words seen to do so.
            self._before = _ending(alike(self._before + piece), self._blocklist)
        self._held = self._held[begin:]

    def _ends(self) -> list[int]:
        """Where the sentences end that are complete; what goes on too long is cut at a blank."""
        ends = [found.end() for found in _SENTENCE.finditer(self._held)]
        last = ends[-1] if ends else 0
        while len(self._held) - last > _LONGEST:
            blank = max(self._held.rfind(mark, last, last + _LONGEST) for mark in " \t")
            last = blank if blank > last else last + _LONGEST
            ends.append(last)
        return ends


def _ending(text: str, blocklist: Blocklist) -> str:
    """The end of a text in which a phrase can begin; its first word is whole."""
    begins = [0, *(word.start() for word in _WORD.finditer(text))]
    last = min(len(text) - blocklist.longest * 2, begins[-max(blocklist.most_words, 1) :][0])
    return text[max((begin for begin in begins if begin <= last), default=0) :]

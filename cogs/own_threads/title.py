"""The name of a thread that is made for a question: what was asked, in a few plain words. Pure."""

from __future__ import annotations

import re
import unicodedata

from cogs.live.split import units

LONGEST = 80
"""How long a title is at most, in UTF-16 units; Discord allows 100."""

_LEAST = 12

# A spoiler stays covered: titles stand in everybody's list of channels.
_SPOILER = re.compile(r"\|\|.+?\|\|", re.DOTALL)
_FENCE = re.compile(r"```(?:[\w+.#-]*\n)?(.*?)(?:```|\Z)", re.DOTALL)
_LINK = re.compile(r"\[([^\[\]]+)\]\(\s*<?https?://[^\s)>]+>?(?:\s+\"[^\"]*\")?\s*\)")
_ADDRESS = re.compile(r"<?https?://(?:www\.)?([^\s<>/?#]+)[^\s<>]*>?")
_LINE = re.compile(r"^[ \t]*(?:>>>[ \t]|>[ \t]|#{1,3}[ \t]|-#[ \t]|[*+-][ \t])", re.MULTILINE)
_MARKS = re.compile(
    r"(?<!\\)(?:\*{1,3}(?=\S)|(?<=\S)\*{1,3}|~~|`{1,2}|__)|(?<![\w\\])_(?=\S)|(?<=\S)(?<!\\)_(?!\w)"
)
_ESCAPED = re.compile(r"\\([^\w\s])")
_SENTENCE = re.compile(r"(?<=[.!?…])\s|(?<=[。！？])")
_ELLIPSIS = "…"


def title_of(text: str) -> str:
    """A title from what somebody wrote, mentions and emoji written out; "" if nothing is left.

    Its first sentence, unless that says too little; what is too long ends at a word, with "…".
    """
    for pattern, instead in (
        (_SPOILER, " ▇▇▇ "),
        (_FENCE, r" \1 "),
        (_LINK, r"\1"),
        (_ADDRESS, r"\1"),
        (_LINE, ""),
        (_MARKS, ""),
        (_ESCAPED, r"\1"),
    ):
        text = pattern.sub(instead, text)
    words = " ".join("".join(map(_shown, text)).split())
    if not any(c.isalnum() or unicodedata.category(c) == "So" for c in words):
        return ""
    return _shortened(_first_sentence(words))


def _shown(c: str) -> str:
    """A character as far as it is to be seen; joiners and selectors hold an emoji together."""
    kind = unicodedata.category(c)
    if kind == "Cf" and c not in "\u200d\ufe0f":
        return ""
    return " " if kind[0] in "CZ" and kind != "Cf" else c


def _first_sentence(words: str) -> str:
    for end in _SENTENCE.finditer(words):
        if end.start() >= _LEAST:
            return words[: end.start()].rstrip()
    return words


def _shortened(words: str) -> str:
    if units(words) <= LONGEST:
        return words
    short = words[:LONGEST]
    while units(short) >= LONGEST:
        short = short[:-1]
    cut, _, rest = short.rpartition(" ")
    if cut and words[len(short)] != " " and len(rest) <= len(short) // 3:
        short = cut
    return short.rstrip(" ,;:-\u200d") + _ELLIPSIS

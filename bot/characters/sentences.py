"""Dropping the sentence that a model was cut off in. Pure."""

from __future__ import annotations

import re

_CLOSERS = "\"'”’»«“」』）)\\]】*_~`"

# Where a sentence, a line or an action can end. A dot within a number or a name is no end.
_END = re.compile(
    rf"""
    (?: (?<![.!?…]) [.!?…]++ [{_CLOSERS}]*+ (?=\s|$)      # with a blank behind it
      | [。！？｡؟۔।॥]++ [{_CLOSERS}]*+         # scripts that write none
      | (?: (?m:^) | (?<=[.!?…"”»」』][ ]) )
        [*]{{1,3}} [^*\n]+ [*]{{1,3}} (?=\s|$)  # *an action*
      | (?<=\S) (?=\s*\n)                   # a line
    )
    """,
    re.VERBOSE,
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"“„'*_])(?:[^\W\d_]|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|Mt|vs|etc|e\.g|i\.e|z\.B|bzw|Hr|Fr)\.$"
)
_NUMBERED = re.compile(r"(?:^|\n)\s*\d{1,3}\.$")
_LAST_LINE = re.compile(r"[^\n]*\Z")
_EMPHASIS = re.compile(r"\*{1,3}")
_FENCE = "```"
_PAIRS = {"“": "”", "«": "»", "「": "」", "『": "』", "„": "“"}


def whole_sentences(text: str) -> str:
    """The text without a last sentence that is not finished; quotes and actions are closed.

    A text of one sentence, or one that ends within code, stays as it is. Blanks at the end go.
    """
    text = text.rstrip()
    if text.count(_FENCE) % 2:
        return text
    end = _last_end(text)
    if end in (0, len(text)):
        return text
    return _closed(text[:end].rstrip())


def _last_end(text: str) -> int:
    """Where the last finished sentence ends, 0 if there is none."""
    last = 0
    for found in _END.finditer(text):
        end = found.end()
        if _ABBREVIATION.search(text, max(0, end - 12), end) and not _is_last(text, end):
            continue
        if _NUMBERED.search(text, max(0, end - 12), end):
            continue
        last = end
    return last


def _is_last(text: str, end: int) -> bool:
    return not text[end:].strip()


def _closed(text: str) -> str:
    """Close in the last line what the sentence that was dropped would have closed."""
    found = _LAST_LINE.search(text)
    line = found[0] if found else ""
    marks = _EMPHASIS.findall(re.sub(r"^\s*\* ", "", line))
    if line.count('"') % 2:
        text += '"'
    for opening, closing in _PAIRS.items():
        closes_german = opening == "“" and "„" in line
        if line.rfind(opening) > line.rfind(closing) and not closes_german:
            text += closing
    if len(marks) % 2:
        text += marks[-1]
    return text

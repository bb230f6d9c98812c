"""The tags and control tokens that mean something in what a model writes."""

from __future__ import annotations

import re

OPENER, CLOSER = "<tool_call>", "</tool_call>"
PADS = {"<scratch_pad>": "</scratch_pad>", "<think>": "</think>"}
RESPONSE = "<tool_response>"
TURNS = ("<|im_end|>", "<|im_start|>")
STOPS = ("<|end_of_text|>", "<|eot_id|>", "<|endoftext|>")
# Also the end of struck-through text in HTML: a stop only where nothing follows.
SOFT_STOP = "</s>"
STRAYS = (CLOSER, "</tool_response>", *PADS.values(), *STOPS)

ALL = (OPENER, *PADS, RESPONSE, *TURNS, SOFT_STOP, *STRAYS)


def one_of(*marks: str) -> re.Pattern[str]:
    """A pattern that matches each of these."""
    return re.compile("|".join(map(re.escape, marks)))


ENDS_OF_PAD = {opener: one_of(closer, *TURNS) for opener, closer in PADS.items()}
"""Where a thought ends: with its closing tag, or with the turn."""

ANY = one_of(*ALL)
_EVERY_STOP = (*STOPS, SOFT_STOP)
PAD = one_of(*PADS)
PASSED_OVER = one_of(*_EVERY_STOP, *STRAYS)
ANY_STOP = one_of(*_EVERY_STOP)
_STARTS = frozenset(mark[:n] for mark in ALL for n in range(1, len(mark)))

FENCE = re.compile(r"`{3,16}[\w+.-]{0,32}")
"""A code block's first line, as far as models vary it."""


def without_stops(text: str) -> str:
    """The text without the stop tokens at its end, and the blanks around them."""
    end = len(text.rstrip())
    while stop := next((stop for stop in _EVERY_STOP if text.endswith(stop, 0, end)), ""):
        end -= len(stop)
        while end and text[end - 1].isspace():
            end -= 1
    return text[:end]


def may_become_one(text: str, at: int) -> bool:
    """Whether the text ends in the middle of what may be a mark that begins at `at`."""
    return text[at : at + 32] in _STARTS


def past(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where a match that begins at `at` ends; the pattern has to match, be it nothing."""
    found = pattern.match(text, at)
    assert found is not None
    return found.end()

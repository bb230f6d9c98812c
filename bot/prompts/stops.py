"""Matching stop strings in streamed text, on this side of the wire.

Engines take few stop strings, match them only at token ends, and some leave them in the text.
The matcher finds any number of them anywhere, and never lets a part of one through.
"""

from __future__ import annotations

from collections.abc import Iterable


class StopMatcher:
    """Passes text on until one of `stops` is complete; holds back what may become one.

    `hit` is the stop string that ended the text, or None.
    """

    def __init__(self, stops: Iterable[str]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._longest = max(map(len, self._stops), default=0)
        # Looked up for every token; a roleplay channel has a stop for each of its speakers.
        self._starts = frozenset(stop[:n] for stop in self._stops for n in range(1, len(stop)))
        self._first = frozenset(stop[0] for stop in self._stops)
        self._held: str = ""
        self.hit: str | None = None

    def feed(self, text: str) -> str:
        """Take the next piece; return what is certain to be the answer's text."""
        if self.hit is not None:
            return ""
        if not self._held and self._first.isdisjoint(text):
            # Nearly every token is like this.
            return text
        text = self._held + text
        found = [(at, stop) for stop in self._stops if (at := text.find(stop)) >= 0]
        if found:
            # The stop that is complete first, as if the text had come letter by letter: the
            # outcome must not depend on how an engine cuts its text into pieces.
            at, self.hit = min(found, key=lambda pair: (pair[0] + len(pair[1]), pair[0]))
            self._held = ""
            return text[:at]
        keep = self._possible_start(text)
        self._held = text[len(text) - keep :] if keep else ""
        return text[: len(text) - keep]

    def finish(self) -> str:
        """The text held back at the end of the stream: it did not become a stop string."""
        held, self._held = self._held, ""
        return held

    def _possible_start(self, text: str) -> int:
        """Length of the longest end of `text` that begins a stop string."""
        for length in range(min(len(text), self._longest - 1), 0, -1):
            if text[-length:] in self._starts:
                return length
        return 0

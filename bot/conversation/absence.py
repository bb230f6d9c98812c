"""When an engine counts as away, and when as back. Pure: whoever looks brings the time."""

from __future__ import annotations

from dataclasses import dataclass

STEADY = 60.0
"""For how long an engine has to answer before it counts as back, in seconds."""


@dataclass(frozen=True, slots=True)
class Away:
    """An engine has been away for long enough to say so: since when (in the looker's time)."""

    since: float


@dataclass(frozen=True, slots=True)
class Back:
    """An engine that was said to be away is back: for how long it was away, in seconds."""

    seconds: float


class Absence:
    """What is known of one engine's absence.

    It is news once, when the engine was away for `after` seconds, and once more when it has
    answered for `STEADY` seconds on end. One that comes and goes is away all the while, but a
    single miss now and then is no absence: most looks must have failed.
    """

    def __init__(self, after: float) -> None:
        self._after = after
        self._since: float | None = None
        self._answers_since: float | None = None
        self._looks = self._misses = 0
        self._told = False

    def note(self, *, answers: bool, now: float) -> Away | Back | None:
        """Note what a look has found; returns the news, if there is any."""
        if answers:
            return self._answered(now)
        self._answers_since = None
        if self._since is None:
            self._since = now
        self._looks += 1
        self._misses += 1
        if self._told or now - self._since < self._after or self._misses * 2 <= self._looks:
            return None
        self._told = True
        return Away(self._since)

    def _answered(self, now: float) -> Back | None:
        if self._since is None:
            return None
        self._looks += 1
        if self._answers_since is None:
            self._answers_since = now
        if now - self._answers_since < STEADY:
            return None
        news = Back(self._answers_since - self._since) if self._told else None
        self._since = self._answers_since = None
        self._looks = self._misses = 0
        self._told = False
        return news

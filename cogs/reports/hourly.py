"""How often people have done something within the last hour. Pure: who asks gives the time."""

from __future__ import annotations

from collections import deque

_HOUR = 3_600.0
# How many people are remembered; who has been quiet for longest is forgotten first.
_REMEMBERED = 5_000


class Hourly:
    """Counts for each person, in this process; times are in seconds of any one clock."""

    def __init__(self) -> None:
        self._times: dict[int, deque[float]] = {}

    def count(self, person: int, now: float) -> int:
        """How often it was within the hour before `now`."""
        times = self._times.get(person, deque[float]())
        while times and times[0] <= now - _HOUR:
            times.popleft()
        return len(times)

    def note(self, person: int, now: float) -> None:
        """It has happened once more."""
        times = self._times.pop(person, deque[float]())
        times.append(now)
        self._times[person] = times
        while len(self._times) > _REMEMBERED:
            del self._times[next(iter(self._times))]

"""How often other bots are answered: two bots that answer each other would never stop. Pure."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Literal

IN_A_ROW = 4
"""So many answers go to bots in a place before a person has to write there."""

MOST = 20
"""So many answers go to bots in a place within `SECONDS`, whoever writes in between."""

SECONDS = 600.0

# In how many places this is remembered; who was quiet for longest is forgotten first.
_PLACES = 5_000

Verdict = Literal["answer", "say so", "silence"]


@dataclass(slots=True)
class _Place:
    row: int = 0
    answered: deque[float] = field(default_factory=deque[float])
    told: bool = False


class OtherBots:
    """Counts the answers to bots, by place. A new process starts at zero."""

    def __init__(self) -> None:
        self._places: OrderedDict[int, _Place] = OrderedDict()

    def person_wrote(self, place: int) -> None:
        """A person is there: what bots have had in a row begins anew."""
        if found := self._places.get(place):
            found.row = 0

    def judge(self, place: int, now: float) -> Verdict:
        """Whether a bot is answered now, which then counts; "say so": no, for the first time.

        `now` is in seconds, of a clock that never goes back.
        """
        found = self._places.setdefault(place, _Place())
        self._places.move_to_end(place)
        if len(self._places) > _PLACES:
            self._places.popitem(last=False)
        while found.answered and found.answered[0] <= now - SECONDS:
            found.answered.popleft()
        if found.row < IN_A_ROW and len(found.answered) < MOST:
            found.row += 1
            found.answered.append(now)
            found.told = False
            return "answer"
        told, found.told = found.told, True
        return "silence" if told else "say so"

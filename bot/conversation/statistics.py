"""What a server's administrators can see of its use: figures by the hour, no words and no names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

DAYS = 8
"""How long the figures of an hour are kept."""

HOUR = 3_600

BOUNDS = (1, 2, 3, 5, 8, 12, 20, 40)
"""The bounds in seconds between which first words are counted; the last class has no end."""


@dataclass(frozen=True, slots=True)
class Use:
    """What one reply adds to the figures of its server in an hour (hours since 1970).

    `people` are those whom it answers: they are counted, not kept.
    """

    server: str
    hour: int
    people: tuple[str, ...]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted in an hour, or in several: replies, tokens, and times.

    `milliseconds` is how long the replies that are `done` took together; `first_words` are how many
    replies showed their first words within each of the `BOUNDS`, not in total.
    """

    replies: int = 0
    done: int = 0
    failed: int = 0
    prompt: int = 0
    generated: int = 0
    milliseconds: int = 0
    first_words: tuple[int, ...] = (0,) * (len(BOUNDS) + 1)

    @property
    def seconds(self) -> float | None:
        """How long a whole reply took on average; None if there was none."""
        return self.milliseconds / self.done / 1_000 if self.done else None

    def within(self, share: float) -> int | None:
        """The bound in seconds below which a share of all first words came; None if above all."""
        wanted, so_far = share * sum(self.first_words), 0
        for bound, count in zip(BOUNDS, self.first_words, strict=False):
            so_far += count
            if so_far and so_far >= wanted:
                return bound
        return None


@dataclass(frozen=True, slots=True)
class Statistics:
    """The figures of some hours of a server, oldest first, and how many people it answered.

    `first_hour` is the number of the first one; an hour without a reply has empty figures.
    """

    first_hour: int
    hours: Sequence[Figures] = field(default_factory=tuple[Figures, ...])
    people: int = 0

    @property
    def total(self) -> Figures:
        """All hours together."""
        return total(self.hours)


class StatisticsStore(Protocol):
    """What the store does with statistics; what it counts rides along with `Store.commit`."""

    async def statistics(self, server: str, first_hour: int, hours: int) -> Statistics:
        """The figures of a server, in one round trip."""
        ...


def figures(counts: Mapping[str, int]) -> Figures:
    """Figures out of what was counted (`Use.counts`, added up)."""
    return Figures(
        replies=counts.get("replies", 0),
        done=counts.get("done", 0),
        failed=counts.get("failed", 0),
        prompt=counts.get("prompt", 0),
        generated=counts.get("generated", 0),
        milliseconds=counts.get("milliseconds", 0),
        first_words=tuple(counts.get(f"first{place}", 0) for place in range(len(BOUNDS) + 1)),
    )


def total(hours: Iterable[Figures]) -> Figures:
    """Several figures together."""
    every = (Figures(), *hours)
    return Figures(
        replies=sum(one.replies for one in every),
        done=sum(one.done for one in every),
        failed=sum(one.failed for one in every),
        prompt=sum(one.prompt for one in every),
        generated=sum(one.generated for one in every),
        milliseconds=sum(one.milliseconds for one in every),
        first_words=tuple(map(sum, zip(*(one.first_words for one in every), strict=True))),
    )

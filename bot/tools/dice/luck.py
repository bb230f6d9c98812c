"""Where the numbers come from."""

from __future__ import annotations

from typing import Protocol


class Luck(Protocol):
    """What decides how a die falls: `random.SystemRandom()`, or a seeded `random.Random`."""

    def randint(self, a: int, b: int, /) -> int:
        """Any whole number from `a` to `b`, each as likely as the others."""
        ...

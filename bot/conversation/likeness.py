"""How near facts are to a question in meaning, where an embedding model is there to say.

What "near" is differs from model to model, so it is measured: a fact counts if it is clearly nearer
to the question than sentences about something else are.
"""

from __future__ import annotations

import asyncio
import logging
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from math import sqrt
from operator import mul
from statistics import fmean, pstdev
from typing import Protocol

from bot.errors import EngineError

log = logging.getLogger(__name__)

# Vectors are kept by their text: a fact is embedded once per process, an edited one anew.
_KEPT = 2_000

# The newest facts; more would take longer to compare than a reply should wait.
_MOST = 400

# Of the kind that facts are, since the length and the form of a text count for its vector too.
_ELSEWHERE = (
    "my bicycle is red",
    "I collect old stamps",
    "the meeting room is on the second floor",
    "she plays the trumpet",
    "our printer is out of paper",
    "he was born in October",
    "the fence needs a coat of paint",
    "I prefer a seat at the window",
    "the contract has eleven clauses",
    "the museum is closed on Mondays",
)
# Seconds for which a server that failed is not asked again: replies should not wait for it.
_REST = 30.0

_DEVIATIONS = 2.5
_LEAST = 0.03


class Embedder(Protocol):
    """A server that turns texts into vectors. Errors are `bot.errors.EngineError`s."""

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """One vector for each text."""
        ...


class Likeness:
    """Compares texts with a question; without an embedder, or while it fails, nothing is alike."""

    def __init__(self, embedder: Embedder | None = None) -> None:
        self._embedder = embedder
        self._vectors: OrderedDict[str, array[float]] = OrderedDict()
        self._failed = False
        self._rests_until = 0.0

    async def of(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """By how much each text is nearer to the question than what is about something else.

        What is 0 or less is not near; nothing is where nobody can tell. Never fails.
        """
        nothing = [0.0] * len(texts)
        now = asyncio.get_running_loop().time()
        if self._embedder is None or not texts or not question.strip() or now < self._rests_until:
            return nothing
        compared = texts[:_MOST]
        try:
            vectors = await self._embedded(self._embedder, [question, *_ELSEWHERE, *compared])
        except EngineError as error:
            if not self._failed:
                log.warning("facts are found by their words alone for now: %s", error.detail)
            self._failed = True
            self._rests_until = now + _REST
            return nothing
        self._failed = False
        asked = vectors[question]
        base = [_product(asked, vectors[text]) for text in _ELSEWHERE]
        bound = fmean(base) + max(_DEVIATIONS * pstdev(base), _LEAST)
        near = [_product(asked, vectors[text]) - bound for text in compared]
        return near + nothing[len(compared) :]

    async def _embedded(self, embedder: Embedder, texts: Sequence[str]) -> dict[str, array[float]]:
        missing = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if missing:
            made = await embedder.embed(missing)
            self._vectors.update(zip(missing, map(_normalised, made), strict=True))
        found: dict[str, array[float]] = {}
        for text in texts:
            self._vectors.move_to_end(text)
            found[text] = self._vectors[text]
        while len(self._vectors) > _KEPT:
            self._vectors.popitem(last=False)
        if len({len(vector) for vector in found.values()}) > 1:
            # The server has another model now: what the former one made is of no use.
            self._vectors.clear()
            raise EngineError(detail="the embedding model was exchanged")
        return found


def _normalised(vector: Sequence[float]) -> array[float]:
    length = sqrt(sum(map(mul, vector, vector))) or 1.0
    return array("f", (part / length for part in vector))


def _product(one: array[float], other: array[float]) -> float:
    return sum(map(mul, one, other))

"""A server of an embedding model: OpenAI's API, or that of Text Embeddings Inference.

The path of the address tells which of the two is spoken: `/v1/embeddings` or `/embed`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import aiohttp
from yarl import URL

from bot import json_input
from bot.engine.faults import without_secrets
from bot.errors import EngineError

# Somebody waits for a reply; it is better off with the facts that words find.
_SECONDS = 3.0

# Text Embeddings Inference takes no more at a time unless told otherwise.
_BATCH = 32


class EmbeddingServer:
    """The client; `model` is named to servers that have several."""

    def __init__(self, url: str, model: str | None = None) -> None:
        found = URL(url)
        if found.path.rstrip("/").endswith("/v1"):
            found = found / "embeddings"
        self._plain = found.path.rstrip("/").endswith("/embed")
        self._url = found
        self._shown = without_secrets(url)
        self._model = model or "default"
        self._session: aiohttp.ClientSession | None = None

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """One vector for each text; an `EngineError` if there are none in time."""
        vectors: list[list[float]] = []
        for start in range(0, len(texts), _BATCH):
            vectors += await self._batch(texts[start : start + _BATCH])
        return vectors

    async def aclose(self) -> None:
        """Give back connections."""
        if self._session is not None:
            await self._session.close()

    async def _batch(self, texts: Sequence[str]) -> list[list[float]]:
        body: dict[str, Any] = (
            {"inputs": list(texts), "truncate": True}
            if self._plain
            else {"input": list(texts), "model": self._model}
        )
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=_SECONDS)
            self._session = aiohttp.ClientSession(timeout=timeout)
        try:
            async with self._session.post(self._url, json=body) as answer:
                if answer.status != 200:
                    raise EngineError(detail=f"{self._shown} answers {answer.status}")
                return _vectors(await answer.json(loads=json_input.loads), len(texts))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            what = f"{type(error).__name__}: {error}"
            raise EngineError(detail=f"{self._shown}: {what}") from error


def _vectors(answer: object, count: int) -> list[list[float]]:
    """The vectors of either kind of answer; anything else is a `ValueError`."""
    try:
        if isinstance(answer, dict):
            items = cast("dict[str, Any]", answer)["data"]
            answer = [one["embedding"] for one in sorted(items, key=lambda one: one["index"])]
        vectors = [[float(part) for part in vector] for vector in cast("list[Any]", answer)]
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"no embeddings in the answer ({error})") from error
    if len(vectors) != count or not all(vectors):
        raise ValueError(f"{len(vectors)} embeddings for {count} texts")
    return vectors

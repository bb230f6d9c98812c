"""Answers kept for a while: bounded in number and size, the longest unused go first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from bot.net.response import Response

_MOST = 256
_MOST_BYTES = 16 * 2**20


class Cache:
    """Times are the event loop's; each answer says how long it may be used when it is put in."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[float, Response]] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable, now: float) -> Response | None:
        """The answer, unless it is too old."""
        until, response = self._kept.get(key, (now, None))
        if response is None:
            return None
        if until <= now:
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return response

    def put(self, key: Hashable, response: Response, until: float) -> None:
        """Keep an answer, at the expense of those that were unused for longest."""
        if key in self._kept:
            self._drop(key)
        self._kept[key] = (until, response)
        self._bytes += len(response.body)
        while len(self._kept) > _MOST or self._bytes > _MOST_BYTES:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Hashable) -> None:
        _, response = self._kept.pop(key)
        self._bytes -= len(response.body)

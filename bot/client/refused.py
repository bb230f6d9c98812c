"""What Discord refuses is remembered, so that it is not asked again and again.

Discord shuts out an address for an hour, and all bots behind it, that makes 10,000 invalid requests
in ten minutes: those answered by 401, 403 or 429, but for a 429 whose limit others share
(https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans).
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import discord
from discord.http import Route

log = logging.getLogger(__name__)

_WINDOW = 600.0
# Some are left for what goes on all the same. Fewer would silence a bot that is only slowed down.
_MOST = 8_000

_INVALID = (401, 403, 429)
_SHARED = "shared"

# Missing access and missing permissions.
_CLOSED = (50001, 50013)
_MESSAGES = "/channels/{channel_id}/messages"
# What needs a permission of its own, which says nothing about words.
_MORE_THAN_WORDS = ("poll", "sticker_ids")

# How many refusals count, for how long, unless something is changed there before, and of how many
# channels they are remembered.
_IN_A_ROW = 2
_CLOSED_FOR = 60.0
_REMEMBERED = 5_000

# The connection to the gateway, and what is asked for once.
_ALWAYS = ("/gateway", "/applications", "/oauth2")


class InvalidRequests:
    """Counts the invalid requests of this process; with 8,000 in ten minutes no more are made."""

    def __init__(self) -> None:
        self._at: deque[float] = deque(maxlen=_MOST)
        self._told = 0.0

    def note(self, status: int, headers: Mapping[str, str]) -> None:
        """A request was answered."""
        if status in _INVALID and headers.get("X-RateLimit-Scope") != _SHARED:
            self._at.append(time.monotonic())

    def pause(self) -> float:
        """For how many seconds nothing is to be asked of Discord any more; 0 as a rule."""
        if len(self._at) != self._at.maxlen:
            return 0.0
        return max(0.0, self._at[0] + _WINDOW - time.monotonic())

    def check(self, route: Route) -> None:
        """Raise `RateLimited` while there were too many, unless the connection needs the answer."""
        if route.path.startswith(_ALWAYS) or not (pause := self.pause()):
            return
        now = time.monotonic()
        if now - self._told > _WINDOW:
            self._told = now
            log.error(
                "Discord has refused %d requests within ten minutes. It shuts out who goes on, so "
                "I am silent for %.0f s. What was refused: hermes_discord_requests_total.",
                len(self._at),
                pause,
            )
        raise discord.RateLimited(pause)


class ClosedChannels:
    """Remembers the channels in which Discord refuses whatever the bot says, for a minute.

    One refusal may be a slip: two in a row count, or that Discord was asked (`shut`).
    """

    def __init__(self) -> None:
        self._refusals: OrderedDict[int, deque[float]] = OrderedDict()

    def covers(self, channel: int) -> bool:
        """Whether Discord has refused messages there lately, and none was taken since."""
        refusals = self._refusals.get(channel, ())
        return len(refusals) == _IN_A_ROW and refusals[0] + _CLOSED_FOR > time.monotonic()

    @property
    def known(self) -> Sequence[int]:
        """All that are remembered."""
        return tuple(self._refusals)

    def forget(self, channels: Iterable[int]) -> None:
        """Something was changed that may have opened them again."""
        for channel in channels:
            self._refusals.pop(channel, None)

    def shut(self, channel: int) -> None:
        """Discord was asked, and says that nothing can be written there."""
        for _ in range(_IN_A_ROW):
            self._refused(channel)

    def learn(self, route: Route, options: Mapping[str, Any], error: Exception | None) -> None:
        """A request to Discord has ended, well if there is no `error`."""
        if (route.method, route.path) != ("POST", _MESSAGES) or route.channel_id is None:
            return
        channel = int(route.channel_id)
        if error is None:
            self._refusals.pop(channel, None)
        elif _is_closed(error) and _is_words(options):
            self._refused(channel)

    def _refused(self, channel: int) -> None:
        refusals = self._refusals.setdefault(channel, deque(maxlen=_IN_A_ROW))
        refusals.append(time.monotonic())
        self._refusals.move_to_end(channel)
        if len(self._refusals) > _REMEMBERED:
            self._refusals.popitem(last=False)


def _is_closed(error: Exception) -> bool:
    return isinstance(error, discord.Forbidden) and error.code in _CLOSED


def _is_words(options: Mapping[str, Any]) -> bool:
    body: Mapping[str, Any] = options.get("json") or {}
    return not options.get("files") and not any(body.get(name) for name in _MORE_THAN_WORDS)

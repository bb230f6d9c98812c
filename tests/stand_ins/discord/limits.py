"""Discord's rate limits: buckets per route and channel, and the global limit of a bot."""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Limit:
    """`count` requests in `per` seconds for each value of the pattern's first group."""

    name: str
    method: str
    pattern: str
    count: int
    per: float


# Measured on Discord by the community (field.md); a bot learns them from the headers only.
DISCORD_LIMITS = (
    Limit("message-create", "POST", r"/channels/(\d+)/messages", 5, 5.0),
    Limit("message-edit", "PATCH", r"/channels/(\d+)/messages/\d+", 5, 5.0),
    Limit("message-delete", "DELETE", r"/channels/(\d+)/messages/\d+", 5, 1.0),
    Limit("typing", "POST", r"/channels/(\d+)/typing", 5, 5.0),
    Limit("history", "GET", r"/channels/(\d+)/messages(?:/\d+)?", 5, 5.0),
    Limit("webhook", "*", r"/webhooks/\d+/([^/]+)(?:/.*)?", 5, 2.0),
)


@dataclass
class Window:
    """A fixed window that opens with its first request."""

    count: int
    per: float
    opened: float = 0.0
    used: int = 0

    def take(self, now: float) -> float:
        """Take one request; return 0.0, or the seconds until the window opens again."""
        if now - self.opened >= self.per:
            self.opened, self.used = now, 0
        if self.used >= self.count:
            return self.opened + self.per - now
        self.used += 1
        return 0.0


@dataclass(frozen=True)
class Verdict:
    """May the request pass, and which headers does its answer carry?"""

    wait: float
    headers: dict[str, str]
    is_global: bool = False


@dataclass
class RateLimits:
    """All limits of one bot."""

    limits: tuple[Limit, ...] = DISCORD_LIMITS
    per_second: int | None = None
    hits: int = 0
    global_hits: int = 0
    _windows: dict[tuple[str, str], Window] = field(default_factory=dict)
    _global: Window | None = None

    def check(self, method: str, path: str) -> Verdict:
        """Count a request against the global limit and its bucket."""
        now = time.monotonic()
        if self.per_second is not None and not path.startswith(("/interactions/", "/webhooks/")):
            if self._global is None:
                self._global = Window(self.per_second, 1.0)
            wait = self._global.take(now)
            if wait:
                self.global_hits += 1
                return Verdict(wait, _refusal(wait, "global"), is_global=True)
        for limit in self.limits:
            match = limit.method in (method, "*") and re.fullmatch(limit.pattern, path)
            if match:
                return self._bucket(limit, match[1], now)
        return Verdict(0.0, {})

    def _bucket(self, limit: Limit, key: str, now: float) -> Verdict:
        window = self._windows.setdefault((limit.name, key), Window(limit.count, limit.per))
        wait = window.take(now)
        reset = window.opened + window.per - now
        headers = {
            "X-RateLimit-Limit": str(limit.count),
            "X-RateLimit-Remaining": str(limit.count - window.used),
            "X-RateLimit-Reset": f"{time.time() + reset:.3f}",
            "X-RateLimit-Reset-After": f"{reset:.3f}",
            "X-RateLimit-Bucket": hashlib.blake2b(limit.name.encode(), digest_size=12).hexdigest(),
        }
        if wait:
            self.hits += 1
            headers |= _refusal(wait, "user")
        return Verdict(wait, headers)


def _refusal(wait: float, scope: str) -> dict[str, str]:
    # Without Via, discord.py takes a 429 for a ban by Cloudflare and gives up.
    headers = {"Retry-After": f"{wait:.3f}", "X-RateLimit-Scope": scope, "Via": "1.1 google"}
    return headers | ({"X-RateLimit-Global": "true"} if scope == "global" else {})

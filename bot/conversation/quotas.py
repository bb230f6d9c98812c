"""Quotas: how many replies, tokens and tool calls somebody may have in an hour. Pure.

Hours are those of the clock (UTC), so that all processes agree on when one begins without asking
each other. Tokens are those that the model has written, its thoughts and its calls of tools
included: they take most of an engine's time, while what it reads is mostly in its cache, and is
what the conversation has become, not what one person asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from bot.conversation.fair_order import Asker
from bot.language import Text, later

Kind = Literal["replies", "tokens", "calls"]

HOUR = 3_600

Share = Literal["everywhere", "here", "server"]
"""What a quota is for: one person wherever they ask, one person in a server, a whole server."""

Allowed = tuple[int, int]
"""For one person, and for a whole server; 0 is no limit."""

OwnLimits = Callable[[Kind, Asker], Allowed]
"""What a server allows one person, and itself."""


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `most` of something in an hour, counted under the name `owner`."""

    kind: Kind
    share: Share
    owner: str
    most: int


@dataclass(frozen=True, slots=True)
class Used:
    """A quota, and what was used of it in this hour."""

    quota: Quota
    used: int

    @property
    def up(self) -> bool:
        """Whether nothing is left of it."""
        return self.used >= self.quota.most


def quotas(kind: Kind, asker: Asker, operator: Allowed, own: Allowed) -> Iterator[Quota]:
    """What limits somebody: the operator's and their server's own, of which the lower one holds."""
    per_user, per_server = operator
    if per_user and asker.person:
        yield Quota(kind, "everywhere", f"user:{asker.person}", per_user)
    if not asker.server:
        return
    person, whole = own
    if person and asker.person:
        yield Quota(kind, "here", f"server:{asker.server}:user:{asker.person}", person)
    if limits := [most for most in (per_server, whole) if most]:
        yield Quota(kind, "server", f"server:{asker.server}", min(limits))


def next_hour(now: float) -> int:
    """When quotas begin anew, as Unix time."""
    return (int(now) // HOUR + 1) * HOUR


def refusal(quota: Quota, now: float) -> Text:
    """What somebody is told who has used up a quota."""
    n, when = quota.most, f"<t:{next_hour(now)}:R>"
    match quota.kind, quota.share:
        case "replies", "server":
            return later(
                "This server has used its {n:,} reply of this hour; the next is possible {when}.",
                "This server has used its {n:,} replies of this hour; the next is possible {when}.",
                n=n,
                when=when,
            )
        case "replies", _:
            return later(
                "You have used your {n:,} reply of this hour; the next is possible {when}.",
                "You have used your {n:,} replies of this hour; the next is possible {when}.",
                n=n,
                when=when,
            )
        case "tokens", "server":
            return later(
                "I have written as much for this server as I may in an hour ({n:,} token); the "
                "next reply is possible {when}.",
                "I have written as much for this server as I may in an hour ({n:,} tokens); the "
                "next reply is possible {when}.",
                n=n,
                when=when,
            )
        case "tokens", _:
            return later(
                "I have written as much for you as I may in an hour ({n:,} token); the next reply "
                "is possible {when}.",
                "I have written as much for you as I may in an hour ({n:,} tokens); the next reply "
                "is possible {when}.",
                n=n,
                when=when,
            )
        case "calls", "server":
            return later(
                "This server has used its {n:,} tool call of this hour, so I answer without; the "
                "next is possible {when}.",
                "This server has used its {n:,} tool calls of this hour, so I answer without; the "
                "next is possible {when}.",
                n=n,
                when=when,
            )
        case _:
            return later(
                "You have used your {n:,} tool call of this hour, so I answer without; the next is "
                "possible {when}.",
                "You have used your {n:,} tool calls of this hour, so I answer without; the next "
                "is possible {when}.",
                n=n,
                when=when,
            )

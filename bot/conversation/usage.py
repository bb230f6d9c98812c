"""What a reply adds to the figures of its server."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from bot.conversation.ports import End
from bot.conversation.reply import Reply
from bot.conversation.statistics import BOUNDS, HOUR, Use


def use_of(reply: Reply, ends: Iterable[End], server: str) -> Use | None:
    """What a reply adds; None where there is no server, and for what is withdrawn."""
    if not server or reply.outcome in ("withdrawn", "abandoned"):
        return None
    ends = tuple(ends)
    counts = {
        "replies": 1,
        reply.outcome: 1,
        "prompt": sum(end.prompt_tokens or 0 for end in ends),
        "generated": sum(end.generated_tokens for end in ends),
    }
    if reply.outcome == "done":
        counts["milliseconds"] = round((reply.ended_at - reply.asked_at) * 1_000)
    if reply.first_text_at:
        place = bisect_left(BOUNDS, reply.first_text_at - reply.asked_at)
        counts[f"first{place}"] = 1
    return Use(server, int(reply.begun_at) // HOUR, tuple(reply.askers), counts)

"""What the operator and servers want of the answers that are written. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.conversation.ports import Sampling


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a place wants of its answers, in place of what holds for all.

    `sampling` is by name, as `bot.sampling` reads it. `reply_tokens` is the longest answer, None
    if it may be as long as anywhere. `thinks`: the model thinks first, if it knows how.
    """

    sampling: Mapping[str, float] = field(default_factory=dict[str, float])
    reply_tokens: int | None = None
    thinks: bool = False


NO_WISHES = Wishes()


def sampled(given: Sampling, wanted: Mapping[str, float]) -> Sampling:
    """A sampling with what somebody has set by name."""
    whole = {"top_k": int(wanted["top_k"])} if "top_k" in wanted else {}
    return replace(given, **{**wanted, **whole})

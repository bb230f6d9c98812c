"""How long an engine may take, and how often it is asked."""

from __future__ import annotations

from dataclasses import dataclass

REFUSAL_SECONDS = 2.0
"""How long the words of a refusal may take: without them it is told all the same."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Patience with an engine; all times are seconds.

    `connect` is for the TCP (and TLS) handshake, `first_token` for queueing plus reading the
    prompt, `silence` for the pause between two tokens, `total` for one whole answer, `question`
    for small requests such as "what do you serve". A busy or unreachable engine is asked
    `attempts` times, waiting about `backoff`, then twice that, and so on, for at most `patience`.
    One that says when it wants to be asked again is asked then, for as long as `first_token`.
    """

    connect: float = 5.0
    first_token: float = 120.0
    silence: float = 60.0
    total: float = 600.0
    question: float = 10.0
    attempts: int = 3
    backoff: float = 0.6
    patience: float = 4.0

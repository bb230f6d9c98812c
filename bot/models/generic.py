"""What is assumed of a model that no profile describes: plain ChatML."""

from __future__ import annotations

from bot.models.hermes_2 import CARD_SAMPLING, LLAMA_3_STOP
from bot.models.profile import Profile

GENERIC = Profile(
    name="generic-chatml",
    matches=(),
    format="chatml",
    context=4096,
    stop=LLAMA_3_STOP,
    persona="You are a helpful assistant.",
    sampling=CARD_SAMPLING,
    note="This model has no profile: it is spoken to in plain ChatML.",
)

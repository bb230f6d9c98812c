"""What is assumed of a model that no profile describes: plain ChatML."""

from __future__ import annotations

from bot.language import later
from bot.models.hermes_2 import CARD_SAMPLING
from bot.models.llama_3 import CHATML_STOP
from bot.models.profile import Profile
from bot.prompts.chatml import CHATML

GENERIC = Profile(
    name="generic-chatml",
    matches=(),
    format=CHATML,
    context=4096,
    stop=CHATML_STOP,
    persona="You are a helpful assistant.",
    sampling=CARD_SAMPLING,
    note=later("This model has no profile: it is spoken to in plain ChatML."),
)

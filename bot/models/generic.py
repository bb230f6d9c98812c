"""What is assumed of a model that no profile describes: plain ChatML.

The others are for `MODEL`: whoever knows that a model speaks another format says so.
"""

from __future__ import annotations

from dataclasses import replace

from bot.language import later
from bot.models.hermes_2 import CARD_SAMPLING
from bot.models.llama_3 import CHATML_STOP
from bot.models.profile import Profile
from bot.prompts.alpaca import ALPACA
from bot.prompts.chatml import CHATML
from bot.prompts.format import Format
from bot.prompts.llama3 import LLAMA3
from bot.prompts.vicuna import VICUNA
from bot.prompts.zephyr import ZEPHYR

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


def _in(form: Format) -> Profile:
    return replace(
        GENERIC,
        name=f"generic-{form.name}",
        format=form,
        stop=form.stop,
        note=later("This model has no profile: MODEL says which format it is spoken to in."),
    )


GENERIC_LLAMA3, GENERIC_ALPACA = _in(LLAMA3), _in(ALPACA)
GENERIC_VICUNA, GENERIC_ZEPHYR = _in(VICUNA), _in(ZEPHYR)

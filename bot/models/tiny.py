"""Hermes Tiny, the model that comes with the bot (see docs/tiny-model.md)."""

from __future__ import annotations

from bot.conversation.ports import Sampling
from bot.language import later
from bot.models.profile import Profile, Tokens
from bot.prompts.chatml import CHATML

PERSONA = (
    "You are Hermes Tiny, a very small language model that runs inside this bot. You are "
    "friendly, brief and honest about how little you know."
)

TINY = Profile(
    name="Hermes-Tiny",
    matches=("hermes-tiny",),
    format=CHATML,
    context=4096,
    stop=("<|im_end|>", "<|im_start|>"),
    persona=PERSONA,
    sampling=Sampling(temperature=0.0),
    tools="tool_use",
    json_mode=True,
    summaries=False,
    # Its token ids are its own and may change with every training.
    tokens=Tokens("<|begin_of_text|>", template_writes_bos=True, eos="<|im_end|>"),
    note=later("The bundled model is tiny: it shows that everything works, it does not know much."),
)

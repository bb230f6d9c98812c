"""Nous Hermes on Llama 2: Alpaca, no system prompt, no tools.

The card gives the format and the context, and neither a persona nor sampling: the persona is
ours, the sampling that of the Hermes 2 cards. The 7B model was trained on the same data.
"""

from __future__ import annotations

from dataclasses import replace

from bot.language import later
from bot.models.hermes_2 import CARD_SAMPLING
from bot.models.profile import Profile, Quantised, Tokens
from bot.prompts.alpaca import ALPACA

PERSONA = (
    "You are Hermes, a friendly and knowledgeable assistant made by Nous Research. Below are "
    "messages of a conversation. Write the response that fits the last one."
)


def _matches(size: str) -> tuple[str, ...]:
    return (
        f"nous-hermes-llama2-{size}",
        f"nous-hermes-llama-2-{size}",
        f"nous-hermes-{size}-llama2",
    )


NOUS_HERMES_LLAMA2_13B = Profile(
    name="Nous-Hermes-Llama2-13b",
    # The quantised copies do not name the size in their repository, only in their files.
    matches=(
        *_matches("13b"),
        *(f"nous-hermes-llama2-{kind}" for kind in ("gguf", "ggml", "gptq")),
    ),
    format=ALPACA,
    context=4096,
    stop=ALPACA.stop,
    persona=PERSONA,
    sampling=CARD_SAMPLING,
    tokens=Tokens("<s>", 1, eos="</s>", eos_ids=(2,)),
    parameters=13.0e9,
    # Forty layers of forty heads: this generation does not share keys and values among heads.
    kv_bytes=2 * 40 * 40 * 128 * 2,
    repository="NousResearch/Nous-Hermes-Llama2-13b",
    quantised=(
        Quantised("gguf", "TheBloke/Nous-Hermes-Llama2-GGUF", "nous-hermes-llama2-13b.Q4_K_M.gguf"),
        Quantised("gptq", "TheBloke/Nous-Hermes-Llama2-GPTQ"),
    ),
    note=later("It was trained on neither tools nor JSON, and remembers 4,096 tokens."),
)

NOUS_HERMES_LLAMA2_7B = replace(
    NOUS_HERMES_LLAMA2_13B,
    name="Nous-Hermes-llama-2-7b",
    matches=_matches("7b"),
    parameters=6.74e9,
    kv_bytes=2 * 32 * 32 * 128 * 2,
    repository="NousResearch/Nous-Hermes-llama-2-7b",
    quantised=(),
)

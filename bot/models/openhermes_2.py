"""OpenHermes 2 on Mistral 7B; 2.5 is spoken to in the same way.

The card gives no sampling: what the Hermes 2 cards say is used. The base takes 32,768 tokens with
a sliding window of 4,096, but the fine-tuning was done at 8,192.
"""

from __future__ import annotations

from bot.models.hermes_2 import CARD_SAMPLING, PERSONA
from bot.models.profile import Profile, Quantised, Tokens
from bot.prompts.chatml import CHATML

OPENHERMES_2_MISTRAL_7B = Profile(
    name="OpenHermes-2-Mistral-7B",
    matches=(
        "openhermes-2-mistral-7b",
        "openhermes-2-5-mistral-7b",
        "openhermes2-mistral-7b",
        "openhermes-7b-mistral",
    ),
    format=CHATML,
    context=8192,
    stop=(*CHATML.stop, "</s>"),
    persona=PERSONA,
    sampling=CARD_SAMPLING,
    # 32000 is <|im_end|>, 2 is the base's </s>. The template writes no BOS.
    tokens=Tokens("<s>", 1, eos="<|im_end|>", eos_ids=(32000, 2)),
    parameters=7.24e9,
    kv_bytes=2 * 32 * 8 * 128 * 2,
    repository="teknium/OpenHermes-2-Mistral-7B",
    quantised=(
        Quantised("gguf", "TheBloke/OpenHermes-2-Mistral-7B-GGUF"),
        Quantised("awq", "TheBloke/OpenHermes-2-Mistral-7B-AWQ"),
        Quantised("gptq", "TheBloke/OpenHermes-2-Mistral-7B-GPTQ"),
    ),
)

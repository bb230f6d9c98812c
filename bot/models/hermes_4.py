"""Hermes 4: models that may think before they answer, inside of <think> tags.

From the cards: the format (Llama 3 headers for 70B and 405B; ChatML for 14B, which is built on
Qwen 3), sampling, and the assistant that their example begins with. Tools are said to be called as
in the Hermes models before; the text that offers them is the one of Hermes 3.
"""

from __future__ import annotations

from bot.conversation.ports import Sampling
from bot.language import later
from bot.models.llama_3 import END_OF_TEXT, EOM, EOT, KV_70B, KV_405B, tokens
from bot.models.profile import Profile, Quantised, Tokens
from bot.prompts.chatml import CHATML
from bot.prompts.llama3 import LLAMA3

PERSONA = (
    "You are Hermes 4, a capable, neutrally-aligned assistant. Prefer concise, correct answers."
)

# Model cards, "Inference Notes".
CARD_SAMPLING = Sampling(temperature=0.6, top_p=0.95, top_k=20)

THINK = ("<think>", "</think>")

# Model cards, "Prompt Format for Hermes 4": the system text of its training.
THINKING = (
    "You are a deep thinking AI, you may use extremely long chains of thought to deeply consider "
    "the problem and deliberate with yourself via systematic reasoning processes to help come to a "
    "correct solution prior to answering. You should enclose your thoughts and internal monologue "
    "inside <think> </think> tags, and then provide your solution or response to the problem."
)

_NOTE = later(
    "It thinks before it answers if its system prompt says so; what it thinks is not shown."
)

HERMES_4_14B = Profile(
    name="Hermes-4-14B",
    matches=("hermes-4-14b", "hermes-4-qwen-3-14b", "hermes-4-qwen3-14b", "hermes4-14b"),
    format=CHATML,
    # Qwen 3 14B's own, without stretching.
    context=40_960,
    stop=(*CHATML.stop, "<|endoftext|>"),
    persona=PERSONA,
    sampling=CARD_SAMPLING,
    tools="tool_use",
    json_mode=True,
    # Qwen has no BOS.
    tokens=Tokens(eos="<|im_end|>", eos_ids=(151645, 151643)),
    reasoning=THINK,
    thinking=THINKING,
    parameters=14.8e9,
    kv_bytes=2 * 40 * 8 * 128 * 2,
    repository="NousResearch/Hermes-4-14B",
    quantised=(
        Quantised("fp8", "NousResearch/Hermes-4-14B-FP8"),
        Quantised("gguf", "lmstudio-community/Hermes-4-14B-GGUF"),
    ),
    note=_NOTE,
)


def _on_llama(size: str, parameters: float, kv_bytes: int) -> Profile:
    small = size.lower()
    return Profile(
        name=f"Hermes-4-{size}",
        matches=(f"hermes-4-{small}", f"hermes-4-llama-3-1-{small}", f"hermes4-{small}"),
        format=LLAMA3,
        context=131_072,
        stop=LLAMA3.stop,
        persona=PERSONA,
        sampling=CARD_SAMPLING,
        tools="tool_use",
        json_mode=True,
        tokens=tokens("<|eot_id|>", EOT, END_OF_TEXT, EOM),
        reasoning=THINK,
        thinking=THINKING,
        parameters=parameters,
        kv_bytes=kv_bytes,
        repository=f"NousResearch/Hermes-4-{size}",
        quantised=(
            Quantised("fp8", f"NousResearch/Hermes-4-{size}-FP8"),
            Quantised("gguf", f"lmstudio-community/Hermes-4-{size}-GGUF"),
        ),
        note=_NOTE,
    )


HERMES_4_70B = _on_llama("70B", 70.6e9, KV_70B)
HERMES_4_405B = _on_llama("405B", 406e9, KV_405B)

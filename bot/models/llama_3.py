"""What all models on Llama 3 and 3.1 have in common: tokens and stop strings."""

from __future__ import annotations

from bot.models.profile import Tokens
from bot.prompts.chatml import STOP

# Llama 3 has two more tokens that end a turn; a merged or drifting model may emit them.
CHATML_STOP = (*STOP, "<|eot_id|>", "<|end_of_text|>")

BOS = "<|begin_of_text|>"
BOS_ID = 128000
END_OF_TEXT, EOM, EOT = 128001, 128008, 128009

# Memory of one token of context in 16 bit: 2 (keys, values) x layers x 8 heads x 128 x 2 bytes.
KV_8B = 2 * 32 * 8 * 128 * 2
KV_70B = 2 * 80 * 8 * 128 * 2
KV_405B = 2 * 126 * 8 * 128 * 2
KV_3B = 2 * 28 * 8 * 128 * 2


def tokens(eos: str, *eos_ids: int) -> Tokens:
    """Llama 3's tokens with a model's own end of turn; its templates write BOS as text."""
    return Tokens(BOS, BOS_ID, template_writes_bos=True, eos=eos, eos_ids=eos_ids)

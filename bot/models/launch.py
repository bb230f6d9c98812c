"""What it takes to run a model: memory, and the settings for Text Generation Inference. Pure.

Estimates from weights and keys and values alone, with room left for activations and CUDA. Nothing
here is measured but the rule itself, which gives what TGI's documentation reports for an 8B model
on 24 GB (about 30,000 tokens of context).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.models.profile import Profile

GIB = 2**30

# Of a GPU's memory TGI can plan with this share, less what CUDA and activations take.
_USABLE = 0.9
_OVERHEAD = 1.5 * GIB

# Bytes for each weight: 16 bit; 8 bit with its scales; bitsandbytes' NF4 with what stays larger.
_FULL, _EIGHT, _FOUR = 2.0, 1.05, 0.6

# The usual Q4_K_M of llama.cpp: 4.85 bits.
_Q4 = 0.61

# A context to be comfortable with, the least that is worth starting for, and the most that is
# suggested unasked.
_COMFORTABLE = 8192
_LEAST = 4096
_SUGGESTED = 32_768

# One TGI runs on one machine; the keys and values of these models divide by eight at most.
_SHARDS = (8, 4, 2, 1)

# The embedded engine's context for a real model: two answers of 8,192 tokens.
_EMBEDDED_CONTEXT = 16_384


@dataclass(frozen=True, slots=True)
class Launch:
    """How TGI is started for a model.

    `shards` is the number of GPUs; `quantize` TGI's option of that name, "" for the weights as
    they are in `repository`. `total_tokens` is prompt plus answer; `memory` the bytes of weights.
    """

    repository: str
    shards: int
    quantize: str
    total_tokens: int
    memory: float

    @property
    def arguments(self) -> str:
        """The value of TGI_ARGS in the compose file."""
        parts = [f"--num-shard {self.shards}"] if self.shards > 1 else []
        parts += [f"--quantize {self.quantize}"] if self.quantize else []
        return " ".join([*parts, f"--max-total-tokens {self.total_tokens}"])

    @property
    def settings(self) -> str:
        """The lines for `.env`."""
        return f"TGI_MODEL_ID={self.repository}\nTGI_ARGS={self.arguments}"


def launch(
    profile: Profile, memory: float, gpus: int = 1, *, context: int = _SUGGESTED
) -> Launch | None:
    """The best way to start `profile` on `gpus` GPUs with `memory` GiB each; None: it cannot.

    The largest weights that leave comfortable room for a conversation win. `context` is the most
    tokens that are asked for; what the model was trained with is never passed.
    """
    if not profile.parameters or not profile.kv_bytes:
        return None
    shards = next((n for n in _SHARDS if n <= gpus), 0)
    room = shards * (memory * GIB * _USABLE - _OVERHEAD)
    found = [
        Launch(repository, shards, quantize, _tokens(profile, room, weights, context), weights)
        for repository, quantize, weights in _ways(profile, shards)
    ]
    for enough in (_COMFORTABLE, _LEAST):
        for start in found:
            if start.total_tokens >= min(enough, profile.context, context):
                return start
    return None


def launch_on(profile: Profile, gpus: Sequence[float]) -> Launch | None:
    """The best way to start `profile` on these GPUs, given by their GiB; None: it cannot."""
    # GPUs of different sizes share the work evenly: the smallest counts.
    return launch(profile, min(gpus, default=0), len(gpus))


def fits_in_ram(profile: Profile, memory: float) -> bool:
    """Whether llama.cpp can serve the model's 4-bit GGUF from `memory` GiB of main memory."""
    return bool(profile.parameters) and ram(profile) <= memory * GIB


def ram(profile: Profile) -> float:
    """Bytes that llama.cpp takes for the 4-bit GGUF, with the context of the embedded engine."""
    context = min(2 * profile.context, _EMBEDDED_CONTEXT)
    return profile.parameters * _Q4 + context * profile.kv_bytes + GIB


def _tokens(profile: Profile, room: float, weights: float, context: int) -> int:
    """How much context goes beside the weights, in whole thousands."""
    tokens = int((room - weights) / profile.kv_bytes)
    tokens = min(tokens - tokens % 1024, profile.context, context)
    return max(tokens, 0)


def _ways(profile: Profile, shards: int) -> Iterator[tuple[str, str, float]]:
    """Repository, option and bytes of the weights, the largest first."""
    size = profile.parameters
    yield profile.repository, "", size * _FULL
    # Weights in FP8 say so themselves.
    ready = next((copy.repository for copy in profile.quantised if copy.kind == "fp8"), "")
    yield ready or profile.repository, "" if ready else "eetq", size * _EIGHT
    if shards == 1:
        yield profile.repository, "bitsandbytes-nf4", size * _FOUR

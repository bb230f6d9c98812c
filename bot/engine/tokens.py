"""What all engines' tokens have in common: BOS at the start, an end marker at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# Texts of the tokens that end a turn. They come through as text and are never shown; other
# special tokens, such as <tool_call>, are part of the answer.
END_MARKERS = frozenset(
    ("<|im_end|>", "<|end_of_text|>", "<|eot_id|>", "<|eom_id|>", "</s>", "<|endoftext|>")
)

_BOS = ("<|begin_of_text|>", "<s>")


def plain_prompt(prompt: str) -> str:
    """The prompt as it may go over the wire.

    Engines add BOS themselves, and two of them spoil the answer; a lone surrogate cannot be
    encoded.
    """
    for bos in _BOS:
        prompt = prompt.removeprefix(bos)
    return prompt.encode("utf-8", "replace").decode("utf-8")


def count_without_bos(tokens: Sequence[dict[str, Any]]) -> int:
    """How many tokens TGI's /tokenize lists, without the BOS that it adds in front."""
    first = tokens[0] if tokens else {}
    bos = bool(first) and first.get("start", 0) == first.get("stop", 0) == 0
    return len(tokens) - bos

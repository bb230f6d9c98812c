"""The Llama 3 format with role headers, which Hermes 4 70B and 405B were trained on.

Their cards, "Prompt Format": "Hermes 4 uses Llama-3-Chat format with role headers and special
tags" (huggingface.co/NousResearch/Hermes-4-405B-FP8). The card's example breaks lines after
`<|eot_id|>` and closes a user's turn with `<|im_end|>`; Llama 3's own format, which it names, has
neither (llama.com/docs, "Llama 3 model card and prompt formats"): a blank line after each header
and nothing between turns.
"""

from __future__ import annotations

from bot.prompts.format import Format
from bot.prompts.messages import Message


def write(message: Message) -> str:
    """One closed turn. Results of tools have the role `tool`, as in the other Hermes formats."""
    return f"{_header(message.role)}{message.content}<|eot_id|>"


def _header(role: str) -> str:
    return f"<|start_header_id|>{role}<|end_header_id|>\n\n"


LLAMA3 = Format(
    name="llama3",
    opening=_header("assistant"),
    stop=("<|eot_id|>", "<|start_header_id|>", "<|end_of_text|>", "<|im_end|>"),
    overhead=5,  # a header of four tokens and <|eot_id|>
    write=write,
)

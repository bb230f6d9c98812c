"""The control strings of every format and vocabulary that the profiles know, and texts of them."""

from __future__ import annotations

import re

from hypothesis import strategies as st

TOKENS = (
    # ChatML; Llama 3; Qwen.
    *("<|im_start|>", "<|im_end|>", "<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"),
    *("<|eom_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|python_tag|>"),
    *("<|finetune_right_pad_id|>", "<|reserved_special_token_7|>", "<|endoftext|>"),
    *("<|fim_prefix|>", "<|vision_start|>"),
    # Llama 2 and Mistral.
    *("<s>", "</s>", "<unk>", "<pad>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>"),
    *("[TOOL_CALLS]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]"),
    # Hermes' own; some are single tokens.
    *("<tools>", "</tools>", "<tool_call>", "</tool_call>", "<tool_response>"),
    *("</tool_response>", "<think>", "</think>", "<scratch_pad>", "</scratch_pad>"),
    *("<schema>", "</schema>"),
)
NAMES = ("USER:", "ASSISTANT:")
HEADINGS = ("### Instruction:", "### Input:", "### Response:", "### System:")

CONTROL = re.compile("|".join(map(re.escape, TOKENS)))
# A heading, and one of Vicuna's names, count where a line begins, as the format writes it.
HEADING = re.compile(
    r"^[ \t]*(?:#*### ?(?:Instruction|Input|Response|System):|(?:USER|ASSISTANT):)", re.MULTILINE
)

_PIECES = (
    *("<", "<|", "|>", "im_end", "im_start|>", "</", ">", "/", "[", "]", "#", "##", "###"),
    *(" Response:", " Instruction:", "\n", "\r\n", "\r", " ", "\t", "\u200b", "\u2028", "Ann: "),
    *("<| im_end |>", "<|im_end|", "<|IM_END|>", "< /s>", "</s >", "\x00", "\ud83d", "é"),
)
TEXTS = st.lists(
    st.sampled_from(TOKENS)
    | st.sampled_from((*HEADINGS, *NAMES))
    | st.sampled_from(_PIECES)
    | st.text("a<|>\n#"),
    max_size=8,
).map("".join)

"""Write a model as GGUF, the way llama.cpp reads a Llama with a byte-level BPE."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from gguf import GGUFWriter, TokenType
from tokenizers import Tokenizer

from training.model import Llama
from training.tokens import BOS, CONTROL, END, TAGS

_CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
_TENSORS = {
    "attn_norm": "attn_norm", "q": "attn_q", "k": "attn_k", "v": "attn_v", "o": "attn_output",
    "ffn_norm": "ffn_norm", "gate": "ffn_gate", "up": "ffn_up", "down": "ffn_down",
}  # fmt: skip


def _array(weight: torch.Tensor) -> np.ndarray:
    array = weight.detach().float().numpy()
    return array.astype(np.float16) if array.ndim == 2 else array


def export(model: Llama, tokenizer: Tokenizer, path: Path) -> None:
    """Write `model` and its tokenizer to `path`; matrices as 16-bit floats."""
    shape = model.shape
    writer = GGUFWriter(path, "llama")
    writer.add_name("Hermes-Tiny")
    writer.add_description(
        "A very small model trained from scratch on text of the hermes-discord project."
    )
    writer.add_license("MIT")
    writer.add_file_type(1)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(shape.norm_eps)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_vocab_size(shape.vocab)
    _add_tokenizer(writer, tokenizer)
    writer.add_tensor("token_embd.weight", _array(model.embed.weight))
    writer.add_tensor("output_norm.weight", _array(model.norm.weight))
    for index, layer in enumerate(model.layers):
        for name, stored in _TENSORS.items():
            writer.add_tensor(
                f"blk.{index}.{stored}.weight", _array(layer.get_submodule(name).weight)
            )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tokenizer(writer: GGUFWriter, tokenizer: Tokenizer) -> None:
    vocab = tokenizer.get_vocab(with_added_tokens=True)
    texts = sorted(vocab, key=lambda text: vocab[text])
    kinds = [
        TokenType.CONTROL
        if text in CONTROL
        else TokenType.USER_DEFINED
        if text in TAGS
        else TokenType.NORMAL
        for text in texts
    ]
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("starcoder")
    writer.add_token_list(texts)
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_bos_token_id(vocab[BOS])
    writer.add_eos_token_id(vocab[END])
    writer.add_eot_token_id(vocab[END])
    writer.add_pad_token_id(vocab["<|pad|>"])
    writer.add_add_bos_token(True)
    writer.add_chat_template(_CHAT_TEMPLATE)
